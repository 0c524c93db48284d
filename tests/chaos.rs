//! Chaos: the program is killed at chosen and at random moments while Front fails in every way at once, and in the end every
//! message is in Front exactly once, as planned.
//!
//! All chances follow from a seed. Kills come from outside (SIGKILL) and are aimed by what can be seen from there: sled's
//! half-written snapshot, the journal's length, what Front has stored. A few kills by default;
//! `THREADLIFT_CHAOS_KILLS=500` goes on, with further seeds, until so many have met a living program, and prints what happened.

mod support;

#[path = "chaos/exports.rs"]
mod exports;
#[path = "chaos/happened.rs"]
mod happened;
#[path = "chaos/scene.rs"]
mod scene;
#[path = "chaos/weather.rs"]
mod weather;

use happened::Happened;
use scene::Scene;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use support::must;

/// Kills that must land when nobody asks for more.
const KILLS: usize = 24;

/// Kills in one import, at most.
const KILLS_A_SCENE: usize = 60;

/// Imports, at most, until enough kills have landed.
const MOST_SCENES: u64 = 100;

/// Imports at once.
const SIDE_BY_SIDE: u64 = 4;

/// A number that whoever runs the test may set.
fn wish(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| must(text.parse(), name))
}

#[test]
fn whatever_is_killed_and_whatever_fails_every_message_is_in_front_once() {
    let asked = wish("THREADLIFT_CHAOS_KILLS");
    let wanted = asked.map_or(KILLS, |wanted| must(usize::try_from(wanted), "kills"));
    let first = wish("THREADLIFT_CHAOS_SEED").unwrap_or(1);
    let began = Instant::now();
    let until = wish("THREADLIFT_CHAOS_SECONDS").map(|seconds| began + Duration::from_secs(seconds));
    let is_time_up = || until.is_some_and(|until| Instant::now() > until);
    let (scenes, a_scene) = if asked.is_some() { (MOST_SCENES, KILLS_A_SCENE) } else { (2, KILLS / 2) };
    let next = AtomicU64::new(first);
    let all = Mutex::new(Happened::default());
    let landed = || all.lock().map_or(usize::MAX, |all| all.landed());
    // An import waits most of its time for Front: several go on side by side.
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE.min(scenes) {
            scope.spawn(|| {
                while landed() < wanted && !is_time_up() {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + scenes {
                        break;
                    }
                    eprintln!("seed {seed} begins after {:.0} s", began.elapsed().as_secs_f64());
                    let mut scene = Scene::new(seed, seed.is_multiple_of(2));
                    scene.kill_all_along(a_scene, is_time_up);
                    let happened = scene.finish();
                    eprintln!("seed {seed} is through after {:.0} s", began.elapsed().as_secs_f64());
                    if let Ok(mut all) = all.lock() {
                        all.add(happened);
                    }
                }
            });
        }
    });
    let happened = must(all.into_inner(), "what happened");
    eprintln!("{}", happened.table(began.elapsed().as_secs_f64()));
    assert!(until.is_some() || happened.landed() >= wanted, "only {} kills met a living program", happened.landed());
    for what in ["repeats", "imports"] {
        assert!(happened.counted[what] > 0, "no {what}");
    }
    assert!(happened.faults.len() >= 10, "hardly anything went wrong: {:?}", happened.faults);
}
