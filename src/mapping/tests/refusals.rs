//! One test for each thing that is refused: it stands where `▶` is, and its remedy is named.

use super::super::*;
use super::SMALLEST;

const HEAD: &str = "version = 1\n[target]\ninbox = \"Support\"\n";

const CSV: &str = "name = \"chats\"\nformat = \"csv\"\npath = \"chats.csv\"\ndate = \"iso\"\n";

const COLUMNS: &str = "columns = { conversation = \"c\", time = \"t\", sender = \"s\", text = \"m\" }\n";

/// Exactly one thing is wrong with `marked` (less the mark): at the mark, with these words in title and help.
#[track_caller]
fn refused(marked: &str, title: &str, help: &str) {
    let (before, after) = marked.split_once('▶').expect("a mark");
    let place =
        (before.matches('\n').count() + 1, before.chars().rev().take_while(|letter| *letter != '\n').count() + 1);
    let errors = parse(Path::new("m.toml"), &format!("{before}{after}")).expect_err("accepted");
    let [found] = errors.diagnostics() else { panic!("more than one thing wrong:\n{errors}") };
    assert_eq!((found.line, found.column), place, "\n{errors}");
    assert!(found.title.contains(title), "title lacks {title:?}:\n{errors}");
    assert!(found.help.contains(help), "help lacks {help:?}:\n{errors}");
}

/// The same for a piece that stands behind an otherwise good mapping.
#[track_caller]
fn refused_after(piece: &str, title: &str, help: &str) {
    refused(&format!("{SMALLEST}{piece}"), title, help);
}

/// The same for what makes a source of an otherwise good mapping.
#[track_caller]
fn refused_source(keys: &str, title: &str, help: &str) {
    refused(&format!("{HEAD}[[source]]\n{keys}"), title, help);
}

/// The same for a csv source with all that it needs.
#[track_caller]
fn refused_csv(keys: &str, title: &str, help: &str) {
    refused_source(&format!("{CSV}{COLUMNS}{keys}"), title, help);
}

#[test]
fn a_version_is_required_and_must_be_known() {
    refused(&format!("▶{}", SMALLEST.replace("version = 1\n", "")), "lacks the key `version`", "`version = 1`");
    refused(&SMALLEST.replace("= 1", "= ▶2"), "version `2`", "reads version 1");
    refused(&SMALLEST.replace("= 1", "= ▶\"1\""), "takes a whole number, not a string", "`version = 1`");
}

#[test]
fn unknown_keys_are_refused_everywhere_with_the_nearest_one() {
    refused_after("[▶lables]\n", "unknown key `lables` in the mapping", "did you mean `labels`?");
    refused(&SMALLEST.replace("inbox = \"Support\"", "inbox = \"S\"\n▶baseurl = \"x\""), "in [target]", "`base_url`");
    refused_after("▶pathh = 1\n", "unknown key `pathh` in [[source]]", "did you mean `path`?");
    refused_after("[ours]\n▶domain = []\n", "in [ours]", "did you mean `domains`?");
    refused_after("[defaults]\n▶tag = []\n", "in [defaults]", "did you mean `tags`?");
    refused_after("[thread]\n▶join-by-subject = 1\n", "in [thread]", "did you mean `join_by_subject`?");
    refused_after("[[rule]]\nwhen = { ▶labels = \"a\" }\nskip = \"x\"\n", "in `when`", "did you mean `label`?");
    refused_after(
        "[[rule]]\nwhen = { label = \"a\" }\nskip = \"x\"\n▶inbx = \"b\"\n",
        "in [[rule]]",
        "did you mean `inbox`?",
    );
    refused_after("[identity]\n▶colour = 1\n", "in [identity]", "`copies` or `also_in_tag`");
    refused_after("[silence]\n▶rule = \"x\"\n", "in [silence]", "did you mean `rules`?");
    refused_after("[send]\n▶inflight = 1\n", "in [send]", "did you mean `in_flight`?");
    let columns = COLUMNS.replace(" }", ", ▶rôle = \"r\" }").replace("▶rôle", "▶\"rôle\"");
    refused_source(&format!("{CSV}{columns}"), "unknown key `rôle` in `columns`", "did you mean `role`?");
}

