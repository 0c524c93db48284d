//! What somebody does who looks whether the rehearsal came out right: open, search, read, fold, download.

use crate::mails::{text, with_files};
use crate::scene::Scene;

/// The words of the attribute or text that all matching elements have.
fn all(scene: &Scene, script: &str) -> Vec<String> {
    let values = scene.browser.eval(script);
    let values = values.as_array().unwrap_or_else(|| panic!("{script}: {values}"));
    values.iter().map(|value| value.as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn inboxes_lead_to_conversations_and_these_to_messages_in_order() {
    let scene = Scene::demo();
    let browser = scene.open("/");
    assert!(browser.text(".banner").contains("nothing here has reached Front"));
    assert_eq!(
        all(&scene, "[...document.querySelectorAll('.side a')].map(a => a.innerText.replace(/\\s+/g, ' '))"),
        ["All inboxes 28", "Billing 2", "Support 26"]
    );
    scene.is_sound();
    browser.follow(".side li:last-child a");
    assert_eq!((browser.text("h1").as_str(), browser.count(".conversations li")), ("Support", 26));
    let days = all(&scene, "[...document.querySelectorAll('.conversations time')].map(t => t.dateTime)");
    assert!(days.is_sorted_by(|one, next| one >= next), "newest first: {days:?}");
    let row = browser.text(".conversations li:first-child").replace('\n', " ");
    for shown in ["Ida Brekke", "Fiona McGarrigle", "Sunday ride", "rides", "archived", "2019-05-20"] {
        assert!(row.contains(shown), "{shown} in {row}");
    }
    scene.is_sound();
    browser.follow(".conversations li:first-child a");
    assert_eq!(browser.text("h1"), "Sunday ride");
    let days = all(&scene, "[...document.querySelectorAll('article time')].map(t => t.dateTime)");
    assert!(days.len() == 2 && days.is_sorted(), "oldest first: {days:?}");
    assert_eq!(browser.count("article.outbound:first-of-type"), 1, "what we sent is told apart");
    assert!(browser.text("article.outbound header").contains("by ida"), "{}", browser.text("article.outbound header"));
    assert!(browser.text("article.inbound").contains("Count me in for Sunday."));
    scene.is_sound();
}

#[test]
fn a_search_finds_subjects_people_and_words_in_messages() {
    let scene = Scene::demo();
    for (words, subject, found) in [
        ("SUNDAY ride", "Sunday ride", None),
        ("mcgarrigle", "Sunday ride", None),
        ("bring the flask", "Sunday ride", Some("bring the flask")),
        ("missed-delivery.pdf", "Where is my bike? Order 20518", Some("missed-delivery.pdf")),
    ] {
        let browser = scene.open("/");
        browser.click("input[type=search]");
        browser.type_text(words);
        browser.press_and_follow("Enter");
        assert_eq!(browser.text(".conversations .subject"), subject, "{words}");
        assert_eq!(browser.count("mark") > 0, found.is_some(), "{words}");
        if let Some(found) = found {
            assert_eq!(browser.text("mark"), found);
        }
        assert!(browser.text(".kept").contains("Looked at subjects and people of 28 conversations"));
    }
    scene.is_sound();
    let browser = scene.open("/web/search?q=no+such+word");
    assert!(browser.text(".summary").contains("Nothing found"));
    scene.is_sound();
}

#[test]
fn a_file_is_downloaded_byte_for_byte_under_its_name() {
    let content: Vec<u8> = (0..=255).cycle().take(40_000).collect();
    let files: [(&str, &str, &[u8]); 2] = [
        ("résumé (2).bin", "application/octet-stream", &content),
        ("page.html", "text/html", b"<script>alert(1)</script>"),
    ];
    let scene = Scene::mails(&[with_files(1, "Files", "<p>two files</p>", &files)]);
    let browser = scene.open_conversation("Files");
    assert_eq!(browser.download(".files li:nth-child(1) a"), ("résumé (2).bin".to_owned(), content.clone()));
    assert_eq!(browser.download(".files li:nth-child(2) a"), ("page.html".to_owned(), files[1].2.to_vec()));
    assert_eq!(browser.text("h1"), "Files", "a download leaves the page where it is");
    scene.is_sound();
}

#[test]
fn quoted_history_is_folded_and_opens_without_script() {
    let old = (0..9).map(|line| format!("> old line {line}\n")).collect::<Vec<_>>().concat();
    let gmail = "<div>New words</div><div class=\"gmail_quote\"><blockquote>old words</blockquote></div>";
    let scene = Scene::mails(&[
        text(1, "Plain", "plain", &format!("New words.\n\nAnn wrote:\n{old}")),
        text(2, "Rich", "html", gmail),
    ]);
    scene.browser.scripts(false);
    let browser = scene.open_conversation("Plain");
    assert!(browser.text("article").contains("New words.") && !browser.text("article").contains("old line 5"));
    assert_eq!(browser.text("summary"), "Quoted history, 9 lines");
    browser.click("summary");
    browser.until("document.querySelector('details').open");
    assert!(browser.text("article").contains("old line 5"));

    let browser = scene.open_conversation("Rich");
    let seen = "[document.body.innerText.includes('old words'), document.body.textContent.includes('old words')]";
    assert_eq!(browser.in_frames(seen), [serde_json::json!([false, true])]);
    // The frame has no script to help: the click goes where the reader's would.
    let place = browser.in_frames("(() => { const box = document.querySelector('summary').getBoundingClientRect(); return [box.x + 9, box.y + 9]; })()");
    browser.click_within("iframe", &place[0]);
    assert_eq!(browser.in_frames("document.querySelector('details').open"), [true]);
    // What looks for trouble is a script.
    browser.scripts(true);
    scene.is_sound();
}

#[test]
fn pictures_of_a_mail_stand_in_their_places() {
    let scene = Scene::demo();
    let browser = scene.open_conversation("Crack in frame");
    browser.quiet();
    let widths: Vec<_> = browser.in_frames("[...document.images].map(it => it.naturalWidth)");
    assert!(widths.contains(&serde_json::json!([32])), "{widths:?}");
    scene.is_sound();
}

#[test]
fn everything_can_be_read_without_script() {
    let scene = Scene::demo();
    scene.browser.scripts(false);
    let browser = scene.open("/");
    browser.follow(".side li:last-child a");
    browser.follow(".conversations li:nth-child(5) a");
    assert_eq!((browser.text("h1").as_str(), browser.count("article")), ("Where is my bike? Order 20518", 7));
    let frames = browser.in_frames("document.body.innerText");
    assert!(
        frames.iter().any(|text| text.as_str().is_some_and(|text| text.contains("Stay in on Friday."))),
        "{frames:?}"
    );
    browser.click("input[type=search]");
    browser.type_text("pallet between Leeds");
    browser.click("form button");
    browser.until("!!document.querySelector('mark')");
    assert_eq!(browser.text(".conversations .subject"), "Where is my bike? Order 20518");
}

#[test]
fn long_lists_and_long_conversations_come_in_pages() {
    let mut mails: Vec<Vec<u8>> = (0..60).map(|n| text(n, &format!("No {n}."), "plain", "x")).collect();
    mails.extend((60..120).map(|n| {
        let reply = String::from_utf8_lossy(&text(n, "Long", "plain", &format!("words {n}"))).into_owned();
        reply.replace("Message-ID:", "References: <root@x.example>\nMessage-ID:").into_bytes()
    }));
    let scene = Scene::mails(&mails);
    let browser = scene.open("/");
    browser.follow(".side li:last-child a");
    assert_eq!(browser.count(".conversations li"), 50);
    browser.follow(".pages a[rel=next]");
    assert_eq!(browser.count(".conversations li"), 11);
    assert!(browser.text(".pages").contains("Page 2 of 2"));
    scene.is_sound();
    let browser = scene.open_conversation("Long");
    assert_eq!(browser.count("article"), 50);
    browser.follow(".pages a[rel=next]");
    assert!(browser.text("main").contains("words 119") && browser.count("article") == 10);
    scene.is_sound();
}

#[test]
fn what_was_not_kept_is_said_where_it_is_missed() {
    let mails: Vec<Vec<u8>> = (0..6)
        .map(|n| with_files(n, &format!("No {n}."), "<p>some words</p>", &[("f.bin", "application/pdf", &[7; 4000])]))
        .collect();
    let scene = Scene::switched(&mails, &["--keep", "15 kB"], &[]);
    let said = scene.open("/").text(".kept");
    assert!(said.contains("of at most 15.0 kB") && said.contains("were counted and compared, but not kept"), "{said}");
    let gone: Vec<bool> = (0..6)
        .map(|n| {
            let browser = scene.open_conversation(&format!("No {n}."));
            let is_gone = browser.text("article").contains("was not kept");
            assert_eq!(browser.count(".files a"), u64::from(!is_gone));
            is_gone
        })
        .collect();
    assert!(gone.contains(&true) && gone.contains(&false), "{gone:?}");
    let log = std::fs::read_to_string(scene.workspace.path("rehearsal.log")).unwrap_or_default();
    let count = gone.iter().filter(|gone| **gone).count();
    assert!(log.contains(&format!("NOT KEPT: texts and files of {count} messages")), "{log}");
    assert!(log.contains("Done: every message is in Front and reads as planned."), "{log}");
}
