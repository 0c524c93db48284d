//! `list`: what Front has, as far as the token sees it.

use super::args::Common;
use super::exit::{Exit, Failure};
use super::greeting::front_failure;
use super::line::{Line, LineArgs};
use super::table::Table;
use crate::front::{Client, FrontError, Paging};
use clap::{Args, ValueEnum};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What custom fields can belong to; Front may not have all of them for every company.
const FIELD_OWNERS: [&str; 6] = ["conversations", "contacts", "accounts", "inboxes", "links", "teammates"];

/// Those of which every Front has a list.
const SURE_OWNERS: usize = 2;

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// What to show; Front's API says teams for workspaces
    #[arg(value_name = "WHAT")]
    pub what: What,
    #[command(flatten)]
    pub line: LineArgs,
}

/// What can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum What {
    Inboxes,
    Channels,
    Teammates,
    Tags,
    Teams,
    CustomFields,
}

pub(super) fn run(common: &Common, args: &ListArgs, stop: &Arc<AtomicBool>) -> Result<Exit, Failure> {
    let line = Line::open(common, &args.line, stop)?;
    let listed = line.ask(async { args.what.ask(&line.client).await.map_err(|error| args.what.failure(&error)) })?;
    if common.json {
        super::print_json(&listed)?;
    } else if listed.is_empty() {
        super::print(&format!("Front has no {} that this token can see.\n", args.what.words()))?;
    } else {
        super::print(&args.what.table(&listed))?;
    }
    Ok(Exit::Done)
}

impl What {
    fn words(self) -> &'static str {
        match self {
            Self::Inboxes => "inboxes",
            Self::Channels => "channels",
            Self::Teammates => "teammates",
            Self::Tags => "tags",
            Self::Teams => "teams (workspaces)",
            Self::CustomFields => "custom fields",
        }
    }

    async fn ask(self, client: &Client) -> Result<Vec<Value>, FrontError> {
        let (path, paging) = match self {
            Self::Inboxes => ("inboxes", Paging::Undocumented),
            Self::Channels => ("channels", Paging::Undocumented),
            Self::Teammates => ("teammates", Paging::Undocumented),
            Self::Tags => ("tags", Paging::Documented),
            Self::Teams => ("teams", Paging::Undocumented),
            Self::CustomFields => return custom_fields(client).await,
        };
        client.raw_list(&[path], paging).await?.ok_or_else(|| absent(path))
    }

    fn failure(self, error: &FrontError) -> Failure {
        let scope = match self {
            Self::Inboxes => "inboxes:read",
            Self::Channels => "channels:read",
            Self::Teammates => "teammates:read",
            Self::Tags => "tags:read",
            Self::Teams => "teams:read",
            Self::CustomFields => "custom_fields:read",
        };
        match error {
            FrontError::Unauthorized { .. } => {
                let help = format!("check the token (FRONT_API_TOKEN or --token-file); it needs `{scope}`");
                Failure::target(error.to_string(), help)
            }
            _ => front_failure(error),
        }
    }

    fn table(self, listed: &[Value]) -> String {
        match self {
            Self::Inboxes => {
                let row =
                    |inbox: &Value| [text(inbox, "name"), mark(inbox, "is_private", "private"), text(inbox, "id")];
                sorted(["Name", "", "Id"], listed.iter().map(row))
            }
            Self::Channels => sorted(["Name", "Address", "Type", "", "Inbox", "Id"], listed.iter().map(channel)),
            Self::Teammates => sorted(["Name", "E-mail", "", "Id"], listed.iter().map(teammate)),
            Self::Tags => tags(listed),
            Self::Teams => sorted(["Name", "Id"], listed.iter().map(|team| [text(team, "name"), text(team, "id")])),
            Self::CustomFields => sorted(["Of", "Name", "Type", "Values", "Id"], listed.iter().map(custom_field)),
        }
    }
}