#[test]
fn values_of_the_wrong_type_are_refused_with_the_right_spelling() {
    refused(&SMALLEST.replace("\"Support\"", "▶7"), "`inbox` takes a string, not a whole number", "in quotes: \"7\"");
    refused(&SMALLEST.replace("\"Support\"", "▶[\"a\"]"), "not a list", "one string in quotes");
    refused_after("[defaults]\ntags = ▶\"legacy\"\n", "`tags` takes a list, not a string", "`tags = [\"legacy\"]`");
    refused_after("[defaults]\ntags = [\"a\", ▶5]\n", "`tags` takes a string", "in quotes: \"5\"");
    refused_after("[send]\nreserve = ▶\"10\"\n", "takes a whole number, not a string", "write a whole number from 0");
    refused_after("[send]\nshare = ▶true\n", "`share` takes a number, not true or false", "such as 0.8");
    refused_after("[▶rule]\nskip = \"x\"\n".replace("[▶rule]", "▶[rule]").as_str(), "a list of tables", "`[[rule]]`");
    refused(&SMALLEST.replace("[[source]]", "▶[source]"), "a list of tables", "`[[source]]`");
    refused(&format!("labels = ▶1\n{SMALLEST}"), "`labels` takes a table", "`[labels]`");
    refused(&format!("send = ▶[]\n{SMALLEST}"), "`send` takes a table, not a list", "`[send]`");
    refused_after("[[rule]]\nwhen = ▶\"x\"\nskip = \"x\"\n", "`when` takes a table", "`when = { ... }`");
}

#[test]
fn empty_strings_and_lists_are_refused() {
    refused(&SMALLEST.replace("\"Support\"", "▶\" \""), "`inbox` is empty", "write a value");
    refused(&SMALLEST.replace("\"mail.mbox\"", "▶[]"), "the list `path` is empty", "name at least one value");
    refused_after("[[rule]]\nwhen = { label = ▶[] }\nskip = \"x\"\n", "the list `label` is empty", "at least one");
}

#[test]
fn a_target_with_an_inbox_is_required() {
    refused(
        "▶version = 1\n[[source]]\nname = \"m\"\nformat = \"eml\"\npath = \"m\"\n",
        "lacks the key `target`",
        "[target]",
    );
    refused(
        &SMALLEST.replace("[target]\ninbox = \"Support\"", "▶[target]"),
        "lacks the key `inbox`",
        "inbox = \"Support\"",
    );
}

#[test]
fn a_token_never_travels_in_the_clear() {
    let with = |url: &str| SMALLEST.replace("\"Support\"", &format!("\"Support\"\nbase_url = ▶\"{url}\""));
    refused(&with("http://api2.frontapp.com"), "plain http would show the token", "use https");
    refused(&with("api2.frontapp.com"), "not a URL", "https://api2.frontapp.com");
}

#[test]
fn addresses_and_domains_are_bare() {
    refused_after("[ours]\ndomains = [▶\"@acme.example\"]\n", "not a domain", "write \"acme.example\"");
    refused_after(
        "[ours]\ndomains = [▶\"support@acme.example\"]\n",
        "not a domain",
        "the domain alone: \"acme.example\"",
    );
    refused_after("[ours]\ndomains = [▶\"*.acme.example\"]\n", "not a domain", "each domain in full");
    refused_after("[ours]\ndomains = [▶\"https://acme.example\"]\n", "not a domain", "behind the `@`");
    refused_after("[ours]\naddresses = [▶\"acme.example\"]\n", "not a mail address", "the whole address");
    refused_after("[ours]\naddresses = [▶\"Acme <a@acme.example>\"]\n", "not a mail address", "\"a@acme.example\"");
    refused_after("[ours]\naddresses = [▶\"a@x.example, b@x.example\"]\n", "not a mail address", "one bare address");
    refused_after("[ours]\naddresses = [▶\"@acme.example\"]\n", "not a mail address", "one bare address");
    refused_after("[defaults]\nto = ▶\"support\"\n", "not a mail address", "support@acme.example");
}

