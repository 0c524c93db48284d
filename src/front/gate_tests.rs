//! Tests of [`super`] in virtual time: the clock moves only while everybody waits.

use super::*;
use crate::event::Silent;

const TIER: NonZeroU32 = NonZeroU32::new(5).unwrap();
const FAST: NonZeroU32 = NonZeroU32::new(1_000_000).unwrap();

/// Writes down what it hears.
#[derive(Default)]
struct Ear(Mutex<Vec<(Duration, String)>>);

impl Observer for Ear {
    fn event(&self, event: Event) {
        if let Event::Waiting { wait, why } = event {
            self.0.lock().unwrap().push((wait, why));
        }
    }
}

fn gate(share: f64, reserve: u32, per_resource: NonZeroU32) -> Gate {
    Gate::new(share, reserve, per_resource, Arc::new(Herald::new(Arc::new(Silent))))
}

fn budget(limit: f64, remaining: f64, reset: u64) -> Budget {
    Budget { limit: Some(limit), remaining: Some(remaining), reset: Some(Duration::from_secs(reset)) }
}

/// Passes, and says when.
async fn moment(gate: &Gate, resource: &str, start: Instant) -> Duration {
    drop(gate.pass(&resource.to_owned()).await);
    start.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_greedy_sender_uses_its_share_of_a_minute_and_no_more() {
    let gate = gate(0.8, 10, TIER);
    let start = Instant::now();
    gate.observe(budget(100.0, 100.0, 60));
    let mut counts = [0_u32; 3];
    loop {
        let at = moment(&gate, "/inboxes/a/imported_messages", start).await;
        let minute = usize::try_from(at.as_secs() / 60).unwrap();
        let Some(count) = counts.get_mut(minute) else { break };
        *count += 1;
        gate.observe(budget(100.0, 100.0 - f64::from(*count), 60 - at.as_secs() % 60));
    }
    for count in counts {
        assert!((78..=80).contains(&count), "{counts:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn until_an_answer_names_the_limit_the_smallest_plan_is_assumed() {
    let gate = gate(0.8, 10, TIER);
    let start = Instant::now();
    assert_eq!(moment(&gate, "/me", start).await, Duration::ZERO);
    for round in 1..5_u32 {
        gate.observe(Budget::default());
        assert_eq!(moment(&gate, "/me", start).await, Duration::from_millis(1500) * round);
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_learned_while_waiting_opens_the_gate_at_once() {
    let gate = gate(0.8, 10, TIER);
    let start = Instant::now();
    moment(&gate, "/me", start).await;
    let (at, ()) = tokio::join!(moment(&gate, "/inboxes", start), async {
        sleep(Duration::from_millis(100)).await;
        gate.observe(budget(6000.0, 5999.0, 60));
    });
    assert_eq!(at, Duration::from_millis(100));
}

#[tokio::test(start_paused = true)]
async fn the_reserve_of_the_live_team_is_left_alone_until_the_window_ends() {
    let ear = Arc::new(Ear::default());
    let gate = Gate::new(0.8, 10, TIER, Arc::new(Herald::new(ear.clone())));
    let start = Instant::now();
    gate.observe(budget(6000.0, 11.0, 30));
    assert_eq!(moment(&gate, "/me", start).await, Duration::ZERO);
    gate.observe(budget(6000.0, 10.0, 30));
    assert_eq!(moment(&gate, "/me", start).await, Duration::from_secs(30));
    let paced = moment(&gate, "/tags", start).await.as_millis();
    assert!((30_010..=30_013).contains(&paced), "no rush when it opens: {paced}");
    let heard = ear.0.lock().unwrap();
    assert_eq!(*heard, [(Duration::from_secs(30), "the company has only 10 requests left for now".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn requests_without_an_answer_yet_count_against_the_budget() {
    let gate = gate(1.0, 10, FAST);
    let start = Instant::now();
    gate.observe(budget(6_000_000.0, 12.0, 30));
    let (first, second) = (gate.pass(&"/a".to_owned()).await, gate.pass(&"/b".to_owned()).await);
    let (at, ()) = tokio::join!(moment(&gate, "/c", start), async {
        sleep(Duration::from_secs(3)).await;
        drop(first);
    });
    assert!((3000..3010).contains(&at.as_millis()), "{at:?}");
    drop(second);
}

#[tokio::test(start_paused = true)]
async fn answers_that_overtake_each_other_do_not_refill_the_budget() {
    let gate = gate(1.0, 10, FAST);
    let start = Instant::now();
    gate.observe(budget(6000.0, 10.0, 30));
    gate.observe(budget(6000.0, 11.0, 30));
    assert_eq!(moment(&gate, "/a", start).await, Duration::from_secs(30));
    gate.observe(budget(6000.0, 5999.0, 60));
    gate.observe(budget(6000.0, 9.0, 0));
    assert!(moment(&gate, "/a", start).await < Duration::from_secs(31));
}

#[tokio::test(start_paused = true)]
async fn when_front_asks_for_a_pause_nobody_sends() {
    let ear = Arc::new(Ear::default());
    let gate = Gate::new(1.0, 0, FAST, Arc::new(Herald::new(ear.clone())));
    gate.observe(budget(6000.0, 6000.0, 60));
    let start = Instant::now();
    gate.pause(Duration::from_secs(5), "Front asks for a pause (429)");
    gate.pause(Duration::from_secs(3), "a shorter one");
    let (a, b, c) = tokio::join!(moment(&gate, "/a", start), moment(&gate, "/b", start), moment(&gate, "/c", start));
    assert_eq!([a, b, c].map(|at| at.as_millis()), [5000, 5010, 5020]);
    assert_eq!(ear.0.lock().unwrap().len(), 1, "told once, though three wait");
}

#[tokio::test(start_paused = true)]
async fn a_pause_holds_those_who_are_already_waiting() {
    let gate = gate(1.0, 0, FAST);
    let start = Instant::now();
    gate.observe(budget(60.0, 60.0, 60));
    moment(&gate, "/a", start).await;
    let (at, ()) = tokio::join!(moment(&gate, "/a", start), async {
        sleep(Duration::from_millis(500)).await;
        gate.pause(Duration::from_secs(9), "429");
    });
    assert_eq!(at, Duration::from_millis(9500));
}

#[tokio::test(start_paused = true)]
async fn one_resource_gets_five_a_second_without_a_burst_and_holds_up_no_other() {
    let gate = gate(1.0, 0, TIER);
    gate.observe(budget(6_000_000.0, 6_000_000.0, 60));
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
    let start = Instant::now();
    gate.observe(budget(60.0, 60.0, 60));
    moment(&gate, "/a", start).await;
    let gone = tokio::time::timeout(Duration::from_millis(10), gate.pass(&"/a".to_owned())).await;
    assert!(gone.is_err());
    assert_eq!(moment(&gate, "/a", start).await, Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_limit_too_large_to_matter_costs_nothing() {
    let gate = gate(1.0, 0, FAST);
    let start = Instant::now();
    gate.observe(budget(1e9, 1e9, 60));
    for request in 0..20_000 {
        moment(&gate, &format!("/{request}"), start).await;
    }
    assert!(start.elapsed() < Duration::from_millis(10), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn resources_not_asked_for_lately_are_forgotten() {
    let gate = gate(1.0, 0, FAST);
    gate.observe(budget(1e9, 1e9, 60));
    for request in 0..SWEEP * 3 {
        drop(gate.pass(&format!("/messages/{request}")).await);
        if request % SWEEP == SWEEP - 2 {
            sleep(Duration::from_secs(1)).await;
        }
    }
    assert!(gate.resources.len() < 10, "{}", gate.resources.len());
}
