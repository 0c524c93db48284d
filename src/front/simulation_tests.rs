//! What the gate does over minutes against servers that count in different ways. In virtual time.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::{Instant, sleep_until};

use super::allowance::Terms;
use super::gate::{Gate, Herald};
use super::simulation::{Chance, Counting, Seen, Server, Way, Who, burst, send, steady};
use crate::event::{Event, Observer, Silent};

const FAST: NonZeroU32 = NonZeroU32::new(1_000_000).unwrap();
const ALL: Terms = Terms { share: 1.0, reserve: 0, burst: false };
const USUAL: Terms = Terms { share: 0.8, reserve: 10, burst: false };
const COUNTINGS: [Counting; 4] = [Counting::Fixed, Counting::Lazy, Counting::Sliding, Counting::Bucket];

/// The server's clock: some day, 17 s into a minute.
const CLOCK: f64 = 1_800_000_017.3;

/// Writes down what it hears.
#[derive(Default)]
struct Ear(Mutex<Vec<String>>);

impl Observer for Ear {
    fn event(&self, event: Event) {
        if let Event::Waiting { why: text, .. } | Event::Note { text } = event {
            self.0.lock().unwrap().push(text);
        }
    }
}

fn gate(terms: Terms, observer: Arc<dyn Observer>) -> Arc<Gate> {
    Arc::new(Gate::new(terms, FAST, None, Arc::new(Herald::new(observer))))
}

fn after(minutes: f64) -> Instant {
    Instant::now() + Duration::from_secs_f64(minutes * 60.0)
}

/// Asks once, as every run begins, then sends for ten minutes. What the server saw in them.
async fn ten_minutes(server: Server, terms: Terms, way: Way) -> Seen {
    let (gate, server) = (gate(terms, Arc::new(Silent)), Arc::new(server));
    send(&gate, &server, 1, way, Instant::now() + Duration::from_millis(1)).await;
    send(&gate, &server, 64, way, after(10.0)).await;
    server.seen()
}

