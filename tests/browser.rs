//! The rehearsal's inbox in a real browser. Without Chromium and axe-core these tests fail and say what to install; they are
//! never left out.

mod support;

#[path = "browser/scene.rs"]
mod scene;

use scene::Scene;

#[test]
fn a_conversation_is_two_clicks_from_the_first_page() {
    let scene = Scene::demo();
    let browser = scene.open("/");
    assert!(browser.text("body").contains("Rehearsal"));
    browser.follow("main a[href^='/web/inboxes/']");
    browser.follow("main a[href^='/web/conversations/']");
    assert!(browser.count("article") > 0);
}

#[test]
fn zz_look() {
    let scene = Scene::demo();
    let b = &scene.browser;
    let base = scene.base.clone();
    let dir = std::path::Path::new("/tmp/scratch-inbox/pics");
    b.open(&base);
    let mut pages = vec![("home", base.clone()), ("search", format!("{base}/web/search?q=lamp")), ("inbox", b.eval("document.querySelectorAll('.side a')[2].href").as_str().unwrap().to_owned())];
    for (name, subject) in [("bike", "Where is my bike? Order 20518"), ("recall", "Recall: Élan frames KB8800 to KB8841"), ("crack", "Crack in frame"), ("saddle", "Saddle height on the Grassington 5")] {
        scene.open_conversation(subject);
        pages.push((name, b.address()));
    }
    scene.open_conversation("Crack in frame");
    b.follow("article footer a");
    pages.push(("origin", b.address()));
    for (name, url) in &pages {
        b.dark(false); b.screen(1280, 800);
        b.open(url);
        b.picture(&dir.join(format!("{name}.png")), true);
        println!("{name} {:?} {:?} {}", b.complaints(), b.axe(), b.overflow());
        b.dark(true); b.picture(&dir.join(format!("{name}-dark.png")), true);
        println!("  dark {:?}", b.axe());
        b.screen(390, 800); b.picture(&dir.join(format!("{name}-narrow.png")), true);
        println!("  narrow {}", b.overflow());
    }
}
