//! For everybody: dark screens, narrow ones, no mouse, no sight.

use crate::mails::text;
use crate::scene::Scene;

/// A page of each kind, of the sample company.
fn pages(scene: &Scene) -> Vec<String> {
    let browser = scene.open_conversation("Crack in frame");
    let conversation = browser.address();
    browser.follow("article footer a[href$='/origin']");
    let origin = browser.address();
    let inbox = scene.open("/").eval("document.querySelector('.side li:last-child a').href");
    let inbox = inbox.as_str().unwrap_or_default().to_owned();
    let rest = ["/", "/web/search?q=lamp", "/web/search?q=nothing+such", "/web/search?q="];
    rest.iter().map(|path| format!("{}{path}", scene.base)).chain([inbox, conversation, origin]).collect()
}

#[test]
fn every_page_is_sound_in_light_and_dark_wide_and_narrow() {
    let scene = Scene::demo();
    let browser = &scene.browser;
    for page in pages(&scene) {
        for is_dark in [false, true] {
            browser.dark(is_dark);
            browser.screen(1280, 800);
            browser.open(&page);
            scene.is_sound();
            let paper =
                browser.eval("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)");
            let light: u64 = paper.as_array().into_iter().flatten().filter_map(serde_json::Value::as_u64).sum();
            assert!(if is_dark { light < 150 } else { light > 600 }, "{page} on {paper}");
            browser.screen(360, 740);
            scene.is_sound();
        }
        browser.eval("document.querySelectorAll('details').forEach(it => it.open = true)");
        scene.is_sound();
    }
}

#[test]
fn wide_mail_and_long_words_make_no_page_wider_than_a_telephone() {
    let long = "x".repeat(3000);
    let wide = "<table width=2000><tr><td width=2000>wide</td></tr></table><img width=3000 alt=y>";
    let scene = Scene::mails(&[
        text(1, "Wide", "html", wide),
        text(2, &format!("Word {long}"), "plain", &long),
        text(3, "Quoted", "plain", &format!("> {long}")),
    ]);
    scene.browser.screen(320, 640);
    for path in ["/", "/web/search?q=x", &format!("/web/search?q={long}")] {
        scene.open(path);
        scene.is_sound();
    }
    for place in 1..=3 {
        scene.open("/").follow(&format!(".conversations li:nth-child({place}) a"));
        scene.is_sound();
    }
}

#[test]
fn the_keyboard_reaches_everything_and_shows_where_it_is() {
    let scene = Scene::demo();
    let browser = scene.open_conversation("Where is my bike? Order 20518");
    browser.eval("document.activeElement.blur()");
    let visible = "(() => { const it = document.activeElement, style = getComputedStyle(it), box = it.getBoundingClientRect(); \
                   return [it.tagName, it.innerText || it.getAttribute('aria-label') || it.title, style.outlineStyle != 'none' && \
                   parseFloat(style.outlineWidth) >= 2, box.width > 0 && box.right > 0]; })()";
    let mut names = Vec::new();
    for _ in 0..30 {
        browser.press("Tab");
        // A frame of its own process hands the focus on when it comes to it; until then nothing has it.
        browser.until("document.activeElement != document.body");
        let seen = browser.eval(visible);
        // What has the focus within a frame is drawn there.
        if seen[0] != "IFRAME" {
            assert!(seen[2] == true && seen[3] == true, "{seen} has the focus and does not show it");
        }
        names.push(seen[1].as_str().unwrap_or_default().to_owned());
    }
    assert_eq!(names[0], "Skip to content");
    for wanted in ["Search subjects, people, text", "Search", "Origin and changes", "Message alone"] {
        assert!(names.iter().any(|name| name == wanted), "{wanted} in {names:?}");
    }
    scene.open("/");
    browser.press("Tab");
    browser.press("Enter");
    browser.until("location.hash == '#main'");
}