#[test]
fn agents_are_addresses_and_teammates() {
    refused_after("[agents]\n▶leela = \"tea_1\"\n", "`leela` is not a mail address", "the whole address");
    refused_after("[agents]\n\"l@a.example\" = ▶\"l@a.example\"\n", "not name a teammate", "\"alt:email:l@a.example\"");
    refused_after("[agents]\n\"l@a.example\" = ▶\"Leela\"\n", "not name a teammate", "tea_...");
    refused_after("[agents]\n\"l@a.example\" = ▶\"tea_\"\n", "not name a teammate", "tea_...");
    let twice = "[agents]\n\"L@a.example\" = \"tea_1\"\n▶\"l@A.example\" = \"tea_2\"\n";
    refused_after(twice, "named twice", "keep one");
    refused_after("[agents]\n▶leela.acme = { x = 1 }\n", "not in quotes", "\"leela@acme.example\"");
}

#[test]
fn at_least_one_source_is_required() {
    refused(&format!("▶{HEAD}"), "the mapping has no source", "`[[source]]`");
    refused(&format!("▶source = []\n{HEAD}"), "the mapping has no source", "`[[source]]`");
}

#[test]
fn sources_have_unique_plain_names() {
    let second = "[[source]]\nname = ▶\"mail\"\nformat = \"eml\"\npath = \"x\"\n";
    refused_after(second, "two sources are named `mail`", "a name of its own");
    refused_after(&second.replace("mail", "old mail"), "not a name for a source", "A-Z a-z 0-9 _ -");
    refused(
        &SMALLEST.replace("name = \"mail\"\n", "").replace("[[s", "▶[[s"),
        "lacks the key `name`",
        "name = \"mail\"",
    );
}

#[test]
fn a_source_needs_a_known_format_and_a_path() {
    refused(&SMALLEST.replace("\"mbox\"", "▶\"mbx\""), "`mbx` is no value of `format`", "did you mean `mbox`?");
    refused(&SMALLEST.replace("\"mbox\"", "▶\"zip\""), "`zip` is no value of `format`", "`mbox`, `eml` or `csv`");
    refused(&SMALLEST.replace("format = \"mbox\"\n", "").replace("[[s", "▶[[s"), "lacks the key `format`", "\"csv\"");
    refused(&SMALLEST.replace("path = \"mail.mbox\"\n", "").replace("[[s", "▶[[s"), "lacks the key `path`", "path =");
    refused_after("namespace = ▶\"über\"\n", "not a namespace", "1 to 64");
    refused_after("[identity]\nnamespace = ▶\"a/b\"\n", "not a namespace", "1 to 64");
    refused_after(&format!("namespace = ▶\"{}\"\n", "n".repeat(65)), "not a namespace", "1 to 64");
}

#[test]
fn keys_of_chat_tables_are_refused_in_other_formats() {
    for key in [
        "columns = {}",
        "date = \"iso\"",
        "timezone = \"UTC\"",
        "encoding = \"utf-8\"",
        "delimiter = \";\"",
        "roles = {}",
    ] {
        refused_after(&format!("▶{key}\n"), "is only for csv sources", "set `format = \"csv\"`");
    }
    let eml = "[[source]]\nname = \"eml\"\nformat = \"eml\"\npath = \"eml\"\n▶recipient = \"a@b\"\n";
    refused_after(eml, "`recipient` is only for csv", "remove `recipient`");
}

#[test]
fn the_country_of_numbers_is_one_we_know() {
    let table = |country: &str| format!("{HEAD}[[source]]\n{CSV}{country}{COLUMNS}");
    refused(&table("country = ▶\"FX\"\n"), "unknown country `FX`", "did you mean");
    refused(&table("country = ▶\"France\"\n"), "unknown country `France`", "ISO 3166-1");
    refused_after("▶country = \"FR\"\n", "`country` is only for csv sources", "set `format = \"csv\"`");
}

#[test]
fn a_chat_table_needs_its_columns_and_its_date() {
    refused(&format!("{HEAD}▶[[source]]\n{CSV}"), "lacks the key `columns`", "conversation = \"...\"");
    let undated = CSV.replace("date = \"iso\"\n", "");
    refused(&format!("{HEAD}▶[[source]]\n{undated}{COLUMNS}"), "lacks the key `date`", "date = \"iso\"");
    for key in ["conversation = \"c\", ", "time = \"t\", ", "sender = \"s\", ", ", text = \"m\""] {
        let columns = COLUMNS.replace(key, "").replace('{', "▶{");
        let name = key.trim_matches([',', ' ']).split(' ').next().unwrap();
        refused_source(&format!("{CSV}{columns}"), &format!("lacks `{name}`"), &format!("add `{name} ="));
    }
    refused_source(&format!("{CSV}{}", COLUMNS.replace("\"t\"", "▶\"\"")), "`time` is empty", "write a value");
}

