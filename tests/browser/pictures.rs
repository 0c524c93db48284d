//! The pictures that the README shows. `THREADLIFT_PICTURES=docs/images cargo test --test browser pictures` makes them anew.

use crate::scene::Scene;
use crate::support::must;
use std::path::PathBuf;

#[test]
fn the_pictures_of_the_readme_can_be_made() {
    let scratch = must(tempfile::tempdir(), "temporary folder");
    let folder = std::env::var_os("THREADLIFT_PICTURES").map_or_else(|| scratch.path().to_owned(), PathBuf::from);
    must(std::fs::create_dir_all(&folder), folder.display());
    let scene = Scene::demo();
    let browser = &scene.browser;
    browser.screen(1120, 720);
    for (name, subject) in [("inbox", None), ("conversation", Some("Crack in frame"))] {
        match subject {
            Some(subject) => scene.open_conversation(subject),
            None => scene.open("/web/inboxes/inb_100001"),
        };
        for (is_dark, shade) in [(false, "light"), (true, "dark")] {
            browser.dark(is_dark);
            let file = folder.join(format!("{name}-{shade}.png"));
            browser.picture(&file, false);
            let picture = must(std::fs::read(&file), file.display());
            assert_eq!(picture.get(16..24), Some(&[0, 0, 0x04, 0x60, 0, 0, 0x02, 0xD0][..]), "1120 by 720");
        }
        scene.is_sound();
    }
}
