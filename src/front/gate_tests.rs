//! Tests of [`super`] in virtual time: the clock moves only while everybody waits.

use super::*;
use crate::event::Silent;
use crate::front::headers::{Burst, Reset};

const TIER: NonZeroU32 = NonZeroU32::new(5).unwrap();
const FAST: NonZeroU32 = NonZeroU32::new(1_000_000).unwrap();

/// Writes down what it hears.
#[derive(Default)]
struct Ear(Mutex<Vec<(Duration, String)>>);

impl Observer for Ear {
    fn event(&self, event: Event) {
        match event {
            Event::Waiting { wait, why } => self.0.lock().unwrap().push((wait, why)),
            Event::Note { text } => self.0.lock().unwrap().push((Duration::ZERO, text)),
            _ => {}
        }
    }
}

/// Gates under test watch no clock but this: every window ends at its minute `END`.
const END: f64 = 1_800_000_000.0;

fn terms(share: f64, reserve: u32) -> Terms {
    Terms { share, reserve, burst: false }
}

fn gate(share: f64, reserve: u32, per_resource: NonZeroU32) -> Gate {
    Gate::new(terms(share, reserve), per_resource, None, Arc::new(Herald::new(Arc::new(Silent))))
}

fn budget(limit: f64, remaining: f64, reset: u64) -> Budget {
    let reset = Some(Reset { at: END, left: Duration::from_secs(reset) });
    Budget { limit: Some(limit), remaining: Some(remaining), reset, burst: None }
}

/// A request whose answer says this.
async fn learn(gate: &Gate, budget: Budget) {
    gate.pass(&"/learn".to_owned()).await.unwrap().answered(budget);
}

/// Passes, and says when.
async fn moment(gate: &Gate, resource: &str, start: Instant) -> Duration {
    gate.pass(&resource.to_owned()).await.unwrap().answered(Budget::default());
    start.elapsed()
}

