//! Faults as they are typed.

use std::str::FromStr;
use std::time::Duration;

use super::{CallKind, Fault, Hint, Misfortune, Outage, Part, Rate, Refusal, Stretch};

/// What may go wrong, with its argument.
const FAULTS: &str = "a status (SECONDS, date:SECONDS or text:MILLISECONDS), storm (CALLS or MILLISECONDSms), slow and drip (MILLISECONDS), \
                      alter (subject, date, direction or attachment), reset, lose-answer, close-idle, truncated, not-json, html, \
                      empty, no-uid, lost";

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, rest) =
            text.split_once('=').ok_or("write NAME=RATE or NAME=RATE:ARGUMENT, after KIND/ for calls of one kind")?;
        let (on, name) = match name.split_once('/') {
            Some((kind, name)) => (Some(kind.parse::<CallKind>()?), name),
            None => (None, name),
        };
        let (rate, argument) = match rest.split_once(':') {
            Some((rate, argument)) => (rate, Some(argument)),
            None => (rest, None),
        };
        let rate = rate.parse()?;
        let what = match (name, argument) {
            ("storm", Some(argument)) => Misfortune::Storm(stretch(argument)?),
            ("slow", Some(argument)) => Misfortune::Slow(milliseconds(argument)?),
            ("drip", Some(argument)) => Misfortune::Drip(milliseconds(argument)?),
            ("alter", argument) => Misfortune::Altered(argument.map(str::parse).transpose()?),
            ("reset", None) => Misfortune::Reset,
            ("lose-answer", None) => Misfortune::LoseAnswer,
            ("close-idle", None) => Misfortune::CloseIdle,
            ("truncated", None) => Misfortune::Truncated,
            ("not-json", None) => Misfortune::NotJson,
            ("html", None) => Misfortune::Html,
            ("empty", None) => Misfortune::Empty,
            ("no-uid", None) => Misfortune::NoUid,
            ("lost", None) => Misfortune::Lost,
            ("storm" | "slow" | "drip", None) => return Err(format!("{name} needs an argument: {name}=RATE:ARGUMENT")),
            (name, argument) => match status(name) {
                Ok(status) => Misfortune::Status(status, hint(argument)?),
                Err(_) => return Err(format!("there is no fault {name}, or it takes no argument; there are {FAULTS}")),
            },
        };
        Ok(Self { what, rate, on })
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no rate: write a chance from 0 to 1, or 1/K for every Kth");
        if let Some(every) = text.strip_prefix("1/") {
            return every.parse().ok().filter(|every| *every > 0).map(Self::Every).ok_or_else(wrong);
        }
        let chance: f64 = text.parse().map_err(|_| wrong())?;
        if (0.0..=1.0).contains(&chance) { Ok(Self::Chance(chance)) } else { Err(wrong()) }
    }
}

impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "subject" => Ok(Self::Subject),
            "date" => Ok(Self::Date),
            "direction" => Ok(Self::Direction),
            "attachment" => Ok(Self::Attachment),
            _ => Err(format!("{text:?} is none of subject, date, direction, attachment")),
        }
    }
}

/// `SUBSTRING=STATUS`
impl FromStr for Refusal {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (holds, given) = text.rsplit_once('=').ok_or("write SUBSTRING=STATUS")?;
        Ok(Self { holds: holds.to_owned(), status: status(given)? })
    }
}

/// `IMPORT:MILLISECONDS`, with `:503` behind it where everything is answered 503.
impl FromStr for Outage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (text, with_answer) = match text.strip_suffix(":503") {
            Some(rest) if rest.contains(':') => (rest, true),
            _ => (text, false),
        };
        let (import, lasts) = text.split_once(':').ok_or("write IMPORT:MILLISECONDS or IMPORT:MILLISECONDS:503")?;
        let at_import = import.parse().map_err(|_| format!("{import:?} is no number of an import"))?;
        Ok(Self { at_import, lasts: milliseconds(lasts)?, with_answer })
    }
}

fn status(text: &str) -> Result<u16, String> {
    let status = text.parse().ok().filter(|status| (400..600).contains(status));
    status.ok_or_else(|| format!("{text:?} is no status from 400 to 599"))
}

fn hint(argument: Option<&str>) -> Result<Hint, String> {
    let Some(text) = argument else { return Ok(Hint::None) };
    let wrong = || format!("{text:?} is no hint: write SECONDS, date:SECONDS or text:MILLISECONDS");
    match text.split_once(':') {
        Some(("date", seconds)) => seconds.parse().map(Hint::Date).map_err(|_| wrong()),
        Some(("text", milliseconds)) => milliseconds.parse().map(Hint::Text).map_err(|_| wrong()),
        Some(_) => Err(wrong()),
        None => {
            let seconds: f64 = text.parse().map_err(|_| wrong())?;
            if seconds.is_finite() && seconds >= 0.0 { Ok(Hint::Seconds(seconds)) } else { Err(wrong()) }
        }
    }
}

