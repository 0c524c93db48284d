//! `--report` in a real browser. Without Chromium and axe-core these tests fail and say what to install; they are never left
//! out.

mod support;

use serde_json::Value;
use std::fmt::Write as _;
use std::path::PathBuf;
use support::browser::Browser;
use support::mails::mail;
use support::{Workspace, must};

/// The sample company's plan, in a browser.
fn demo() -> (Workspace, Browser) {
    let workspace = Workspace::with_samples();
    let browser = open(&workspace, "mappings/demo.toml", 0, Browser::start());
    (workspace, browser)
}

/// Plans, and opens the report.
#[track_caller]
fn open(workspace: &Workspace, mapping: &str, code: i32, browser: Browser) -> Browser {
    let mut command = workspace.threadlift();
    command.args(["plan", mapping, "--quiet", "--report", "r.html"]).assert().code(code);
    browser.open(&address(workspace));
    browser
}

fn address(workspace: &Workspace) -> String {
    format!("file://{}", workspace.path("r.html").display())
}

/// What has gone wrong, in the console, in reading the page for all people, and on the way to other places: nothing.
#[track_caller]
fn is_sound(browser: &Browser) {
    assert_eq!(browser.complaints(), Vec::<String>::new());
    assert_eq!(browser.overflow(), 0, "the page is wider than the screen");
    let fetched: Vec<String> =
        browser.requests().into_iter().filter(|address| !address.starts_with("data:image/")).collect();
    assert!(fetched.len() == 1 && fetched[0].starts_with("file://"), "{fetched:?}");
    assert_eq!(browser.axe(), Vec::<String>::new());
}

/// A plan of one mailbox and a table, with these mails.
fn of(mails: &[Vec<u8>]) -> Workspace {
    let workspace = Workspace::empty();
    workspace.write("a.mbox", mails.concat());
    let mapping = "version = 1\n[target]\ninbox = \"Support\"\n[ours]\naddresses = [\"bob@y.example\"]\n[[source]]\n\
                   name = \"a\"\nformat = \"mbox\"\npath = \"a.mbox\"\n";
    workspace.write("m.toml", mapping);
    workspace
}

#[test]
fn the_page_is_sound_in_light_and_dark_wide_and_narrow_with_all_of_it_opened() {
    let (workspace, browser) = demo();
    for (is_dark, width) in [(false, 1280), (true, 1280), (false, 390), (true, 390)] {
        browser.screen(width, 800);
        browser.dark(is_dark);
        browser.open(&address(&workspace));
        is_sound(&browser);
        browser.eval("document.querySelectorAll('details').forEach(it => it.open = true)");
        is_sound(&browser);
    }
}

#[test]
fn one_can_go_through_it_by_keyboard() {
    let (_workspace, browser) = demo();
    browser.press("Tab");
    assert_eq!(browser.eval("document.activeElement.innerText"), "Skip to the report");
    browser.press("Enter");
    browser.until("document.activeElement.id == 'main'");
    browser.click("nav a[href='#conversations']");
    browser.until("location.hash == '#conversations'");
    // A conversation opens and closes by a key on its line.
    browser.eval("document.querySelectorAll('.conversation summary')[1].focus()");
    assert_eq!(browser.eval("document.querySelectorAll('.conversation')[1].open"), false);
    browser.press("Enter");
    browser.until("document.querySelectorAll('.conversation')[1].open");
    is_sound(&browser);
}

#[test]
fn charts_stand_as_tables_too_and_say_what_they_show() {
    let (_workspace, browser) = demo();
    assert_eq!(browser.count("figure"), 4);
    assert_eq!(browser.count("figure table"), 4);
    let label = browser.eval("document.querySelector('.chart').getAttribute('aria-label')");
    assert!(label.as_str().is_some_and(|label| label.contains("71 messages into 2 inboxes")), "{label}");
    // One drawing is shown, in the page's own colours.
    let shown = "[...document.querySelectorAll('figure')].map(it => [...it.querySelectorAll('.chart')].filter(it => \
                 it.offsetHeight > 0).length)";
    assert_eq!(browser.eval(shown), serde_json::json!([1, 1, 1, 1]));
    let bar = "getComputedStyle(document.querySelector('.chart [data-series]')).fill";
    let light = browser.eval(bar);
    browser.dark(true);
    assert_ne!(browser.eval(bar), light);
    browser.screen(390, 800);
    assert_eq!(browser.eval(shown), serde_json::json!([1, 1, 1, 1]));
    // Every series is drawn in a colour that the page's style knows.
    let unknown = "[...document.querySelectorAll('.chart [data-series]')].filter(it => \
                   ['rgb(0, 90, 156)', 'rgb(213, 94, 0)'].includes(getComputedStyle(it).fill)).length";
    assert_eq!(browser.eval(unknown), 0, "bars keep the colours of the light page");
}

