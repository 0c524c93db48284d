//! What a whole mapping means, and which files are no mapping.

mod display;
mod properties;
mod refusals;
mod schema;

use super::*;
use jiff::civil::date;
use std::time::Duration;

/// As little as a mapping can be.
const SMALLEST: &str = r#"version = 1
[target]
inbox = "Support"
[[source]]
name = "mail"
format = "mbox"
path = "mail.mbox"
"#;

/// A mapping that says everything it can.
/// The conditions of its first rule, in the order of the text.
const CONDITIONS_OF_FULLEST: [&str; 8] = [
    "Source([\"mail\"])",
    "Label([\"Billing\", \"Invoices\"])",
    "Sender([\"fry@acme.example\"])",
    "Recipient([\"a@b\"])",
    "Domain([\"acme.example\"])",
    "Subject(Regex(\"(?i)invoice\"))",
    "Since(2015-01-01)",
    "Before(2016-01-01)",
];

const FULLEST: &str = r#"version = 1

[target]
inbox = "Support"
base_url = "http://127.0.0.1:8080/"

[ours]
addresses = ["Support@Acme.example"]
domains = ["ACME.example"]

[agents]
"Leela@Acme.example" = "alt:email:leela@acme.example"
"fry@acme.example" = "tea_1a2b"

[[source]]
name = "mail"
format = "mbox"
path = ["Takeout/**/*.mbox", "older.mbox"]
namespace = "acme.mail"

[[source]]
name = "files"
format = "eml"
path = "eml"

[[source]]
name = "chats"
format = "csv"
path = "livechat/*.csv"
columns = { id = "message_id", conversation = "chat_id", time = "day", clock = "hour", sender = "author", sender_name = "name", recipient = "to", text = "message", role = "author_type", subject = "topic", labels = "labels" }
date = "%d/%m/%Y %H:%M:%S"
timezone = "Europe/Paris"
encoding = "windows-1252"
delimiter = "tab"
roles = { visitor = "inbound", agent = "outbound", system = "skip" }
recipient = "support@acme.example"

[[source]]
name = "logs"
format = "csv"
path = "logs/*.csv"
columns = { conversation = "chat id", time = "chat start date *", clock = "said", sender = "author", text = "words", labels = "tag *", kind = "ticket.kind" }
date = ["%Y-%m-%d", "iso", "epoch-microseconds"]
clock_format = "%I:%M %p"
daylight_saving = "reject"
quote = "none"
text_format = "html"
message_type = "email"
roles = { visitor = "inbound", "*" = "outbound" }
kinds = { comment = "message", close = "message-if-text", note = "note", "*" = "skip" }
transcript = { column = "log", line = '^(?<said>\S+ [AP]M) (?<author>[^:]+): (?<words>.*)$' }
join = { name = "ticket", path = "tickets.csv", on = "chat id", key = "id" }

[[source.people]]
name = "operator * nick"
handle = ["operator * id", "operator * mail"]
role = "agent"

[defaults]
tags = ["legacy"]
to = "Support@acme.example"
date_fallback = 2001-01-01
oversize = "reject"
unlisted_labels = "tag"

[labels]
Important = "vip"

[thread]
header = "X-Ticket-ID"
subject = '\[#(\d+)\]'
join_by_subject = 3

[[rule]]
when = { source = "mail", label = ["Billing", "Invoices"], sender = "Fry@Acme.example", recipient = ["A@b"], domain = "Acme.example", subject = "(?i)invoice", since = 2015-01-01, before = 2016-01-01 }
inbox = "Billing"
tags = ["billing"]

[[rule]]
when = { before = 2015-01-01 }
skip = "older than we keep"

[identity]
namespace = "acme"
collisions = "richest"
copies = "per-inbox"

[silence]
archived = "no-leave-every-imported-conversation-open"
rules = "run-front-rules-which-may-send-mail-to-customers"

[send]
share = 1
reserve = 0
burst = true
per_resource = 50
settle = "500ms"
patience = "90s"
in_flight = 256
order = "oldest-first"
"#;

fn load_text(text: &str) -> Result<Mapping, MappingErrors> {
    parse(Path::new("move/mapping.toml"), text)
}

fn accepted(text: &str) -> Mapping {
    load_text(text).unwrap_or_else(|errors| panic!("refused:\n{errors}"))
}

