//! Lines of chats, with and without ids of their own.

use super::*;
use crate::plan::Rebuilder;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// A line of a chat.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    id: Option<u8>,
    chat: u8,
    second: i64,
    who: u8,
    text: u8,
}

fn any_line() -> impl Strategy<Value = Line> {
    (prop::option::of(0..4_u8), 0..2_u8, 0..2_i64, 0..2_u8, 0..2_u8).prop_map(|(id, chat, second, who, text)| Line {
        id,
        chat,
        second,
        who,
        text,
    })
}

/// What makes a line the line it is: with an id of its own its time may be written otherwise.
fn same_line(line: &Line) -> Line {
    Line { second: if line.id.is_some() { 0 } else { line.second }, ..line.clone() }
}

/// Columns in this order, cells in quotes or not, with a column more or not.
fn table(lines: &[Line], columns: &[usize], is_quoted: bool) -> String {
    let quote = |cell: &str| if is_quoted { format!("\"{cell}\"") } else { cell.to_owned() };
    let row = |cells: [String; 6]| columns.iter().map(|at| quote(&cells[*at])).collect::<Vec<_>>().join(",") + "\n";
    let header = row(["id", "chat", "time", "who", "text", "rating"].map(str::to_owned));
    let rows = lines.iter().map(|line| {
        row([
            line.id.map(|id| format!("m{id}")).unwrap_or_default(),
            format!("c{}", line.chat),
            (NEW_YEAR + line.second).to_string(),
            format!("visitor-{}", line.who),
            format!("text {}", line.text),
            String::new(),
        ])
    });
    header + &rows.collect::<String>()
}

fn write_lines(files: &[Vec<Line>], name: &str, columns: &[usize], is_quoted: bool) -> Export {
    let export = Export::new();
    for (number, lines) in files.iter().enumerate() {
        export.write(&format!("{number}/{name}"), &table(lines, columns, is_quoted), is_quoted);
    }
    export
}

/// Ref, time, author and text.
type Said = (String, i64, String, String);

/// By external id what Front gets.
fn plan_lines(export: &Export, pins: &Pins) -> (Vec<Entry>, BTreeMap<String, Said>) {
    let sources = export.sources();
    let entries = planned_by(2, &export.mapping(), &sources, pins);
    let rebuilder = Rebuilder::new(export.mapping(), sources);
    let planned = entries.iter().filter_map(|entry| {
        let Verdict::Planned(planned) = &entry.verdict else { return None };
        let request = rebuilder.request(entry).unwrap().request;
        let said = (planned.thread_ref.clone(), request.created_at, request.sender.handle, request.body);
        Some((planned.external_id.clone(), said))
    });
    let by_id = planned.collect();
    (entries, by_id)
}

/// How many messages these files hold: of lines without an id as many as the one file with most of them.
fn messages_in(files: &[Vec<Line>]) -> usize {
    let mut most: BTreeMap<Line, usize> = BTreeMap::new();
    for file in files {
        let mut here: BTreeMap<Line, usize> = BTreeMap::new();
        for line in file {
            *here.entry(same_line(line)).or_default() += 1;
        }
        for (line, times) in here {
            let times = if line.id.is_some() { 1 } else { times };
            let known = most.entry(line).or_default();
            *known = times.max(*known);
        }
    }
    most.values().sum()
}

/// The same files, each in two parts that never part equal lines.
fn split(files: &[Vec<Line>]) -> Vec<Vec<Line>> {
    let is_early = |line: &Line| (line.second + i64::from(line.text)) % 2 == 0;
    files
        .iter()
        .flat_map(|lines| {
            let (early, late): (Vec<Line>, Vec<Line>) = lines.iter().cloned().partition(is_early);
            [late, early]
        })
        .collect()
}

/// Times differ only between lines of different ids, so that which copy is sent shows nowhere.
fn any_files() -> impl Strategy<Value = Vec<Vec<Line>>> {
    vec(vec(any_line(), 0..12), 1..3).prop_map(|mut files| {
        for line in files.iter_mut().flatten() {
            line.second = line.id.map_or(line.second, i64::from);
        }
        files
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn chats_of_another_export_have_the_ids_refs_and_requests_of_the_first(
        files in any_files(),
        order in Just(vec![0, 1, 2, 3, 4, 5]).prop_shuffle(),
    ) {
        let mut turned = split(&files);
        turned.reverse();
        for lines in &mut turned {
            lines.reverse();
        }
        let (entries, one) = plan_lines(&write_lines(&files, "chats.csv", &[0, 1, 2, 3, 4], false), &Pins::default());
        let (_, other) = plan_lines(&write_lines(&turned, "2019.csv", &order, true), &Pins::default());
        prop_assert_eq!(&one, &other);
        prop_assert_eq!(one.len(), messages_in(&files));
        let records = entries.iter().filter(|entry| !is_rest(entry)).count();
        prop_assert_eq!(records, files.iter().map(Vec::len).sum::<usize>());
    }

    #[test]
    fn a_later_batch_of_chats_keeps_what_was_sent_and_doubles_nothing(
        early in any_files(),
        late in any_files(),
        keeps_early: bool,
    ) {
        let (entries, first) = plan_lines(&write_lines(&early, "chats.csv", &[0, 1, 2, 3, 4], false), &Pins::default());
        let was_sent = entries.iter().filter(|entry| matches!(entry.verdict, Verdict::Planned(_)));
        let pins = pins_of(was_sent, &accepted());
        let both = [early.clone(), late.clone()].concat();
        let now = if keeps_early { &both } else { &late };
        let (_, second) = plan_lines(&write_lines(now, "later.csv", &[4, 3, 2, 1, 0], true), &pins);
        prop_assert_eq!(second.len(), messages_in(now));
        for (id, sent) in &first {
            if keeps_early || second.contains_key(id) {
                prop_assert_eq!(second.get(id), Some(sent));
            }
        }
        let fresh = second.keys().filter(|id| !first.contains_key(*id)).count();
        prop_assert_eq!(fresh, messages_in(&both) - messages_in(&early), "only what Front does not have");
    }
}