#[test]
fn dates_are_declared_and_never_guessed() {
    let with = |date: &str| format!("{}{COLUMNS}timezone = \"UTC\"\n", CSV.replace("\"iso\"", &format!("▶\"{date}\"")));
    refused_source(&with("ios"), "`ios` is no date format", "did you mean `iso`?");
    refused_source(&with("YYYY-MM-DD"), "no date format", "%Y-%m-%d");
    refused_source(&with("%H:%M"), "cannot be used", "%Y-%m-%d");
    refused_source(&with("%Y-%m-%d %I:%M"), "date pattern", "%");
    refused_source(&with("%Y-%m-%d %H:%M %Z"), "%Z", "%z");
    let zoneless = with("%Y-%m-%d %H:%M").replace("timezone = \"UTC\"\n", "");
    refused_source(&zoneless, "`timezone` is not set", "timezone = \"Europe/Paris\"");
}

#[test]
fn zone_encoding_and_delimiter_must_be_known() {
    refused_csv("timezone = ▶\"Europe/Pariss\"\n", "unknown time zone", "did you mean `Europe/Paris`?");
    refused_csv("timezone = ▶\"Berlin\"\n", "unknown time zone", "did you mean `Europe/Berlin`?");
    refused_csv("timezone = ▶\"+02:00\"\n", "unknown time zone", "IANA");
    refused_csv("timezone = ▶\"Etc/Unknown\"\n", "unknown time zone", "IANA");
    refused_csv("encoding = ▶\"windows-125\"\n", "unknown encoding", "did you mean `windows-125");
    refused_csv("encoding = ▶\"ebcdic\"\n", "unknown encoding", "windows-1252");
    refused_csv("delimiter = ▶\"tabs\"\n", "cannot be a delimiter", "\"tab\"");
    refused_csv("delimiter = ▶\";;\"\n", "cannot be a delimiter", "one character");
    refused_csv("delimiter = ▶\"§\"\n", "cannot be a delimiter", "one character");
    refused_csv("delimiter = ▶\"x\"\n", "cannot be a delimiter", "one character");
}

#[test]
fn roles_and_their_column_need_each_other() {
    refused_csv("▶roles = { a = \"inbound\" }\n", "names no role column", "add `role = \"...\"`");
    let columns = COLUMNS.replace(" }", ", role = ▶\"r\" }");
    refused_source(&format!("{CSV}{columns}"), "`roles` is not set", "roles = {");
    let columns = columns.replace('▶', "");
    refused_source(
        &format!("{CSV}{columns}roles = {{ agent = ▶\"outbond\" }}\n"),
        "no value of `agent`",
        "did you mean `outbound`?",
    );
    refused_source(
        &format!("{CSV}{columns}roles = {{ agent = ▶true }}\n"),
        "takes a string",
        "`inbound`, `outbound` or `skip`",
    );
    refused_source(&format!("{CSV}{columns}roles = ▶{{}}\n"), "`roles` is empty", "visitor = \"inbound\"");
}

#[test]
fn tags_fit_front() {
    let long = "t".repeat(65);
    refused_after(&format!("[defaults]\ntags = [▶\"{long}\"]\n"), "too long", "at most 64 characters");
    refused_after(&format!("[labels]\nA = ▶\"{long}\"\n"), "too long", "at most 64 characters");
    refused_after(&format!("[[rule]]\nwhen = {{ label = \"a\" }}\ntags = [▶\"{long}\"]\n"), "too long", "at most 64");
    refused_after("[labels]\nA = ▶\"\"\n", "`A` is empty", "write a value");
    refused_after("[labels]\nA = ▶[\"x\"]\n", "`A` takes a string, not a list", "one string");
    let mapping = parse(Path::new("m"), &format!("{SMALLEST}[labels]\nA = \"{}\"\n", "é".repeat(64)));
    assert!(mapping.is_ok(), "64 characters are 64 characters, however many bytes");
}