#[tokio::test(start_paused = true)]
async fn until_an_answer_names_the_limit_the_smallest_plan_is_assumed() {
    let gate = gate(0.8, 10, TIER);
    let start = Instant::now();
    assert_eq!(moment(&gate, "/me", start).await, Duration::ZERO);
    for round in 1..5_u32 {
        // Of 50 a minute 30 are ours; 29.4 leave room for one that comes late.
        let at = moment(&gate, "/me", start).await.as_secs_f64();
        assert!((at - 60.0 / 29.4 * f64::from(round)).abs() < 0.002, "{at}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_learned_while_waiting_opens_the_gate_at_once() {
    let gate = gate(0.8, 10, TIER);
    let start = Instant::now();
    let first = gate.pass(&"/me".to_owned()).await.unwrap();
    let (at, ()) = tokio::join!(moment(&gate, "/inboxes", start), async {
        sleep(Duration::from_millis(100)).await;
        first.answered(budget(6000.0, 5999.0, 60));
    });
    assert_eq!(at, Duration::from_millis(100));
}

#[tokio::test(start_paused = true)]
async fn until_the_first_answer_is_there_no_second_request_goes() {
    let gate = gate(0.8, 10, TIER);
    let start = Instant::now();
    let first = gate.pass(&"/me".to_owned()).await.unwrap();
    let (at, ()) = tokio::join!(moment(&gate, "/inboxes", start), async {
        sleep(Duration::from_secs(20)).await;
        first.answered(Budget::default());
    });
    assert_eq!(at, Duration::from_secs(20));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_ours_is_left_alone_in_the_window_in_which_a_run_begins() {
    let ear = Arc::new(Ear::default());
    let gate = Gate::new(terms(0.8, 10), FAST, None, Arc::new(Herald::new(ear.clone())));
    let start = Instant::now();
    // An earlier run may have used our part already: 1,210 of the 6,000 are the team's.
    learn(&gate, budget(6000.0, 1212.0, 30)).await;
    learn(&gate, budget(6000.0, 1211.0, 30)).await;
    learn(&gate, budget(6000.0, 1210.0, 30)).await;
    let at = moment(&gate, "/me", start).await.as_millis();
    assert!((30_000..=30_030).contains(&at), "{at}");
    let heard = ear.0.lock().unwrap();
    let [(wait, why)] = heard.as_slice() else { panic!("told once: {heard:?}") };
    assert!(*wait > Duration::from_secs(29), "{wait:?}");
    assert_eq!(why, "the company has only 1210 of 6000 requests left for now");
}

#[tokio::test(start_paused = true)]
async fn requests_without_an_answer_yet_count_as_used() {
    let gate = gate(1.0, 10, FAST);
    let start = Instant::now();
    learn(&gate, budget(6_000_000.0, 12.0, 30)).await;
    let (first, second) = (gate.pass(&"/a".to_owned()).await.unwrap(), gate.pass(&"/b".to_owned()).await.unwrap());
    let (at, ()) = tokio::join!(moment(&gate, "/c", start), async {
        sleep(Duration::from_secs(3)).await;
        first.never_left();
    });
    assert!((3000..3010).contains(&at.as_millis()), "{at:?}");
    drop(second);
}

#[tokio::test(start_paused = true)]
async fn answers_that_overtake_each_other_do_not_refill_the_budget() {
    let gate = gate(1.0, 10, FAST);
    let start = Instant::now();
    learn(&gate, budget(6000.0, 5000.0, 30)).await;
    let late = gate.pass(&"/late".to_owned()).await.unwrap();
    learn(&gate, budget(6000.0, 10.0, 30)).await;
    late.answered(budget(6000.0, 4000.0, 30));
    assert!(moment(&gate, "/a", start).await >= Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn of_the_burst_allowance_half_is_used_where_the_mapping_says_so_and_nothing_otherwise() {
    let allowance = Some(Burst { limit: 50.0, remaining: 40.0 });
    let drained = Some(Burst { limit: 50.0, remaining: 25.0 });
    for (may_burst, burst, per_minute) in
        [(false, allowance, 69.0), (true, allowance, 73.0), (true, drained, 69.0), (true, None, 69.0)]
    {
        let terms = Terms { burst: may_burst, ..terms(0.8, 10) };
        let gate = Gate::new(terms, FAST, None, Arc::new(Herald::new(Arc::new(Silent))));
        learn(&gate, Budget { burst, reset: None, ..budget(100.0, 99.0, 0) }).await;
        let start = Instant::now();
        let at = moment(&gate, "/a", start).await.as_secs_f64();
        assert!((at - 60.0 / per_minute).abs() < 0.003, "{may_burst} {burst:?} {at}");
    }
    // Where nothing of the limit is left, the upper half of the allowance is.
    for (may_burst, at_once) in [(true, true), (false, false)] {
        let terms = Terms { burst: may_burst, ..terms(1.0, 0) };
        let gate = Gate::new(terms, FAST, None, Arc::new(Herald::new(Arc::new(Silent))));
        learn(&gate, Budget { burst: allowance, ..budget(100.0, 0.0, 30) }).await;
        assert_eq!(moment(&gate, "/a", Instant::now()).await < Duration::from_secs(1), at_once);
    }
}

#[tokio::test(start_paused = true)]
async fn where_the_reserve_eats_all_one_request_a_minute_is_left_and_the_user_is_told() {
    let ear = Arc::new(Ear::default());
    let gate = Gate::new(terms(0.8, 60), TIER, None, Arc::new(Herald::new(ear.clone())));
    learn(&gate, Budget { reset: None, ..budget(50.0, 49.0, 0) }).await;
    learn(&gate, Budget { reset: None, ..budget(50.0, 60.0, 0) }).await;
    let start = Instant::now();
    learn(&gate, Budget { reset: None, ..budget(50.0, 49.0, 0) }).await;
    assert!(start.elapsed() >= Duration::from_mins(1), "{:?}", start.elapsed());
    let heard = ear.0.lock().unwrap();
    let told: Vec<_> = heard.iter().filter(|(_, text)| text.contains("sending one a minute")).collect();
    assert_eq!(told.len(), 1, "{heard:?}");
    assert!(told[0].1.contains("50 requests a minute") && told[0].1.contains("lower `reserve`"), "{heard:?}");
}

#[tokio::test(start_paused = true)]
async fn when_front_asks_for_a_pause_nobody_sends() {
    let ear = Arc::new(Ear::default());
    let gate = Gate::new(terms(1.0, 0), FAST, None, Arc::new(Herald::new(ear.clone())));
    learn(&gate, budget(6000.0, 5999.0, 60)).await;
    let start = Instant::now();
    gate.pause(Duration::from_secs(5), "Front asks for a pause (429)");
    gate.pause(Duration::from_secs(3), "a shorter one");
    let (a, b, c) = tokio::join!(moment(&gate, "/a", start), moment(&gate, "/b", start), moment(&gate, "/c", start));
    assert_eq!(a, Duration::from_secs(5));
    assert!((5008..=5011).contains(&b.as_millis()) && (5018..=5022).contains(&c.as_millis()), "no rush: {b:?} {c:?}");
    assert_eq!(ear.0.lock().unwrap().len(), 1, "told once, though three wait");
}

#[tokio::test(start_paused = true)]
async fn a_pause_holds_those_who_are_already_waiting() {
    let gate = gate(1.0, 0, FAST);
    learn(&gate, Budget { reset: None, ..budget(61.0, 60.0, 0) }).await;
    let start = Instant::now();
    let (at, ()) = tokio::join!(moment(&gate, "/a", start), async {
        sleep(Duration::from_millis(500)).await;
        gate.pause(Duration::from_secs(9), "429");
    });
    assert_eq!(at, Duration::from_millis(9500));
}

#[tokio::test(start_paused = true)]
async fn a_resource_that_front_holds_back_holds_up_no_other() {
    let gate = gate(1.0, 0, FAST);
    learn(&gate, budget(6_000_000.0, 5_999_999.0, 60)).await;
    gate.hold("/busy", Duration::from_secs(4), "429");
    gate.hold("/busy", Duration::from_secs(3), "a shorter one");
    let start = Instant::now();
    let (busy, other) = tokio::join!(moment(&gate, "/busy", start), moment(&gate, "/other", start));
    assert!((4000..4005).contains(&busy.as_millis()), "that long and no longer: {busy:?}");
    assert!(other < Duration::from_millis(5), "{other:?}");
    gate.hold("/another", Duration::from_secs(1), "429");
    assert_eq!(gate.held().len(), 1, "what is over is forgotten");
}

#[tokio::test(start_paused = true)]
async fn one_resource_gets_five_a_second_without_a_burst_and_holds_up_no_other() {
    let gate = gate(1.0, 0, TIER);
    learn(&gate, budget(6_000_000.0, 5_999_999.0, 60)).await;
    let start = Instant::now();
    moment(&gate, "/busy", start).await;
    let (one, two, three, other) = tokio::join!(
        moment(&gate, "/busy", start),
        moment(&gate, "/busy", start),
        moment(&gate, "/busy", start),
        moment(&gate, "/other", start)
    );
    let mut busy = [one, two, three].map(|at| at.as_millis() / 10 * 10);
    busy.sort_unstable();
    assert_eq!(busy, [200, 400, 600]);
    assert!(other < Duration::from_millis(5), "{other:?}");
}

#[tokio::test(start_paused = true)]
async fn a_waiting_request_that_is_dropped_blocks_nobody() {
    let gate = gate(1.0, 0, FAST);
    learn(&gate, Budget { reset: None, ..budget(61.0, 60.0, 0) }).await;
    let start = Instant::now();
    let gone = tokio::time::timeout(Duration::from_millis(10), gate.pass(&"/a".to_owned())).await;
    assert!(gone.is_err());
    assert_eq!(moment(&gate, "/a", start).await, Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn who_comes_first_is_served_first() {
    let gate = gate(1.0, 0, FAST);
    learn(&gate, Budget { reset: None, ..budget(61.0, 60.0, 0) }).await;
    let start = Instant::now();
    let (a, b, c) = tokio::join!(moment(&gate, "/a", start), moment(&gate, "/b", start), moment(&gate, "/c", start));
    assert_eq!([a, b, c].map(|at| at.as_secs()), [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn after_the_last_request_of_a_budget_nobody_passes_and_nobody_waits() {
    let gate = Gate::new(terms(1.0, 0), FAST, Some(3), Arc::new(Herald::new(Arc::new(Silent))));
    for before in 0..3 {
        assert_eq!(gate.passed(), before);
        learn(&gate, budget(6000.0, 5000.0, 60)).await;
    }
    gate.pause(Duration::from_mins(9), "429");
    let start = Instant::now();
    assert!(gate.pass(&"/a".to_owned()).await.is_err());
    assert_eq!((gate.passed(), start.elapsed()), (3, Duration::ZERO));
    let none = Gate::new(terms(1.0, 0), FAST, Some(0), Arc::new(Herald::new(Arc::new(Silent))));
    assert!(none.pass(&"/a".to_owned()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_limit_too_large_to_matter_costs_nothing() {
    let gate = gate(1.0, 0, FAST);
    learn(&gate, budget(1e9, 1e9 - 1.0, 60)).await;
    let start = Instant::now();
    for request in 0..20_000 {
        moment(&gate, &format!("/{request}"), start).await;
    }
    assert!(start.elapsed() < Duration::from_millis(10), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn resources_not_asked_for_lately_are_forgotten() {
    let gate = gate(1.0, 0, FAST);
    learn(&gate, budget(1e9, 1e9 - 1.0, 60)).await;
    for request in 0..SWEEP * 3 {
        drop(gate.pass(&format!("/messages/{request}")).await);
        if request % SWEEP == SWEEP - 3 {
            sleep(Duration::from_secs(1)).await;
        }
    }
    assert!(gate.resources.len() < 10, "{}", gate.resources.len());
}

#[tokio::test(start_paused = true)]
async fn a_request_without_an_answer_counts_as_used_and_one_that_never_left_does_not() {
    for (arrives, at_end) in [(true, true), (false, false)] {
        let gate = gate(0.8, 10, FAST);
        // A window long enough to use up our 70 at an even pace.
        learn(&gate, budget(100.0, 99.0, 600)).await;
        for _ in 0..69 {
            let pass = gate.pass(&"/a".to_owned()).await.unwrap();
            if arrives { drop(pass) } else { pass.never_left() }
        }
        let start = Instant::now();
        gate.pass(&"/a".to_owned()).await.unwrap().never_left();
        assert_eq!(start.elapsed() > Duration::from_mins(8), at_end, "{:?}", start.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_finds_no_connection_is_one_that_never_left() {
    let gate = Arc::new(gate(0.8, 10, FAST));
    learn(&gate, budget(100.0, 99.0, 600)).await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let http = reqwest_middleware::ClientBuilder::new(http).with(Gatekeeper(Arc::clone(&gate))).build();
    for _ in 0..69 {
        assert!(http.get(format!("http://{nobody}/a")).send().await.is_err());
    }
    let start = Instant::now();
    gate.pass(&"/a".to_owned()).await.unwrap().never_left();
    assert!(start.elapsed() < Duration::from_secs(2), "all of our part is still there: {:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn where_others_cannot_be_told_from_us_we_stop_when_only_the_reserve_is_left() {
    for (remaining, least, most) in [(11.0, 0, 1), (10.0, 60, 61)] {
        let ear = Arc::new(Ear::default());
        let gate = Gate::new(terms(0.8, 10), FAST, None, Arc::new(Herald::new(ear.clone())));
        learn(&gate, Budget { reset: None, ..budget(100.0, remaining, 0) }).await;
        let at = moment(&gate, "/a", Instant::now()).await.as_secs();
        assert!((least..=most).contains(&at), "{remaining}: {at}");
        let heard: Vec<String> = ear.0.lock().unwrap().iter().map(|(_, why)| why.clone()).collect();
        let told = ["the company has only 10 of 100 requests left for now".to_owned()];
        assert_eq!(heard, if least > 0 { told.as_slice() } else { &[] });
    }
}

#[tokio::test(start_paused = true)]
async fn a_look_that_gets_no_answer_is_taken_again_and_one_at_the_start_of_a_window_decides_nothing() {
    let gate = gate(0.8, 10, FAST);
    let start = Instant::now();
    let next = |end: f64, remaining: f64, left: u64| {
        let reset = Some(Reset { at: END + end, left: Duration::from_secs(left) });
        Budget { reset, ..budget(100.0, remaining, 0) }
    };
    let look = async || {
        let pass = gate.pass(&"/a".to_owned()).await.unwrap();
        (pass, start.elapsed().as_secs())
    };
    learn(&gate, budget(100.0, 99.0, 60)).await;
    learn(&gate, budget(100.0, 67.0, 60)).await;
    // 31 of those are not ours, and 30 are theirs: closed to near the end of the next window.
    let (pass, at) = look().await;
    assert_eq!(at, 115);
    let second = tokio::time::timeout(Duration::from_secs(5), gate.pass(&"/b".to_owned())).await;
    assert!(second.is_err(), "one look at a time");
    drop(pass);
    let (pass, at) = look().await;
    assert_eq!(at, 130);
    pass.answered(next(120.0, 99.0, 50));
    let (pass, at) = look().await;
    assert_eq!(at, 175, "near the end of the window that the look before it opened");
    pass.answered(next(120.0, 60.0, 5));
    let (pass, at) = look().await;
    assert_eq!(at, 235, "they are not back");
    pass.answered(next(180.0, 75.0, 5));
    let (pass, at) = look().await;
    assert!(at <= 236, "they are: {at}");
    drop(pass);
}

#[tokio::test(start_paused = true)]
async fn with_all_of_our_part_under_way_and_no_answer_in_sight_no_more_is_sent() {
    let gate = gate(0.8, 10, FAST);
    learn(&gate, Budget { reset: None, ..budget(100.0, 99.0, 0) }).await;
    let mut waiting = Vec::new();
    for _ in 0..70 {
        waiting.push(gate.pass(&"/a".to_owned()).await.unwrap());
    }
    let start = Instant::now();
    let (at, ()) = tokio::join!(moment(&gate, "/a", start), async {
        sleep(Duration::from_secs(20)).await;
        drop(waiting.pop());
    });
    assert_eq!(at, Duration::from_secs(20));
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_rises_is_not_mistaken_for_a_crowd() {
    let gate = gate(0.8, 10, FAST);
    let start = Instant::now();
    learn(&gate, budget(100.0, 99.0, 60)).await;
    // What is left was counted from the old limit: of 300, 238 would be others'.
    learn(&gate, budget(300.0, 60.0, 60)).await;
    let at = moment(&gate, "/a", start).await.as_secs();
    assert!((59..=61).contains(&at), "in the next window all is clear: {at}");
}