#[test]
fn the_smallest_mapping_gets_every_default() {
    let mapping = accepted(SMALLEST);
    assert_eq!((mapping.path.as_path(), mapping.base.as_path()), (Path::new("move/mapping.toml"), Path::new("move")));
    assert_eq!(mapping.text, SMALLEST);
    assert_eq!(mapping.target.base_url, "https://api2.frontapp.com");
    assert!(mapping.ours.addresses.is_empty() && mapping.ours.domains.is_empty() && mapping.agents.is_empty());
    let [source] = mapping.sources.as_slice() else { panic!("one source") };
    assert_eq!((source.name.as_str(), source.namespace.as_str()), ("mail", "threadlift"));
    assert_eq!((source.paths.as_slice(), source.path_at), (["mail.mbox".to_owned()].as_slice(), (7, 1)));
    assert!(matches!(source.format, Format::Mbox(Dialect::Auto)));
    let defaults = &mapping.defaults;
    assert!(defaults.tags.is_empty() && defaults.to.is_none());
    assert_eq!(defaults.date_fallback, DateFallback::Reject);
    assert_eq!((defaults.oversize, defaults.unlisted_labels), (Oversize::Note, UnlistedLabels::Ignore));
    assert!(mapping.labels.is_empty() && mapping.rules.is_empty());
    assert!(mapping.thread.header.is_none() && mapping.thread.subject.is_none());
    assert_eq!(mapping.thread.join_by_subject, 0);
    assert_eq!(
        (mapping.identity.namespace.as_str(), mapping.identity.collisions),
        ("threadlift", Collisions::KeepBoth)
    );
    assert_eq!((mapping.identity.copies, mapping.identity.also_in_tag.as_deref()), (InboxCopies::One, None));
    let send = &mapping.send;
    assert!((send.share - 0.8).abs() < f64::EPSILON);
    assert_eq!((send.reserve, send.burst, send.per_resource, send.in_flight), (10, false, 5, 32));
    assert_eq!((send.settle(false), send.order), (Duration::from_secs(10), Order::RecentThreadsFirst));
    assert_eq!(send.patience(false), Duration::from_mins(5));
    assert!(send.settle(true) < send.settle(false) && send.patience(true) < send.patience(false));
}

#[test]
fn a_mapping_that_says_nothing_about_it_is_silent() {
    let silent = Silence { is_archived: true, should_skip_rules: true };
    assert_eq!(accepted(SMALLEST).silence, silent);
    assert_eq!(accepted(&format!("{SMALLEST}[silence]\n")).silence, silent);
}

#[test]
fn only_the_long_words_break_the_silence() {
    let loud = accepted(FULLEST).silence;
    assert_eq!(loud, Silence { is_archived: false, should_skip_rules: false });
    let open = accepted(&format!("{SMALLEST}[silence]\narchived = \"no-leave-every-imported-conversation-open\"\n"));
    assert_eq!(open.silence, Silence { is_archived: false, should_skip_rules: true });
}

#[test]
fn the_fullest_mapping_is_understood_in_full() {
    let mapping = accepted(FULLEST);
    assert_eq!(mapping.target.base_url, "http://127.0.0.1:8080");
    assert_eq!(mapping.ours.addresses, ["support@acme.example"]);
    assert_eq!(mapping.ours.domains, ["acme.example"]);
    assert!(mapping.ours.owns("Leela@ACME.example"));
    assert_eq!(mapping.agents.get("leela@acme.example").map(String::as_str), Some("alt:email:leela@acme.example"));
    assert_eq!(mapping.agents.get("fry@acme.example").map(String::as_str), Some("tea_1a2b"));
    let names: Vec<_> =
        mapping.sources.iter().map(|source| (source.name.as_str(), source.namespace.as_str())).collect();
    assert_eq!(names, [("mail", "acme.mail"), ("files", "acme"), ("chats", "acme"), ("logs", "acme")]);
    let paths: Vec<_> = mapping.sources.iter().map(|source| (source.paths.len(), source.path_at)).collect();
    assert_eq!(paths, [(2, (18, 1)), (1, (24, 1)), (1, (29, 1)), (1, (41, 1))]);
    assert_eq!(mapping.defaults.tags, ["legacy"]);
    assert_eq!(mapping.defaults.to.as_deref(), Some("support@acme.example"));
    assert_eq!(mapping.defaults.date_fallback, DateFallback::Fixed(date(2001, 1, 1)));
    assert_eq!((mapping.defaults.oversize, mapping.defaults.unlisted_labels), (Oversize::Reject, UnlistedLabels::Tag));
    assert_eq!(mapping.labels.get("Important").map(String::as_str), Some("vip"));
    assert_eq!(mapping.thread.header.as_deref(), Some("X-Ticket-ID"));
    assert_eq!(mapping.thread.join_by_subject, 3);
    let ticket = mapping.thread.subject.as_ref().and_then(|subject| subject.captures("Re: [#42] help"));
    assert_eq!(ticket.and_then(|groups| groups.get(1)).map(|group| group.as_str()), Some("42"));
    assert_eq!((mapping.identity.namespace.as_str(), mapping.identity.collisions), ("acme", Collisions::Richest));
    assert_eq!(mapping.identity.copies, InboxCopies::PerInbox);
    let send = &mapping.send;
    assert!((send.share - 1.0).abs() < f64::EPSILON);
    assert_eq!((send.reserve, send.burst, send.per_resource, send.in_flight), (0, true, 50, 256));
    assert_eq!((send.settle(true), send.order), (Duration::from_millis(500), Order::OldestFirst));
    assert_eq!(send.patience(true), Duration::from_secs(90));
}