fn stretch(text: &str) -> Result<Stretch, String> {
    match text.strip_suffix("ms") {
        Some(time) => Ok(Stretch::Time(milliseconds(time)?)),
        None => text.parse().map(Stretch::Calls).map_err(|_| format!("{text:?} is neither CALLS nor MILLISECONDSms")),
    }
}

fn milliseconds(text: &str) -> Result<Duration, String> {
    let number: u32 = text.parse().map_err(|_| format!("{text:?} is no number of milliseconds"))?;
    Ok(Duration::from_millis(u64::from(number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_as_they_are_documented() {
        let second = Duration::from_secs(1);
        for (text, what, rate) in [
            ("500=0.1", Misfortune::Status(500, Hint::None), Rate::Chance(0.1)),
            ("503=1/4:2", Misfortune::Status(503, Hint::Seconds(2.0)), Rate::Every(4)),
            ("429=1:0.25", Misfortune::Status(429, Hint::Seconds(0.25)), Rate::Chance(1.0)),
            ("429=1:date:3", Misfortune::Status(429, Hint::Date(3)), Rate::Chance(1.0)),
            ("429=1:text:341", Misfortune::Status(429, Hint::Text(341)), Rate::Chance(1.0)),
            ("storm=0:50", Misfortune::Storm(Stretch::Calls(50)), Rate::Chance(0.0)),
            ("storm=0:1000ms", Misfortune::Storm(Stretch::Time(second)), Rate::Chance(0.0)),
            ("drip=0.5:1000", Misfortune::Drip(second), Rate::Chance(0.5)),
            ("alter=0.5", Misfortune::Altered(None), Rate::Chance(0.5)),
            ("alter=0.5:date", Misfortune::Altered(Some(Part::Date)), Rate::Chance(0.5)),
        ] {
            assert_eq!(text.parse(), Ok(Fault { what, rate, on: None }), "{text}");
        }
        for name in
            ["reset", "lose-answer", "close-idle", "truncated", "not-json", "html", "empty", "no-uid", "lost", "418"]
        {
            assert_eq!(format!("{name}=1").parse::<Fault>().unwrap().what.name(), name);
        }
    }

    #[test]
    fn a_fault_can_be_for_one_kind_of_calls() {
        let fault: Fault = "comment/lose-answer=1/3".parse().unwrap();
        assert_eq!(fault, Fault { on: Some(CallKind::Comment), ..Fault::every(3, Misfortune::LoseAnswer) });
        assert!("mail/500=1".parse::<Fault>().unwrap_err().contains("conversation, comment, link, contact"));
    }

    #[test]
    fn who_does_not_know_the_faults_is_told_them() {
        let told = "timeout=1".parse::<Fault>().unwrap_err();
        for name in
            ["storm", "slow", "drip", "alter", "reset", "lose-answer", "close-idle", "truncated", "not-json", "html"]
        {
            assert!(told.contains(name), "{told}");
        }
        assert!(told.contains("empty, no-uid, lost"), "{told}");
    }

    #[test]
    fn what_is_no_fault_is_refused() {
        for text in [
            "",
            "500",
            "500=",
            "500=2",
            "500=-0.1",
            "500=NaN",
            "500=1/0",
            "500=1/x",
            "500=1:x",
            "500=1:-1",
            "500=1:inf",
            "500=1:when:2",
            "399=1",
            "600=1",
            "reset=1:2",
            "slow=1",
            "storm=1",
            "storm=1:x",
            "drip=1:1.5",
            "alter=1:body",
            "colour=1",
            "mail/500=1",
            "comment/colour=1",
        ] {
            assert!(text.parse::<Fault>().is_err(), "{text}");
        }
    }

    #[test]
    fn chosen_refusals_and_outages_are_read() {
        assert_eq!("a=b=413".parse(), Ok(Refusal { holds: "a=b".to_owned(), status: 413 }));
        assert!("413".parse::<Refusal>().is_err() && "a=200".parse::<Refusal>().is_err());
        let outage = Outage { at_import: 5, lasts: Duration::from_millis(300), with_answer: false };
        assert_eq!("5:300".parse(), Ok(outage));
        assert_eq!("5:300:503".parse(), Ok(Outage { with_answer: true, ..outage }));
        assert_eq!("5:503".parse(), Ok(Outage { lasts: Duration::from_millis(503), ..outage }));
        assert!("5".parse::<Outage>().is_err() && "x:5".parse::<Outage>().is_err());
    }
}