/// A table of which every row has a wrong date.
fn with_problems(rows: usize) -> Workspace {
    let workspace = of(&[]);
    let mut table = "chat;at;who;text\n".to_owned();
    for row in 0..rows {
        let _ = writeln!(table, "c{row};2020-13-01 10:00:00;ada{row}@x.example;Hello {row}");
    }
    workspace.write("chats.csv", table);
    let source = "[[source]]\nname = \"chats\"\nformat = \"csv\"\npath = \"chats.csv\"\ntimezone = \"UTC\"\n\
                  date = \"%Y-%m-%d %H:%M:%S\"\n\
                  columns = { conversation = \"chat\", time = \"at\", sender = \"who\", text = \"text\" }\n";
    let mapping = "version = 1\n[target]\ninbox = \"Support\"\n[ours]\naddresses = [\"bob@y.example\"]\n";
    workspace.write("m.toml", format!("{mapping}{source}"));
    workspace
}

#[test]
fn ten_thousand_problems_are_searched_while_one_types() {
    let workspace = with_problems(10_050);
    let browser = open(&workspace, "m.toml", 3, Browser::start());
    let found = || browser.text("#found");
    assert_eq!(found(), "10,000 of 10,000 match; the first 100 are shown");
    assert_eq!(browser.count("#problem-list tbody tr"), 100);
    assert!(browser.text("#problems > .note").contains("50 records are not in this list"));
    browser.click("#query");
    browser.type_text("line 77");
    let matching = (2..=10_001).filter(|line: &u32| line.to_string().contains("77")).count();
    browser.until(&format!("document.getElementById('found').innerText.startsWith('{matching} of')"));
    browser.type_text("77");
    browser.until("document.getElementById('found').innerText.startsWith('1 of')");
    assert_eq!(browser.count("#problem-list tbody tr"), 1);
    assert!(browser.text("#problem-list tbody tr").contains("chats.csv, line 7777"));
    browser.eval("query.value = 'NO such thing'; query.dispatchEvent(new Event('input'))");
    assert_eq!(found(), "0 of 10,000 match");
    browser.eval("query.value = ''; query.dispatchEvent(new Event('input'))");
    browser.click("#more");
    assert_eq!(browser.count("#problem-list tbody tr"), 600);
    assert_eq!(browser.eval("document.activeElement.rowIndex"), 101);
    // From the key to the picture on the screen.
    let times = browser.eval(
        "(async () => { const times = []; for (const text of ['1', '12', '123', 'date', '', '4', '45', '456', 'line 45', '']) { const begin = performance.now(); \
         query.value = text; query.dispatchEvent(new Event('input')); document.body.offsetHeight; \
         times.push(Math.round((performance.now() - begin) * 10) / 10); } return times; })()",
    );
    let longest = times.as_array().into_iter().flatten().filter_map(Value::as_f64).fold(0.0, f64::max);
    println!("filtering 10,000 problems took {times} ms");
    // Far more than it takes, far less than anybody would call slow on a machine that does nothing else.
    assert!(longest < 2_000.0, "{times}");
    browser.screen(390, 800);
    is_sound(&browser);
}

#[test]
fn without_scripts_every_problem_can_be_read() {
    let workspace = with_problems(300);
    let browser = Browser::start();
    browser.scripts(false);
    let browser = open(&workspace, "m.toml", 3, browser);
    assert_eq!(browser.count("#problem-list tbody tr"), 300);
    assert_eq!(browser.eval("getComputedStyle(search).display"), "none");
}