#[tokio::test(start_paused = true)]
async fn all_of_the_limit_is_used_and_no_request_refused_however_slow_the_answers() {
    for counting in COUNTINGS {
        for limit in [50.0, 100.0, 200.0] {
            for way in [steady(0.025, 0.025), steady(5.0, 0.0), steady(0.0, 5.0), steady(2.5, 2.5)] {
                let seen = ten_minutes(Server::new(limit, counting, CLOCK), ALL, way).await;
                let utilisation = f64::from(seen.ours) / (limit * 10.0);
                assert_eq!(seen.ours_refused, 0, "{counting:?} {limit} {way:?} {utilisation}");
                assert!(utilisation >= 0.98, "{counting:?} {limit} {way:?} {utilisation}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn by_default_our_part_is_used_well_and_the_rest_left_alone() {
    for counting in COUNTINGS {
        let seen = ten_minutes(Server::new(100.0, counting, CLOCK), USUAL, steady(0.2, 0.2)).await;
        let of_our_part = f64::from(seen.ours) / 700.0;
        assert_eq!(seen.ours_refused, 0, "{counting:?}");
        assert!((0.96..=1.01).contains(&of_our_part), "{counting:?} {of_our_part}");
    }
}

#[tokio::test(start_paused = true)]
async fn clocks_that_disagree_and_answers_without_a_date_neither_stall_nor_flood() {
    for clock in [17.0, 1_800_000_017.3, 4_000_000_000.0] {
        for is_dated in [true, false] {
            for terms in [ALL, USUAL] {
                let mut server = Server::new(100.0, Counting::Fixed, clock);
                server.is_dated = is_dated;
                let seen = ten_minutes(server, terms, steady(0.2, 0.2)).await;
                let own = if terms.reserve == 0 { 1000.0 } else { 700.0 };
                let utilisation = f64::from(seen.ours) / own;
                assert!((0.96..=1.01).contains(&utilisation), "{clock} {is_dated} {utilisation}");
                assert_eq!(seen.ours_refused, 0);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_changes_in_mid_run_is_followed_up_and_down() {
    let ear = Arc::new(Ear::default());
    let gate = gate(USUAL, ear.clone());
    let server = Arc::new(Server::new(100.0, Counting::Fixed, 1_800_000_000.0));
    let start = Instant::now();
    let changes = async {
        sleep_until(start + Duration::from_mins(3)).await;
        server.set_limit(200.0);
        sleep_until(start + Duration::from_mins(6)).await;
        server.set_limit(50.0);
    };
    tokio::join!(send(&gate, &server, 32, steady(0.2, 0.2), after(9.0)), changes);
    let seen = server.seen();
    assert_eq!(seen.ours_refused, 0);
    let minutes: Vec<u32> = seen.by_window.values().copied().collect();
    for (minute, (least, most)) in
        [(60, 70), (65, 70), (65, 70), (130, 150), (145, 150), (145, 150), (20, 30), (28, 30)].into_iter().enumerate()
    {
        assert!((least..=most).contains(&minutes[minute]), "{minutes:?}");
    }
    let heard = ear.0.lock().unwrap();
    assert!(
        heard.iter().any(|text| text == "Front now allows the company 200 requests a minute; before, it were 100.")
    );
}

#[tokio::test(start_paused = true)]
async fn above_its_part_the_team_has_all_and_we_look_once_a_minute() {
    for counting in [Counting::Fixed, Counting::Lazy] {
        for way in [steady(0.2, 0.2), steady(2.5, 2.5)] {
            let ear = Arc::new(Ear::default());
            let gate = gate(USUAL, ear.clone());
            let server = Arc::new(Server::new(100.0, counting, 1_800_000_000.0));
            let start = Instant::now();
            // 1.5 requests a second are 90 a minute; 30 are theirs.
            let team = async {
                sleep_until(start + Duration::from_mins(3)).await;
                let mut counts = Vec::new();
                for _ in 0..5 {
                    counts.push(server.seen().ours);
                    for second in 0..90_u32 {
                        server.ask(Who::Team);
                        sleep_until(
                            start + Duration::from_mins(2 + counts.len() as u64) + Duration::from_millis(667) * second,
                        )
                        .await;
                    }
                }
                counts.push(server.seen().ours);
                counts
            };
            let (counts, ()) = tokio::join!(team, send(&gate, &server, 32, way, after(14.0)));
            let during: Vec<u32> = counts.windows(2).map(|pair| pair[1] - pair[0]).collect();
            assert!(during[0] <= 50, "within the window in which they exceed it: {during:?}");
            for minute in &during[1..] {
                assert!(*minute <= 2, "{counting:?} {way:?} {during:?}");
            }
            let back = server.seen().ours - counts[5];
            assert!(back >= 3 * 60, "{counting:?} {way:?} {back}");
            let heard = ear.0.lock().unwrap();
            let told = heard.iter().filter(|text| text.starts_with("others in the company made")).count();
            assert!((4..=12).contains(&told), "{heard:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn when_the_server_s_clock_is_put_back_its_windows_are_told_apart_all_the_same() {
    let gate = gate(USUAL, Arc::new(Silent));
    let server = Arc::new(Server::new(100.0, Counting::Fixed, 1_800_000_000.0));
    let start = Instant::now();
    let team = async {
        sleep_until(start + Duration::from_secs(150)).await;
        server.put_back(3600.0);
        // More than their 30 a minute.
        for second in 0..180_u32 {
            sleep_until(start + Duration::from_mins(4) + Duration::from_secs(1) * second).await;
            server.ask(Who::Team);
        }
    };
    tokio::join!(send(&gate, &server, 32, steady(0.2, 0.2), after(7.0)), team);
    let seen = server.seen();
    let minutes: Vec<u32> = seen.by_window.values().copied().collect();
    assert_eq!((seen.team_refused, seen.ours_refused), (0, 0));
    assert_eq!(minutes.len(), 8, "one of the minutes was begun twice: {minutes:?}");
    // The windows after the clock was put back have the lower numbers.
    let (quiet, crowded) = (minutes[1], &minutes[3..5]);
    assert!(quiet >= 60 && crowded.iter().all(|ours| *ours <= 2), "{minutes:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_team_within_its_part_is_never_refused_because_of_us(
        limit in prop::sample::select(vec![50.0, 100.0, 200.0]),
        share in 0.3..1.0_f64,
        reserve in prop_oneof![Just(0), 0_u32..20],
        is_lazy in any::<bool>(),
        clock in 1.8e9..1.8e9 + 60.0,
        there in (0.0..3.0_f64, 0.0..6.0_f64),
        back in (0.0..3.0_f64, 0.0..6.0_f64),
        is_interrupted in any::<bool>(),
        interrupted in 0.2..3.0_f64,
        seed in any::<u64>(),
    ) {
        let own = (share * limit - f64::from(reserve)).max(1.0);
        // The first request of a second run goes before anything is known.
        let in_the_dark = if is_interrupted { 1.0 } else { 0.0 };
        prop_assume!(limit - own >= 2.0);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let seen = runtime.block_on(async {
            let counting = if is_lazy { Counting::Lazy } else { Counting::Fixed };
            let server = Arc::new(Server::new(limit, counting, clock));
            let terms = Terms { share, reserve, burst: false };
            let until = after(6.0);
            let ours = async {
                if is_interrupted {
                    // Begun again somewhere in a window, a run knows nothing of the one before.
                    send(&gate(terms, Arc::new(Silent)), &server, 48, Way { there, back }, after(interrupted)).await;
                }
                send(&gate(terms, Arc::new(Silent)), &server, 48, Way { there, back }, until).await;
            };
            tokio::join!(ours, burst(Arc::clone(&server), (limit - own).floor() - in_the_dark, Chance(seed), until));
            server.seen()
        });
        prop_assert_eq!((seen.team_refused, seen.ours_refused), (0, 0));
        for ours in seen.by_window.values() {
            prop_assert!(f64::from(*ours) <= own + in_the_dark, "{:?} of {}", seen.by_window, own);
        }
    }
}