/// The fields of all kinds of things, each with the kind under `of`.
async fn custom_fields(client: &Client) -> Result<Vec<Value>, FrontError> {
    let mut all = Vec::new();
    for (number, of) in FIELD_OWNERS.into_iter().enumerate() {
        let fields = match client.raw_list(&[of, "custom_fields"], Paging::Undocumented).await? {
            None if number < SURE_OWNERS => return Err(absent(&format!("{of}/custom_fields"))),
            fields => fields.unwrap_or_default(),
        };
        all.extend(fields.into_iter().map(|mut field| {
            if let Value::Object(field) = &mut field {
                field.insert("of".to_owned(), Value::from(of));
            }
            field
        }));
    }
    Ok(all)
}

fn absent(path: &str) -> FrontError {
    FrontError::Unexpected { status: 404, path: format!("/{path}"), text: "not found".to_owned() }
}

/// The rows by their first cells, in any case of letters.
fn sorted<const N: usize>(heading: [&'static str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let mut rows: Vec<[String; N]> = rows.collect();
    rows.sort_by_cached_key(|row| row.iter().map(|cell| cell.to_lowercase()).collect::<Vec<String>>());
    let mut table = Table::new(heading);
    for row in rows {
        table.add(row);
    }
    table.text()
}

fn channel(channel: &Value) -> [String; 6] {
    let private = mark(channel, "is_private", "private");
    let is_invalid = channel.get("is_valid") == Some(&Value::Bool(false));
    let marks = [private, if is_invalid { "not valid".to_owned() } else { String::new() }];
    let [name, address, kind, id] = ["name", "address", "type", "id"].map(|key| text(channel, key));
    // What is not named is known by its address.
    let name = if name.is_empty() { address.clone() } else { name };
    [name, address, kind, joined(&marks), linked(channel, "inbox"), id]
}

fn teammate(teammate: &Value) -> [String; 4] {
    let [first, last, email, kind, id] =
        ["first_name", "last_name", "email", "type", "id"].map(|key| text(teammate, key));
    let is_away = teammate.get("is_available") == Some(&Value::Bool(false));
    let marks = [
        if kind == "user" { String::new() } else { kind },
        mark(teammate, "is_blocked", "blocked"),
        if is_away { "away".to_owned() } else { String::new() },
    ];
    [format!("{first} {last}").trim().to_owned(), email, joined(&marks), id]
}

fn custom_field(field: &Value) -> [String; 5] {
    let [of, name, kind, id] = ["of", "name", "type", "id"].map(|key| text(field, key));
    let values = field.get("values").and_then(Value::as_array).into_iter().flatten();
    let values: Vec<String> = values.map(|value| text(value, "value")).collect();
    [of, name, kind, joined(&values), id]
}

/// Tags below their parents.
fn tags(listed: &[Value]) -> String {
    let ids: BTreeSet<String> = listed.iter().map(|tag| text(tag, "id")).collect();
    let mut below: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for tag in listed {
        // A parent that the token cannot see is as good as none.
        let parent = Some(linked(tag, "parent_tag")).filter(|parent| ids.contains(parent));
        below.entry(parent.unwrap_or_default()).or_default().push(tag);
    }
    for tags in below.values_mut() {
        tags.sort_by_cached_key(|tag| text(tag, "name").to_lowercase());
    }
    let mut table = Table::new(["Name", "", "Id"]);
    let mut open: Vec<(usize, &Value)> = pushed(&mut below, "", 0);
    loop {
        while let Some((depth, tag)) = open.pop() {
            let (id, name) = (text(tag, "id"), format!("{}{}", "  ".repeat(depth), text(tag, "name")));
            open.extend(pushed(&mut below, &id, depth + 1));
            table.add([name, mark(tag, "is_private", "private"), id]);
        }
        // Tags that are each other's parents hang below none; none is kept back all the same.
        let Some(parent) = below.keys().next().cloned() else { return table.text() };
        open = pushed(&mut below, &parent, 0);
    }
}

/// What stands below a tag, the first one last, as the next to be taken.
fn pushed<'v>(below: &mut BTreeMap<String, Vec<&'v Value>>, parent: &str, depth: usize) -> Vec<(usize, &'v Value)> {
    below.remove(parent).into_iter().flatten().rev().map(|tag| (depth, tag)).collect()
}

