//! Names of time zones in mails and separators.

/// Hours east of UTC. RFC 5322 section 4.3 fixes those from UT to PDT; of the others only names with one meaning
/// are listed.
const ZONES: [(&str, i64); 31] = [
    ("UT", 0),
    ("UTC", 0),
    ("GMT", 0),
    ("Z", 0),
    ("EST", -5),
    ("EDT", -4),
    ("CST", -6),
    ("CDT", -5),
    ("MST", -7),
    ("MDT", -6),
    ("PST", -8),
    ("PDT", -7),
    ("AKST", -9),
    ("AKDT", -8),
    ("HST", -10),
    ("WET", 0),
    ("WEST", 1),
    ("CET", 1),
    ("MET", 1),
    ("MEZ", 1),
    ("CEST", 2),
    ("MEST", 2),
    ("MESZ", 2),
    ("EET", 2),
    ("EEST", 3),
    ("MSK", 3),
    ("JST", 9),
    ("KST", 9),
    ("AEST", 10),
    ("AEDT", 11),
    ("NZST", 12),
];

/// Hours east of UTC of the zone that is called so, in capitals. `None` for a name that is unknown or means several.
#[must_use]
pub fn zone_hours(name: &str) -> Option<i64> {
    ZONES.iter().find(|(known, _)| *known == name).map(|(_, hours)| *hours)
}