#[test]
fn default_policies_are_known_words() {
    refused_after(
        "[defaults]\ndate_fallback = ▶\"filetime\"\n",
        "no value of `date_fallback`",
        "did you mean `file-time`?",
    );
    refused_after("[defaults]\ndate_fallback = ▶\"2001-01-01\"\n", "takes a day", "remove the quotes: 2001-01-01");
    refused_after("[defaults]\ndate_fallback = ▶2001-01-01T10:00:00Z\n", "a day without a time", "2015-01-01");
    refused_after("[defaults]\noversize = ▶\"drop\"\n", "no value of `oversize`", "`note` or `reject`");
    refused_after("[defaults]\nunlisted_labels = ▶\"tags\"\n", "no value of `unlisted_labels`", "did you mean `tag`?");
    refused_after("[identity]\ncollisions = ▶\"keep_both\"\n", "no value of `collisions`", "did you mean `keep-both`?");
    refused_after("[send]\norder = ▶\"oldest\"\n", "no value of `order`", "`oldest-first`");
    refused_after("[identity]\ncopies = ▶\"both\"\n", "no value of `copies`", "`one` or `per-inbox`");
}

#[test]
fn the_tag_for_further_inboxes_is_checked_with_the_inboxes_that_rules_name() {
    refused_after("[identity]\nalso_in_tag = ▶\"also in {Inbox}\"\n", "braces", "write `{inbox}`");
    let both = "[identity]\ncopies = \"per-inbox\"\nalso_in_tag = ▶\"also in {inbox}\"\n";
    refused_after(both, "nothing to tag", "remove one of the two");
    let rule = format!("[[rule]]\nwhen = {{ label = \"x\" }}\ninbox = \"{}\"\n", "é".repeat(57));
    refused_after(&format!("[identity]\nalso_in_tag = ▶\"also in {{inbox}}\"\n{rule}"), "too long", "at most 64");
    let fits = rule.replacen('é', "", 1);
    let text = format!("{SMALLEST}[identity]\nalso_in_tag = \"also in {{inbox}}\"\n{fits}");
    let identity = parse(Path::new("m.toml"), &text).expect("56 letters and 8 are 64").identity;
    assert_eq!(identity.also_in_tag.as_deref(), Some("also in {inbox}"));
}

#[test]
fn patterns_and_headers_are_checked() {
    refused_after("[thread]\nsubject = ▶'(\\d+'\n", "unclosed group", "single quotes");
    refused_after(
        "[thread]\nheader = ▶\"X-Ticket-ID:\"\n",
        "not the name of a header",
        "write the name alone: \"X-Ticket-ID\"",
    );
    refused_after("[thread]\nheader = ▶\"X Ticket\"\n", "not the name of a header", "before the colon");
    refused_after("[thread]\njoin_by_subject = ▶-1\n", "out of range", "from 0");
    refused_after("[[rule]]\nwhen = { subject = ▶\"a{3,2}\" }\nskip = \"x\"\n", "not a regular expression", "mend");
    refused_after("[[rule]]\nwhen = { subject = ▶'a(?=b)' }\nskip = \"x\"\n", "look-around", "mend");
}

#[test]
fn a_rule_has_conditions_that_can_be_true() {
    let rule = |when: &str| format!("[[rule]]\nwhen = {{ {when} }}\nskip = \"x\"\n");
    refused_after(&rule("source = ▶\"mial\""), "no source is named `mial`", "did you mean `mail`?");
    refused_after(&rule("source = [\"mail\", ▶\"chats\"]"), "no source is named `chats`", "`mail`");
    refused_after("▶[[rule]]\nskip = \"x\"\n", "has no condition", "`when = { label");
    refused_after("[[rule]]\nwhen = ▶{}\nskip = \"x\"\n", "has no condition", "[defaults]");
    refused_after(&rule("domain = ▶\"@acme.example\""), "not a domain", "write \"acme.example\"");
    refused_after(&rule("before = ▶\"2015-01-01\""), "takes a day, not a string", "remove the quotes: 2015-01-01");
    refused_after(&rule("since = ▶12:00:00"), "a day without a time", "2015-01-01");
    refused_after(&rule("since = 2015-01-01, ▶before = 2015-01-01"), "both before and since", "later than `since`");
}

