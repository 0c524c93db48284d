//! Effects: what is made in Front beside messages.

use super::*;
use crate::ledger::{Effect, EffectChange, EffectEnd, EffectKind, Standing};

fn link(url: &str) -> Effect {
    Effect::on("tl1-t-a", EffectKind::Link, url)
}

fn change(effect: &Effect, end: EffectEnd) -> EffectChange {
    EffectChange { effect: effect.clone(), conversation: Some("cnv_1".into()), end }
}

fn done() -> EffectEnd {
    EffectEnd::Done { id: Some("top_1".into()), made: true, before: None }
}

#[test]
fn the_last_that_is_known_of_an_effect_counts_and_outlasts_plans_and_restarts() {
    let dir = TempDir::new().unwrap();
    let ledger = Ledger::open(dir.path()).unwrap();
    let (one, other, odd) = (link("https://x.example/1"), link("https://x.example/A"), link("a \"quote\" \u{1}é"));
    ledger.record([change(&one, EffectEnd::Begun), change(&other, EffectEnd::Begun)]).unwrap();
    ledger.record([change(&one, done()), change(&odd, EffectEnd::Left { why: "gone".into() })]).unwrap();
    drop(ledger);

    let mut ledger = Ledger::open(dir.path()).unwrap();
    ledger.write_plan(meta("p", 1), filled([planned(0, "a")])).unwrap();
    let effects = ledger.effects().unwrap();
    assert_eq!(effects.len(), 3);
    assert_eq!(effects.standing(&one), Some(Standing::Done));
    assert_eq!(effects.standing(&other), Some(Standing::Begun));
    assert_eq!(effects.standing(&odd), Some(Standing::Left));
    assert_eq!(effects.standing(&link("https://x.example/a")), None, "large and small letters are not the same");
    assert_eq!(effects.standing(&Effect::company(EffectKind::Link, "https://x.example/1")), None);
    let changes: Vec<EffectChange> = ledger.last_changes(&effects).unwrap().collect::<Result<_, _>>().unwrap();
    let left = change(&odd, EffectEnd::Left { why: "gone".into() });
    assert_eq!(changes, [change(&other, EffectEnd::Begun), change(&one, done()), left]);
}

#[test]
fn effects_are_no_messages() {
    let dir = TempDir::new().unwrap();
    let mut ledger = Ledger::open(dir.path()).unwrap();
    ledger.write_plan(meta("p", 1), filled([planned(0, "a")])).unwrap();
    ledger.record([change(&link("u"), EffectEnd::Begun), change(&link("u"), EffectEnd::Undone)]).unwrap();
    assert_eq!(ledger.counts().planned, 1);
    assert_eq!(ledger.pins().unwrap().count(), 0);
    ledger.close().unwrap();
    assert!(Ledger::check(dir.path()).unwrap().is_sound());
    let ledger = Ledger::open(dir.path()).unwrap();
    assert_eq!(ledger.counts().planned, 1);
    assert_eq!(ledger.effects().unwrap().standing(&link("u")), Some(Standing::Undone));
}
