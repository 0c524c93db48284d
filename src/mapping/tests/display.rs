//! What people see when a mapping is refused.

use super::super::*;
use super::{FULLEST, accepted, load_text};

fn rendered(text: &str) -> String {
    load_text(text).expect_err("accepted").to_string()
}

#[test]
fn everything_wrong_is_shown_at_once() {
    let text = r#"version = 1
[target]
inbos = "Support"
[ours]
domains = ["@acme.example"]
[[source]]
name = "mail"
format = "mbx"
path = "mail.mbox"
[[rule]]
when = { source = "mial" }
[send]
share = 80
"#;
    insta::assert_snapshot!(rendered(text), @r#"
    error: [target] lacks the key `inbox`
     --> move/mapping.toml:2:1
      |
    2 | [target]
      | ^^^^^^^^ `inbox` is missing
      |
      = help: add `inbox = "Support"`

    error: unknown key `inbos` in [target]
     --> move/mapping.toml:3:1
      |
    3 | inbos = "Support"
      | ^^^^^ not a key threadlift knows here
      |
      = help: did you mean `inbox`?

    error: `@acme.example` is not a domain
     --> move/mapping.toml:5:12
      |
    5 | domains = ["@acme.example"]
      |            ^^^^^^^^^^^^^^^ a domain is written without `@`
      |
      = help: write "acme.example"

    error: `mbx` is no value of `format`
     --> move/mapping.toml:8:10
      |
    8 | format = "mbx"
      |          ^^^^^ expected `mbox`, `eml` or `csv`
      |
      = help: did you mean `mbox`?

    error: this rule does nothing
      --> move/mapping.toml:10:1
       |
    10 | [[rule]]
       | ^^^^^^^^ no action
       |
       = help: add `inbox = "..."`, `tags = ["..."]` or `skip = "the reason"`; or one of `assignee`, `archived`, `direction`, `thread`, `link`, `note`, `status`, `custom_fields`, `followers`

    error: no source is named `mial`
      --> move/mapping.toml:11:19
       |
    11 | when = { source = "mial" }
       |                   ^^^^^^ not a source
       |
       = help: did you mean `mail`?

    error: `share` is out of range
      --> move/mapping.toml:13:9
       |
    13 | share = 80
       |         ^^ out of range
       |
       = help: write a number above 0 and up to 1, such as 0.8 for four fifths of the rate limit
    "#);
}

#[test]
fn a_syntax_error_is_shown_where_it_is() {
    insta::assert_snapshot!(rendered("version = 1\n[thread]\nsubject = \"\\[#(\\d+)\\]\"\n"), @r#"
    error: this is not TOML: missing escaped value, expected `b`, `e`, `f`, `n`, `r`, `\`, `"`, `x`, `u`, `U`
     --> move/mapping.toml:3:13
      |
    3 | subject = "\[#(\d+)\]"
      |             ^ cannot be read
      |
      = help: in double quotes a backslash begins an escape; write patterns in single quotes: '\d+'
    "#);
    insta::assert_snapshot!(rendered("version = 1\n[target]\ninbox = Support\n"), @r#"
    error: this is not TOML: string values must be quoted, expected literal string
     --> move/mapping.toml:3:9
      |
    3 | inbox = Support
      |         ^^^^^^^ cannot be read
      |
      = help: text stands in quotes ("..."), lists in brackets ([..., ...]), and each key on a line of its own
    "#);
}

#[test]
fn a_later_stage_points_into_the_mapping() {
    let mapping = accepted(FULLEST);
    let Some(Format::Csv(csv)) = mapping.sources.get(2).map(|source| &source.format) else { panic!("a csv source") };
    let at = *csv.columns_at.get("text").unwrap();
    let width = "\"message\"".len();
    let errors = diagnostic(
        &mapping,
        at,
        width,
        "`livechat/2019.csv` has no column `message`",
        "not in the first row of the table",
        "did you mean `messages`?",
    );
    insta::assert_snapshot!(errors, @r#"
    error: `livechat/2019.csv` has no column `message`
      --> move/mapping.toml:30:154
       |
    30 | ...er_name = "name", recipient = "to", text = "message", role = "author_type", subject = "topic", labels = "labels" }
       |                                               ^^^^^^^^^ not in the first row of the table
       |
       = help: did you mean `messages`?
    "#);
}

#[test]
fn times_without_a_zone_and_silence_broken_by_mistake_are_explained() {
    let text = r#"version = 1
[target]
inbox = "Support"
[[source]]
name = "chats"
format = "csv"
path = "chats.csv"
columns = { conversation = "chat", time = "at", sender = "who", text = "message" }
date = "%Y-%m-%d %H:%M"
[silence]
archived = false
"#;
    insta::assert_snapshot!(rendered(text), @r#"
    error: these times have no zone, and `timezone` is not set
     --> move/mapping.toml:9:8
      |
    9 | date = "%Y-%m-%d %H:%M"
      |        ^^^^^^^^^^^^^^^^ says no zone
      |
      = help: add `timezone = "Europe/Paris"`, with the zone in which the export was written; or name the column that says it, as `timezone` in `columns`

    error: `archived` takes only its one long value
      --> move/mapping.toml:11:12
       |
    11 | archived = false
       |            ^^^^^ not that value
       |
       = help: imported conversations are archived by themselves: remove `archived`; otherwise write `archived = "no-leave-every-imported-conversation-open"`
    "#);
}
