//! The rehearsal's inbox in a real browser. Without Chromium and axe-core these tests fail and say what to install; they are
//! never left out.

mod support;

#[path = "browser/desk.rs"]
mod desk;
#[path = "browser/hostile.rs"]
mod hostile;
#[path = "browser/mails.rs"]
mod mails;
#[path = "browser/origins.rs"]
mod origins;
#[path = "browser/people.rs"]
mod people;
#[path = "browser/pictures.rs"]
mod pictures;
#[path = "browser/reading.rs"]
mod reading;
#[path = "browser/scene.rs"]
mod scene;