#[test]
fn conditions_inside_of_others_are_checked_like_all() {
    let rule = |when: &str| format!("[[rule]]\nwhen = {{ {when} }}\nskip = \"x\"\n");
    refused_after(&rule("any = ▶{ label = \"a\" }"), "`any` takes a list of tables", "any = [{ label");
    refused_after(&rule("any = ▶[]"), "the list `any` is empty", "write a list of conditions");
    refused_after(&rule("any = [▶\"a\"]"), "takes a list of tables", "write tables in it");
    refused_after(&rule("all = [{ ▶labels = \"a\" }]"), "unknown key `labels` in `all`", "did you mean `label`?");
    refused_after(&rule("not = ▶{}"), "a condition is empty", "name what must hold");
    refused_after(&rule("not = { before = ▶1 }"), "takes a day", "2015-01-01");
    refused_after(&rule("header = { ▶\"X: a\" = 'b' }"), "not the name of a header", "write the name alone");
    refused_after(&rule("header = { a = ▶'(' }"), "not a regular expression", "mend the pattern");
    refused_after(&rule("column = ▶{}"), "`column` names nothing", "'pattern'");
    refused_after(&rule("larger = ▶\"10\""), "not a size", "150 MB");
    refused_after(&rule("larger = \"2 MB\", ▶smaller = \"2 MB\""), "smaller and larger", "the greater of the two");
    refused_after(&rule("direction = ▶\"in\""), "no value of `direction`", "`inbound` or `outbound`");
    refused_after(&rule("has_attachment = ▶\"yes\""), "takes true or false", "without quotes");
    let nested = (0..9).fold("label = \"a\"".to_owned(), |inner, _| format!("not = {{ {inner} }}"));
    let marked = rule(&nested).replace("{ label", "▶{ label");
    refused_after(&marked, "nested too deeply", "several rules");
}

#[test]
fn what_a_rule_does_is_checked() {
    let rule = |action: &str| format!("[[rule]]\nwhen = {{ label = \"a\" }}\n{action}\n");
    refused_after(&rule("assignee = ▶\"leela@acme.example\""), "does not name a teammate", "alt:email:leela");
    refused_after(&rule("archived = ▶false"), "takes true or its one long value", "no-leave-these-conversations-open");
    refused_after(&rule("direction = ▶\"out\""), "no value of `direction`", "`outbound`");
    refused_after(&rule("thread = ▶{}"), "`thread` names nothing", "X-Ticket-ID");
    refused_after(&rule("thread = ▶{ pattern = 'a' }"), "`thread` names nothing", "X-Ticket-ID");
    refused_after(&rule("thread = ▶{ header = \"a\", column = \"b\" }"), "names several things", "name one");
    refused_after(
        &rule("thread = { subject = 'a', ▶pattern = 'b' }"),
        "for a header or a column",
        "value of `subject`",
    );
    refused_after(&rule("▶skip = \"x\"\nassignee = \"tea_1\""), "cannot set `assignee` as well", "two rules");
}

#[test]
fn a_rule_does_one_thing_or_the_other() {
    refused_after("▶[[rule]]\nwhen = { label = \"a\" }\n", "this rule does nothing", "`inbox = \"...\"`");
    let both = "[[rule]]\nwhen = { label = \"a\" }\ninbox = \"B\"\n▶skip = \"x\"\n";
    refused_after(both, "cannot set `inbox` as well", "remove `skip`");
    refused_after(&both.replace("inbox = \"B\"", "tags = [\"b\"]"), "cannot set `tags` as well", "remove `skip`");
}

#[test]
fn silence_is_broken_by_its_long_words_alone() {
    refused_after("[silence]\narchived = ▶false\n", "one long value", "\"no-leave-every-imported-conversation-open\"");
    refused_after("[silence]\narchived = ▶\"no\"\n", "one long value", "\"no-leave-every-imported-conversation-open\"");
    refused_after(
        "[silence]\nrules = ▶\"run\"\n",
        "one long value",
        "\"run-front-rules-which-may-send-mail-to-customers\"",
    );
}

