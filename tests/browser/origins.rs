//! Where a message comes from, and what threadlift changed.

use crate::scene::Scene;
use crate::support::must;

#[test]
fn each_message_leads_to_its_origin_and_to_what_was_changed() {
    let scene = Scene::demo();
    let browser = scene.open_conversation("Crack in frame");
    assert_eq!(browser.count("article footer a[href$='/origin']"), browser.count("article"));
    let external_id = browser.text("article footer code");
    browser.follow("article footer a[href$='/origin']");
    let told = browser.text(".account");
    for words in
        ["samples/mail/support.mbox, byte ", "20180604.101500.771@crane-and-sons.example", "Support", "changes"]
    {
        assert!(told.contains(words), "{words} in {told}");
    }
    assert!(!told.contains("From: ") && browser.eval("document.body.textContent.includes('From: ')") == true, "folded");
    browser.click("details:last-of-type summary");
    browser.until("document.querySelector('details:last-of-type').open");
    assert!(browser.text("details:last-of-type pre").contains("Content-ID: <crack1@crane-and-sons.example>"));
    scene.is_sound();
    browser.follow(".crumbs a");
    assert_eq!(browser.text("h1"), "Crack in frame");

    // In the words of `show`, which reads the same ledger once the rehearsal has let go of it.
    let shown =
        scene.stop_and_run(&["show", "mappings/demo.toml", &external_id, "--ledger", "mappings/demo.ledger-rehearsal"]);
    for line in shown
        .lines()
        .filter(|line| ["source ", "place ", "id ", "thread_ref "].iter().any(|name| line.starts_with(name)))
    {
        let (name, value) = line.split_once(' ').unwrap_or_default();
        assert!(told.contains(name) && told.contains(value.trim()), "{line} in {told}");
    }
}

#[test]
fn a_source_that_changed_meanwhile_is_told_and_nothing_else_breaks() {
    let scene = Scene::mails(&[crate::mails::text(1, "Gone", "plain", "words")]);
    let path = scene.workspace.path("a.mbox");
    let bytes = must(std::fs::read(&path), path.display());
    must(std::fs::write(&path, String::from_utf8_lossy(&bytes).replace("words", "wOrds")), path.display());
    let browser = scene.open_conversation("Gone");
    browser.follow("article footer a[href$='/origin']");
    let told = browser.text(".account");
    assert!(told.contains("the bytes there are not those that were planned") && !told.contains("Original"), "{told}");
    scene.is_sound();
}
