//! The same comparisons in executed instructions, as valgrind counts them. See `benches/README.md`.
//!
//! Time varies with the machine and what else runs on it; instructions do not. Run without valgrind on the path, it
//! says so and does nothing.

#[path = "../common/mod.rs"]
mod common;

use std::env;
use std::hint::black_box;
use std::process::{Command, ExitCode};

use common::stream::{self, Pass, Recorded};
use common::views::{self, Read};

/// The argument by which this program tells itself to run one side: its name and how often follow.
const RUN: &str = "--run-side";
/// How often a view is read. What the first time costs more (dynamic linking) is spread over them.
const READS: u64 = 10_000;
/// How often a stream is decoded.
const PASSES: u64 = 20;

/// One side of a comparison.
struct Side {
    name: String,
    /// The comparison's name; the second side to have it is the baseline.
    title: &'static str,
    times: u64,
    operations: u64,
    /// Whether the loop and the call around an operation are no part of it.
    looped: bool,
    run: Box<dyn Fn()>,
}

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let sides = sides();
    if let [run, name, times] = arguments.as_slice()
        && run == RUN
    {
        run_side(&sides, name, times.parse().unwrap_or(0));
        return ExitCode::SUCCESS;
    }
    // As a test, building is enough.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    let filter = arguments.iter().find(|argument| !argument.starts_with('-')).map_or("", String::as_str);
    match compare(&sides, filter) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("instructions are not counted: {message}");
            ExitCode::SUCCESS
        }
    }
}

fn run_side(sides: &[Side], name: &str, times: u64) {
    let nothing = nothing();
    if let Some(side) = sides.iter().chain([&nothing]).find(|side| side.name == name) {
        for _ in 0..times {
            (side.run)();
        }
    }
}

/// Pairs: each measured side is followed by its baseline.
fn sides() -> Vec<Side> {
    let mut sides = Vec::new();
    for case in views::cases() {
        sides.push(reads(format!("{}/view", case.id), case.title, &case.payload, case.view));
        sides.push(reads(format!("{}/by_hand", case.id), case.title, &case.payload, case.by_hand));
    }
    sides.extend(passes(
        "dispatch_in_order",
        "decode, in the layouts' order",
        stream::in_order,
        stream::parse_in_order,
    ));
    sides.extend(passes("dispatch_shuffled", "decode, shuffled", stream::shuffled, stream::parse_each));
    sides
}

/// One payload, read again and again.
fn reads(name: String, title: &'static str, payload: &[u8], read: Read) -> Side {
    let payload = payload.to_vec();
    let run = move || {
        black_box(read(black_box(&payload)));
    };
    Side { name, title, times: READS, operations: 1, looped: true, run: Box::new(run) }
}

/// What a loop over a payload costs when nothing is read.
fn nothing() -> Side {
    #[inline(never)]
    fn read(payload: &[u8]) -> bool {
        !payload.is_empty()
    }
    reads("nothing".to_owned(), "nothing", &[0], read)
}

/// `Event::decode` and the views alone, over one stream.
fn passes(id: &str, title: &'static str, events: fn() -> Vec<Recorded>, parse: Pass) -> [Side; 2] {
    let sides: [(_, Pass); 2] = [("decode", stream::decode_each), ("views", parse)];
    sides.map(|(name, pass)| {
        let events = events();
        Side {
            name: format!("{id}/{name}"),
            title,
            times: PASSES,
            operations: u64::try_from(events.len()).unwrap_or(u64::MAX),
            looped: false,
            run: Box::new(move || pass(black_box(&events))),
        }
    })
}

fn compare(sides: &[Side], filter: &str) -> Result<(), String> {
    println!("\nInstructions per operation:");
    let start = count("", 0)?;
    let nothing = per_operation(&nothing(), start)?;
    for pair in sides.chunks_exact(2).filter(|pair| pair.iter().any(|side| side.name.contains(filter))) {
        let mut counts = [per_operation(&pair[0], start)?, per_operation(&pair[1], start)?];
        if pair[0].looped {
            counts = counts.map(|count| count - nothing);
        }
        let [measured, baseline] = counts;
        let title = format!("{}:", pair[0].title);
        let name = pair[1].name.rsplit('/').next().unwrap_or("").replace('_', " ");
        println!("{title:<36} {measured:>7.1}, {name} {baseline:>7.1}, ratio {:.2}", measured / baseline);
    }
    Ok(())
}

/// The instructions of one operation; those until the program is ready to begin, `start`, are none of it.
fn per_operation(side: &Side, start: u64) -> Result<f64, String> {
    let all = count(&side.name, side.times)?.saturating_sub(start);
    let hundredths = all * 100 / (side.times * side.operations);
    Ok(f64::from(u32::try_from(hundredths).unwrap_or(u32::MAX)) / 100.0)
}

/// The instructions of a run of this program.
fn count(side: &str, times: u64) -> Result<u64, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program);
    let output = valgrind.args([RUN, side, &times.to_string()]).output();
    let output = output.map_err(|error| format!("cannot run valgrind: {error}"))?;
    let report = String::from_utf8_lossy(&output.stderr);
    let collected = report.lines().find_map(|line| line.split_once("Collected :"));
    let collected = collected.and_then(|(_, number)| number.trim().parse().ok());
    collected.ok_or_else(|| format!("valgrind says:\n{report}"))
}