#[test]
fn sending_stays_within_its_ranges() {
    for share in ["0", "0.0", "1.01", "-0.5", "nan", "inf", "80"] {
        refused_after(&format!("[send]\nshare = ▶{share}\n"), "`share` is out of range", "above 0 and up to 1");
    }
    for number in ["0", "257", "-1", "99999999999999999999"] {
        refused_after(&format!("[send]\nin_flight = ▶{number}\n"), "`in_flight` is out of range", "from 1 to 256");
    }
    refused_after("[send]\nper_resource = ▶0\n", "out of range", "from 1");
    refused_after("[send]\nreserve = ▶4294967296\n", "out of range", "from 0");
    refused_after("[send]\nburst = ▶\"true\"\n", "takes true or false, not a string", "without quotes");
    refused_after("[send]\nburst = ▶1\n", "takes true or false, not a whole number", "without quotes");
    refused_after("[send]\nsettle = ▶\"10\"\n", "not a length of time", "\"10s\" or \"10ms\"");
    refused_after("[send]\nsettle = ▶\"1.5s\"\n", "not a length of time", "whole number");
    refused_after("[send]\nsettle = ▶10\n", "takes a string", "in quotes");
}

#[test]
fn what_is_not_toml_is_refused_at_its_place() {
    refused_after("[send]\n[▶send]\n", "duplicate key", "keep one");
    refused("version = 1\n[target]\ninbox = ▶Support\n", "not TOML", "quotes");
    refused("version = 1\n[labels]\nKund▶é = \"customer\"\n", "not TOML", "put quotes round a name");
}

#[test]
fn names_as_data_are_named_one_by_one_and_only_for_mails() {
    let labels = SMALLEST.replace("[[source]]", "[[source]]\nlabels_from = [\"flags\", ▶\"path\"]");
    refused(&labels, "`path` gives no labels", "\"folders\", \"file\" and \"flags\"");
    refused_source(&format!("{CSV}{COLUMNS}▶labels_from = []\n"), "only for mbox sources", "remove `labels_from`");
    refused_source(&format!("{CSV}{COLUMNS}▶dialect = \"mboxo\"\n"), "only for mbox sources", "remove `dialect`");
    let dialect = SMALLEST.replace("[[source]]", "[[source]]\ndialect = ▶\"mboxro\"");
    refused(&dialect, "mboxro", "did you mean `mboxo`?");
}

#[test]
fn limits_have_units_and_bounds() {
    refused_after("[limits]\nmail = ▶\"150\"\n", "`150` is not a size", "\"150 MB\"");
    refused_after("[limits]\nmail = ▶\"5 GB\"\n", "`5 GB` is not a size", "at most \"4000 MB\"");
    refused_after("[limits]\nnesting = ▶0\n", "`nesting` is out of range", "from 1 to 1000");
}

/// A source whose columns are these.
#[track_caller]
fn refused_columns(columns: &str, keys: &str, title: &str, help: &str) {
    refused_source(&format!("{CSV}columns = {columns}\n{keys}"), title, help);
}

#[test]
fn times_without_zone_need_one_from_somewhere_and_clocks_a_format_that_can_be_read() {
    let keys = CSV.replace("\"iso\"", "[\"iso\", ▶\"%d/%m/%Y\"]");
    refused_source(&format!("{keys}{COLUMNS}"), "no zone", "`timezone` in `columns`");
    refused_source(
        &format!("{}{COLUMNS}", CSV.replace("\"iso\"", "▶[]")),
        "the list `date` is empty",
        "name at least one",
    );
    refused_csv("clock_format = ▶\"%H:%M\"\n", "names no clock", "add `clock = ");
    let columns = "{ conversation = \"c\", time = \"t\", clock = \"k\", sender = \"s\", text = \"m\" }";
    refused_columns(columns, "clock_format = ▶\"%I:%M\"\n", "no format of a time of day", "%I:%M %p");
    refused_csv("daylight_saving = ▶\"guess\"\n", "no value of `daylight_saving`", "compatible");
}

#[test]
fn a_quote_is_one_of_the_two_there_are_or_none() {
    refused_csv("quote = ▶\"´\"\n", "cannot be a quote", "\"none\"");
}

#[test]
fn kinds_and_their_column_need_each_other() {
    refused_csv("▶kinds = { a = \"message\" }\n", "names no kind column", "add `kind = \"...\"`");
    let columns = "{ conversation = \"c\", time = \"t\", sender = \"s\", text = \"m\", kind = ▶\"k\" }";
    refused_columns(columns, "", "`kinds` is not set", "kinds = { comment");
    let columns = columns.replace('▶', "");
    refused_columns(&columns, "kinds = { a = ▶\"massage\" }\n", "`massage` is no value", "did you mean `message`?");
}

