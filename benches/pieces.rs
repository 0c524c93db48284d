//! Pieces of the engine by themselves: `just bench-pieces`. Whole commands are measured by `just bench`.

#![expect(clippy::expect_used, reason = "a bench that cannot begin ends")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::path::Path;
use threadlift::mapping::{self, Direction, Mapping};
use threadlift::record::{self, Outcome, Record};
use threadlift::request::Draft;
use threadlift::source::{self, RawEntry};
use threadlift::thread::{Graph, Message};

const MAIL: &str = "From a@shop.example Thu Jan  1 00:00:00 2015\nFrom: Ada <ada@shop.example>\nTo: support@acme.example\n\
    Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\nDate: Thu, 1 Jan 2015 00:00:00 +0000\nMessage-ID: <1@shop.example>\n\
    In-Reply-To: <0@shop.example>\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n";

/// Messages of the reference graph.
const MESSAGES: u32 = 100_000;

fn mapping_of(source: &str, folder: &Path) -> Mapping {
    let text = format!("version = 1\n[target]\ninbox = \"Support\"\n[[source]]\nname = \"bench\"\n{source}\n");
    mapping::parse(&folder.join("bench.toml"), &text).unwrap_or_else(|errors| panic!("{errors}"))
}

/// The only entry of a source.
fn entry(mapping: &Mapping) -> RawEntry {
    let sources = source::open_all(mapping).expect("a source");
    sources.iter().flat_map(|source| source.scan()).next().expect("an entry").expect("one that can be read")
}

fn record(entry: &RawEntry, mapping: &Mapping) -> Record {
    match record::read(entry, mapping) {
        Ok(Outcome::Record(record)) => *record,
        _ => panic!("no record"),
    }
}

fn mails(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let mail = format!("{MAIL}{}", "the saddle of my bicycle is broken again, please send a new one\n".repeat(60));
    std::fs::write(folder.path().join("bench.mbox"), &mail).expect("a file");
    let mapping = mapping_of("format = \"mbox\"\npath = \"bench.mbox\"", folder.path());
    let entry = entry(&mapping);
    let mut group = criterion.benchmark_group("a text of 4 kB");
    group.throughput(Throughput::Bytes(mail.len() as u64));
    group.bench_function("record", |bench| bench.iter(|| record(black_box(&entry), &mapping)));
    let read = record(&entry, &mapping);
    group.bench_function("draft", |bench| {
        bench.iter_batched(
            || read.clone(),
            |record| Draft::new(record, Direction::Inbound, &mapping).map(|draft| draft.size),
            criterion::BatchSize::SmallInput,
        );
    });
    group.finish();
}

fn threads(criterion: &mut Criterion) {
    let id = |number: u32| {
        let mut id = [0; 16];
        blake3::Hasher::new().update(&number.to_be_bytes()).finalize_xof().fill(&mut id);
        id
    };
    let message = |number: u32| Message {
        id: id(number),
        references: (number % 10 > 3).then(|| id(number - number % 7)).into_iter().collect(),
        ..Message::default()
    };
    let messages: Vec<Message> = (0..MESSAGES).map(message).collect();
    let mut group = criterion.benchmark_group("reference graph");
    group.sample_size(10).throughput(Throughput::Elements(u64::from(MESSAGES)));
    group.bench_function("100,000 messages", |bench| {
        bench.iter(|| {
            let mut graph = Graph::new();
            for message in &messages {
                graph.add(message);
            }
            graph.names(0).len()
        });
    });
    group.finish();
}

criterion_group!(pieces, mails, threads);
criterion_main!(pieces);