#[test]
fn hostile_mail_stays_in_its_box_runs_nothing_and_fetches_nothing() {
    let hostile = [
        "<script>document.title='out'</script>",
        "<img src=x onerror=\"document.title='out'\">",
        "<img src=\"http://t.example/a.png\" width=5000 height=5000>",
        "<svg onload=\"document.title='out'\"><script>document.title='out'</script></svg>",
        "<iframe src=\"javascript:parent.document.title='out'\"></iframe>",
        "<meta http-equiv=refresh content=\"0;url=http://t.example/\"><base href=\"http://t.example/\">",
        "<form action=\"http://t.example/\"><input autofocus onfocus=\"document.title='out'\"><button>Approve</button></form>",
        "<div style=\"position:fixed;inset:0;background:url(http://t.example/b.png);z-index:99\">over all</div>",
        "<style>*{display:none}@import url(http://t.example/c.css);</style>",
        "</div></article></details></section></main><h1>Everything is fine</h1></body></html>",
        "</script><script>document.title='out'</script>\"-->'",
        "<a href=\"http://t.example/d\" target=_top>the invoice</a><a href=\"javascript:document.title='out'\">x</a>",
        "<table width=9000><tr><td style=\"width:9000px\">wide</td></tr></table>",
        "<p style=\"font-size:90px\">shouting</p>",
    ];
    let mails: Vec<Vec<u8>> = hostile
        .iter()
        .enumerate()
        .map(|(at, html)| {
            let head = format!(
                "From: \"</b><script>document.title='out'</script>\" <\"<i>\"@x.example>\nTo: Bob <bob@y.example>\n\
                 Subject: <img src=x onerror=document.title='out'> \u{202e}evil\nDate: Fri, 21 Nov 1997 09:{at:02}:06 +0000\n\
                 Message-ID: <h{at}@x.example>\n{}Content-Type: text/html; charset=utf-8\n",
                if at == 0 { "" } else { "In-Reply-To: <h0@x.example>\n" }
            );
            mail(&head, &format!("\n<p>Before {at}</p>{html}<p>After {at}</p>\n"))
        })
        .collect();
    let workspace = of(&mails);
    let browser = open(&workspace, "m.toml", 0, Browser::start());
    let title = browser.eval("document.title");
    assert!(title.as_str().is_some_and(|title| title.starts_with("Plan of")), "{title}");
    browser.eval("document.querySelectorAll('details').forEach(it => it.open = true)");
    assert_eq!(browser.count("article"), hostile.len() as u64);
    assert_eq!(browser.count("h1"), 1 + 1, "the page's own title, and one inside of a mail");
    assert_eq!(browser.count("h1:not(.paper h1)"), 1);
    assert_eq!(browser.count("main > section"), 8);
    assert_eq!(
        browser.count("a:not([href^='#'])[href], iframe, form form, .paper form, .paper input, .paper script"),
        0
    );
    assert_eq!(browser.count(".paper:not(article .paper)"), 0);
    for at in 0..hostile.len() {
        let text = browser.text(&format!("article:nth-of-type({}) .paper", at + 1));
        assert!(text.contains(&format!("Before {at}")) && text.contains(&format!("After {at}")), "{at}: {text}");
    }
    // What is large is seen through its box alone.
    let outside =
        "[...document.querySelectorAll('.paper')].filter(it => it.getBoundingClientRect().right > innerWidth).length";
    assert_eq!(browser.eval(outside), 0);
    let above = "document.elementFromPoint(640, 60).closest('.paper') === null";
    assert_eq!(browser.eval(above), true);
    assert_eq!(browser.complaints(), Vec::<String>::new());
    let asked = browser.requests();
    assert!(asked.iter().all(|address| address.starts_with("file://") && address.ends_with("/r.html")), "{asked:?}");
    for width in [1280, 390] {
        browser.screen(width, 800);
        assert_eq!(browser.overflow(), 0);
    }
    assert_eq!(browser.eval("document.title"), title);
}

#[test]
fn on_paper_everything_that_was_folded_is_open_and_folded_again_behind_it() {
    let (_workspace, browser) = demo();
    let folded = "document.querySelectorAll('.conversation:not([open]), .kind:not([open])').length";
    let before = browser.eval(folded);
    assert!(before.as_u64().is_some_and(|folded| folded > 3), "{before}");
    browser.eval(&format!("addEventListener('beforeprint', () => {{ window.onPaper = {folded}; }}); 0"));
    browser.ask("Page.printToPDF", serde_json::json!({}));
    assert_eq!(browser.eval("onPaper"), 0);
    assert_eq!(browser.eval(folded), before);
    is_sound(&browser);
}

/// `THREADLIFT_PICTURES=docs/images cargo test --test browser_report pictures` makes those of the documentation anew.
#[test]
fn the_pictures_of_the_documentation_can_be_made() {
    let (workspace, browser) = demo();
    let folder = std::env::var_os("THREADLIFT_PICTURES").map_or_else(|| workspace.path("pictures"), PathBuf::from);
    must(std::fs::create_dir_all(&folder), folder.display());
    for (is_dark, name) in [(false, "report-light.png"), (true, "report-dark.png")] {
        browser.screen(1280, 900);
        browser.dark(is_dark);
        browser.open(&address(&workspace));
        let file = folder.join(name);
        browser.picture(&file, false);
        let picture = must(std::fs::read(&file), file.display());
        assert_eq!(picture.get(16..24), Some(&[0, 0, 0x05, 0, 0, 0, 0x03, 0x84][..]), "1280 by 900");
    }
}