#[test]
fn numbered_columns_are_named_with_one_star_and_only_where_it_is_clear_which_is_meant() {
    let columns = "{ conversation = \"c\", time = \"t\", sender = \"s\", text = ▶\"a * b *\" }";
    refused_columns(columns, "", "more than one `*`", "one `*` stands for");
    let columns = "▶{ conversation = \"c\", time = \"t\", sender = \"who *\", text = \"m\" }";
    refused_columns(columns, "", "`sender` names numbered columns", "use `*` in `text` as well");
}

#[test]
fn a_transcript_needs_a_pattern_whose_groups_are_the_columns() {
    let line = |pattern: &str| format!("transcript = {{ column = \"log\", line = {pattern} }}\n");
    refused_csv(&line("▶'(?<m'"), "not a regular expression", "single quotes");
    refused_csv(&line("▶'(.*)'"), "names no group", "name the parts");
    let columns = "{ conversation = \"c\", time = \"t\", sender = \"s\", text = ▶\"m\" }";
    refused_columns(columns, &line("'(?<words>.*)'"), "no group of the line pattern", "text = \"words\"");
    refused_csv("transcript = ▶{ column = \"log\" }\n", "lacks the key `line`", "add `line = ");
    let columns = "{ conversation = \"c\", time = \"t\", sender = \"s\", text = \"m *\" }";
    refused_columns(columns, &format!("▶{}", line("'(?<m>.*)'")), "numbered columns", "take `transcript` out");
}

#[test]
fn a_second_table_needs_a_name_its_files_and_both_keys() {
    let whole = "join = ▶{ name = \"ticket\", path = \"t.csv\", on = \"c\", key = \"id\" }\n";
    for part in ["name = \"ticket\", ", "path = \"t.csv\", ", "on = \"c\", "] {
        let key = part.split(' ').next().unwrap();
        refused_csv(&whole.replace(part, ""), &format!("lacks the key `{key}`"), &format!("add `{key} ="));
    }
}

#[test]
fn people_need_their_name_and_their_handle() {
    refused_csv("▶[[source.people]]\nhandle = \"h\"\n", "lacks the key `name`", "add `name =");
    refused_csv("▶[[source.people]]\nname = \"n\"\n", "lacks the key `handle`", "add `handle =");
}

#[test]
fn where_a_source_ends_is_a_moment_or_the_word_everything() {
    refused_after("until = ▶\"all\"\n", "`all` is no value of `until`", "use `everything`");
    refused_after("until = ▶\"2015-01-01\"\n", "takes a day, not a string", "remove the quotes: 2015-01-01");
    refused_after(
        "until = ▶\"2015-01-01T10:00:00Z\"\n",
        "takes a day, not a string",
        "remove the quotes: 2015-01-01T10:00:00Z",
    );
    refused_after("until = ▶2015-01-01T10:00:00\n", "a day and a time with its offset", "2015-01-01T09:30:00Z");
    refused_after("until = ▶10:00:00\n", "a day and a time with its offset", "2015-01-01T09:30:00Z");
    refused_after(
        "▶since = 2019-01-02\nuntil = 2019-01-02\n",
        "`since` is not before `until`",
        "the first moment that is",
    );
}

#[test]
fn what_is_delivered_names_a_channel_by_its_id_and_the_moment_of_the_cut_over() {
    let since = "since = 2024-05-31T18:00:00Z";
    let name = format!("deliver = {{ channel = ▶\"chat\", {since} }}\n");
    refused_csv(&name, "is not the id of a channel", "list channels");
    refused_csv("deliver = ▶{ channel = \"cha_1\" }\n", "lacks the key `since`", "the cut-over");
    refused_csv(&format!("deliver = ▶{{ {since} }}\n"), "lacks the key `channel`", "cha_");
    let keys = format!("until = 2024-05-31\ndeliver = {{ channel = \"cha_1\", ▶{since} }}\n");
    refused_csv(&keys, "the source ends before", "remove `until`");
    refused_after(&format!("▶deliver = {{ channel = \"cha_1\", {since} }}\n"), "only for csv", "csv");
}