#[test]
fn a_chat_table_is_understood_and_its_columns_keep_their_places() {
    let mapping = accepted(FULLEST);
    let Some(Format::Csv(csv)) = mapping.sources.get(2).map(|source| &source.format) else { panic!("a csv source") };
    assert_eq!((csv.columns.conversation.as_str(), csv.columns.text.as_str()), ("chat_id", "message"));
    assert_eq!((csv.columns.clock.as_deref(), csv.columns.labels.as_deref()), (Some("hour"), Some("labels")));
    assert_eq!(csv.columns_at.len(), 11);
    let line = FULLEST.lines().nth(29).unwrap();
    let column = line.find("\"message\"").unwrap() + 1;
    assert_eq!(csv.columns_at.get("text"), Some(&(30, column)));
    assert_eq!(csv.date, [DateFormat::Pattern("%d/%m/%Y %H:%M:%S".into())]);
    assert_eq!(csv.timezone.as_ref().and_then(|zone| zone.iana_name()), Some("Europe/Paris"));
    assert_eq!(csv.encoding, Some(encoding_rs::WINDOWS_1252));
    assert_eq!(csv.delimiter, Some(b'\t'));
    assert_eq!(csv.roles.get("visitor"), Some(&Role::Inbound));
    assert_eq!(csv.roles.get("agent"), Some(&Role::Outbound));
    assert_eq!(csv.roles.get("system"), Some(&Role::Skip));
    assert_eq!(csv.recipient.as_deref(), Some("support@acme.example"));
}

#[test]
fn a_table_of_another_layout_is_understood() {
    let mapping = accepted(FULLEST);
    let Some(Format::Csv(csv)) = mapping.sources.get(3).map(|source| &source.format) else { panic!("a csv source") };
    let pattern = |text: &str| DateFormat::Pattern(text.to_owned());
    assert_eq!(csv.date, [pattern("%Y-%m-%d"), DateFormat::Iso, DateFormat::EpochMicroseconds]);
    assert_eq!(csv.clock_format.as_deref(), Some("%I:%M %p"));
    assert_eq!((csv.daylight_saving, csv.quote), (DaylightSaving::Reject, Some(Quote::Never)));
    assert!(csv.text_is_html && csv.message_type == MessageType::Email);
    assert_eq!((csv.roles.get("*"), csv.kinds.get("note")), (Some(&Role::Outbound), Some(&RowKind::Note)));
    assert_eq!(csv.kinds.get("close"), Some(&RowKind::MessageIfText));
    let transcript = csv.transcript.as_ref().unwrap();
    assert!(transcript.column == "log" && transcript.line.is_match("1:00 PM Ann: hi"));
    let join = csv.join.as_ref().unwrap();
    assert_eq!((join.name.as_str(), join.on.as_str(), join.key.as_str()), ("ticket", "chat id", "id"));
    assert_eq!(join.paths, ["tickets.csv"]);
    assert_eq!(csv.people[0].handle, ["operator * id", "operator * mail"]);
}

