//! Decoding and generating, each beside what it is to be measured by. See `benches/README.md`.

#[path = "../common/mod.rs"]
mod common;
mod message;
mod regen;
mod table;

use std::hint::black_box;
use std::time::{Duration, SystemTime};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, SamplingMode};

use common::stream::{self, Pass};
use common::views;
use table::Row;

/// A view may cost this much of the hand-written code.
const VIEW_TARGET: f64 = 1.1;
/// `Event::decode` may cost this much of the views alone.
const DISPATCH_TARGET: f64 = 1.5;
/// A message may cost this much of a `write!` of the same text.
const MESSAGE_TARGET: f64 = 1.25;

fn main() {
    let start = SystemTime::now();
    let mut criterion = Criterion::default()
        .output_directory(&table::output_directory())
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(2500))
        .configure_from_args();
    let mut rows = bench_views(&mut criterion);
    rows.extend(bench_dispatch(&mut criterion));
    rows.extend(bench_messages(&mut criterion));
    rows.push(bench_regen(&mut criterion));
    criterion.final_summary();
    table::print(&rows, start);
}

fn bench_views(criterion: &mut Criterion) -> Vec<Row> {
    let mut rows = Vec::new();
    for case in views::cases() {
        let mut group = criterion.benchmark_group(case.id);
        group.bench_function("view", |b| b.iter(|| (case.view)(black_box(&case.payload))));
        group.bench_function("by_hand", |b| b.iter(|| (case.by_hand)(black_box(&case.payload))));
        rows.push(Row {
            group: case.id,
            title: case.title,
            measured: "view",
            baseline: "by_hand",
            operations: 1.0,
            target: Some(VIEW_TARGET),
        });
    }
    rows
}

fn bench_dispatch(criterion: &mut Criterion) -> Vec<Row> {
    let streams: [(_, _, _, Pass, _); 2] = [
        // No target: the baseline chooses nothing at all. It shows what the choice of a layout costs.
        ("dispatch_in_order", "decode, in the layouts' order", stream::in_order(), stream::parse_in_order, None),
        ("dispatch_shuffled", "decode, shuffled", stream::shuffled(), stream::parse_each, Some(DISPATCH_TARGET)),
    ];
    let mut rows = Vec::new();
    for (id, title, stream, parse, target) in streams {
        let mut group = criterion.benchmark_group(id);
        group.bench_function("decode", |b| b.iter(|| stream::decode_each(black_box(&stream))));
        group.bench_function("views", |b| b.iter(|| parse(black_box(&stream))));
        rows.push(Row {
            group: id,
            title,
            measured: "decode",
            baseline: "views",
            operations: u32::try_from(stream.len()).unwrap_or(u32::MAX).into(),
            target,
        });
    }
    rows
}

fn bench_messages(criterion: &mut Criterion) -> Vec<Row> {
    let mut rows = Vec::new();
    for case in message::cases() {
        let mut group = criterion.benchmark_group(case.id);
        let mut text = String::with_capacity(4096);
        for (id, write) in [("write_to", case.write_to), ("display", case.display), ("by_hand", case.by_hand)] {
            group.bench_function(id, |b| b.iter(|| write(black_box(&case.payload), black_box(&mut text))));
        }
        for (measured, title, target) in
            [("write_to", case.title, Some(MESSAGE_TARGET)), ("display", "  … by Display", None)]
        {
            rows.push(Row { group: case.id, title, measured, baseline: "by_hand", operations: 1.0, target });
        }
    }
    rows
}

fn bench_regen(criterion: &mut Criterion) -> Row {
    let input = regen::Input::read();
    let mut group = criterion.benchmark_group("regen");
    slow(&mut group);
    group.bench_function("generate", |b| b.iter(|| input.generate()));
    let output = input.generate();
    group.bench_function("read_and_write", |b| b.iter(|| input.read_and_write(&output)));
    Row {
        group: "regen",
        title: "regen of all builds",
        measured: "generate",
        baseline: "read_and_write",
        operations: 1.0,
        target: None,
    }
}

/// For what takes so long that a sample is one iteration.
fn slow(group: &mut BenchmarkGroup<'_, WallTime>) {
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
}