fn text(thing: &Value, key: &str) -> String {
    thing.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn mark(thing: &Value, key: &str, word: &str) -> String {
    let is_so = thing.get(key) == Some(&Value::Bool(true));
    if is_so { word.to_owned() } else { String::new() }
}

fn joined(words: &[String]) -> String {
    words.iter().filter(|word| !word.is_empty()).cloned().collect::<Vec<String>>().join(", ")
}

/// The id at the end of a link to another thing.
fn linked(thing: &Value, name: &str) -> String {
    let link = thing.pointer(&format!("/_links/related/{name}")).and_then(Value::as_str);
    link.and_then(|link| link.rsplit('/').next()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::What;
    use serde_json::{Value, json};

    fn tag(id: &str, name: &str, parent: Option<&str>) -> Value {
        let parent = parent.map(|id| format!("https://acme.api.frontapp.com/tags/{id}"));
        json!({ "id": id, "name": name, "is_private": id == "tag_9", "_links": { "related": { "parent_tag": parent } } })
    }

    #[test]
    fn tags_stand_below_their_parents() {
        let listed = [
            tag("tag_3", "Refund", Some("tag_1")),
            tag("tag_9", "mine", None),
            tag("tag_1", "Billing", None),
            tag("tag_4", "late", Some("tag_3")),
            tag("tag_2", "credit", Some("tag_1")),
            tag("tag_5", "orphan", Some("tag_unseen")),
        ];
        insta::assert_snapshot!(What::Tags.table(&listed), @r"
        Name               Id
        Billing            tag_1
          credit           tag_2
          Refund           tag_3
            late           tag_4
        mine      private  tag_9
        orphan             tag_5
        ");
    }

    #[test]
    fn tags_that_are_each_others_parents_are_shown() {
        let listed =
            [tag("tag_1", "a", Some("tag_2")), tag("tag_2", "b", Some("tag_1")), tag("tag_3", "c", Some("tag_3"))];
        let text = What::Tags.table(&listed);
        for id in ["tag_1", "tag_2", "tag_3"] {
            assert_eq!(text.matches(id).count(), 1, "{text}");
        }
    }

    #[test]
    fn what_sets_a_thing_apart_is_marked() {
        let inbox =
            |id: &str, name: &str, is_private: bool| json!({ "id": id, "name": name, "is_private": is_private });
        let inboxes = [inbox("inb_2", "support", false), inbox("inb_1", "Ann\u{1b}", true)];
        insta::assert_snapshot!(What::Inboxes.table(&inboxes), @r"
        Name              Id
        Ann�     private  inb_1
        support           inb_2
        ");
        let teammates = [
            json!({ "id": "tea_1", "email": "ann@b.example", "first_name": "Ann", "last_name": "Lee", "is_blocked": true,
                "is_available": false, "type": "user" }),
            json!({ "id": "tea_2", "email": "", "first_name": "Rule", "last_name": "", "is_available": true, "type": "rule" }),
        ];
        insta::assert_snapshot!(What::Teammates.table(&teammates), @r"
        Name     E-mail                        Id
        Ann Lee  ann@b.example  blocked, away  tea_1
        Rule                    rule           tea_2
        ");
        let related = json!({ "related": { "inbox": "https://x.example/inboxes/inb_1" } });
        let channels =
            [json!({ "id": "cha_1", "name": null, "address": "help@b.example", "type": "smtp", "is_private": false,
            "is_valid": false, "_links": related })];
        insta::assert_snapshot!(What::Channels.table(&channels), @r"
        Name            Address         Type             Inbox  Id
        help@b.example  help@b.example  smtp  not valid  inb_1  cha_1
        ");
        let fields = [
            json!({ "of": "contacts", "id": "fld_2", "name": "VIP", "type": "boolean" }),
            json!({ "of": "conversations", "id": "fld_1", "name": "City", "type": "enum", "values": [{ "value": "Lyon" }, { "value": "Rome" }] }),
        ];
        insta::assert_snapshot!(What::CustomFields.table(&fields), @r"
        Of             Name  Type     Values      Id
        contacts       VIP   boolean              fld_2
        conversations  City  enum     Lyon, Rome  fld_1
        ");
    }
}