#[test]
fn rules_keep_their_order_their_line_and_every_condition() {
    let mapping = accepted(FULLEST);
    let [first, second] = mapping.rules.as_slice() else { panic!("two rules") };
    let headers: Vec<usize> =
        FULLEST.lines().enumerate().filter(|(_, line)| *line == "[[rule]]").map(|(index, _)| index + 1).collect();
    assert_eq!([first.at.line, second.at.line], *headers);
    let tests: Vec<String> = first.when.each().map(|condition| format!("{:?}", condition.test)).collect();
    assert_eq!(tests, CONDITIONS_OF_FULLEST);
    assert_eq!(
        (first.inbox.as_deref(), first.tags.as_slice(), &first.skip),
        (Some("Billing"), &["billing".to_owned()][..], &None)
    );
    assert_eq!(second.skip.as_deref(), Some("older than we keep"));
    assert!(matches!(second.when.conditions[0].test, Test::Before(day) if day == date(2015, 1, 1)));
}

#[test]
fn columns_may_be_a_table_of_their_own_and_times_with_a_zone_need_no_other() {
    for date in ["iso", "epoch-seconds", "epoch-milliseconds", "%Y-%m-%dT%H:%M:%S%z", "%s"] {
        let text = format!(
            "version = 1\ntarget.inbox = \"Support\"\n[[source]]\nname = \"c\"\nformat = \"csv\"\npath = \"c.csv\"\n\
             date = \"{date}\"\ndelimiter = \"\\t\"\n[source.columns]\nconversation = \"a\"\ntime = \"b\"\nsender = \"c\"\ntext = \"d\"\n"
        );
        let mapping = accepted(&text);
        let Some(Format::Csv(csv)) = mapping.sources.first().map(|source| &source.format) else {
            panic!("a csv source")
        };
        assert_eq!((csv.delimiter, csv.timezone.is_none(), csv.roles.len()), (Some(b'\t'), true, 0));
        assert_eq!(csv.columns_at.get("text"), Some(&(13, 8)));
    }
}

#[test]
fn a_mapping_beside_us_has_the_current_folder_as_its_base() {
    let mapping = parse(Path::new("mapping.toml"), SMALLEST).unwrap();
    assert_eq!(mapping.base, Path::new("."));
}

#[test]
fn a_mapping_saved_by_windows_is_read_with_the_same_places() {
    let text = format!("\u{feff}{}", SMALLEST.replace('\n', "\r\n"));
    assert_eq!(accepted(&text).sources.first().map(|source| source.path_at), Some((7, 1)));
    assert_eq!(accepted(&text).text, text);
    let errors = load_text(&text.replace("= 1", "= 2").replace("path", "paht")).unwrap_err();
    assert!(errors.diagnostics().iter().any(|found| (found.line, found.column) == (1, 11)), "{errors}");
    assert!(errors.diagnostics().iter().any(|found| (found.line, found.column) == (7, 1)), "{errors}");
}

#[test]
fn the_digest_is_that_of_the_text() {
    assert_eq!(accepted(SMALLEST).digest(), *blake3::hash(SMALLEST.as_bytes()).as_bytes());
    assert_ne!(accepted(SMALLEST).digest(), accepted(&format!("{SMALLEST}\n")).digest());
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("mapping.toml");
    for (path, remedy) in
        [(missing.as_path(), "`threadlift init EXPORT`"), (folder.path(), "name the mapping file inside it")]
    {
        let errors = load(path).unwrap_err();
        let shown = errors.to_string();
        assert!(shown.contains(&path.display().to_string()) && shown.contains(remedy), "{shown}");
        assert_eq!(errors.diagnostics().first().map(|found| (found.line, found.column)), Some((0, 0)));
        assert_eq!(errors.path(), path);
    }
}

#[test]
fn a_file_that_is_not_utf8_is_refused_at_its_first_wrong_byte() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mapping.toml");
    std::fs::write(&path, b"version = 1\n# caf\xe9\n").unwrap();
    let errors = load(&path).unwrap_err();
    let found = errors.diagnostics().first().unwrap();
    assert_eq!((found.line, found.column, found.width), (2, 6, 1));
    assert!(found.help.contains("UTF-8"));
}

#[test]
fn an_export_given_by_mistake_is_not_read_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mail.mbox");
    File::create(&path).and_then(|file| file.set_len(1 << 40)).unwrap();
    assert!(load(&path).unwrap_err().to_string().contains("not an export"));
}

#[test]
fn a_mapping_is_read_from_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mapping.toml");
    std::fs::write(&path, FULLEST).unwrap();
    let mapping = load(&path).unwrap();
    assert_eq!(
        (mapping.path.as_path(), mapping.base.as_path(), mapping.text.as_str()),
        (path.as_path(), folder.path(), FULLEST)
    );
}
