//! The rehearsal's inbox in a real browser. Without Chromium and axe-core these tests fail and say what to install; they are
//! never left out.

mod support;

#[path = "browser/scene.rs"]
mod scene;

use scene::Scene;

#[test]
fn a_conversation_is_two_clicks_from_the_first_page() {
    let scene = Scene::demo();
    let browser = &scene.browser;
    browser.open(scene.front.base_url());
    assert!(browser.text("body").contains("Rehearsal"));
    browser.follow("main a[href^='/web/inboxes/']");
    browser.follow("main a[href^='/web/conversations/']");
    assert_eq!(browser.count("article"), 1);
}
