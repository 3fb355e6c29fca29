//! `smbetw latency`: which requests were slow, in what, for whom, on which file.

use std::io::{self, Write};

use anstream::AutoStream;
use clap::ValueEnum;
use etw_recording::etl::Header;
use etw_runtime::{EventKey, FileTime};
use smbserver_analysis::{Analysis, Clocks, Command, Dimension, MOST_DIMENSIONS, Settings, Unit};
use smbserver_etw::Build;

use super::{Done, FileArgs};
use crate::{
    help,
    outcome::{self, Rules},
    output::{
        latency::{FileFacts, Findings, compare, csv, json, text},
        sink::Sink,
        text::fault,
    },
    progress::Meter,
    raw::Raw,
    source::{
        Prefilter,
        files::{Merged, Next, Opened, Opener, Recording},
        json_line::parse_build,
    },
    time,
};

/// Says which requests were slow, in what, for whom and on which file.
#[derive(clap::Args)]
#[command(
    long_about = help::LATENCY,
    after_help = help::EXIT_CODES,
    after_long_help = format!("{}\n{}", help::LATENCY_AFTER, help::EXIT_CODES),
)]
pub(crate) struct Args {
    #[command(flatten)]
    files: FileArgs,

    /// The Windows build that wrote the events; by default what the recording tells
    #[arg(long, value_name = "N", value_parser = parse_build)]
    build: Option<Build>,

    /// The form of the report
    #[arg(long, short, value_name = "FORM", value_enum, default_value_t = Format::Text)]
    format: Format,

    /// So many entries of each list; 0 is all
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,

    /// One more table: command, client, user, session, share, file, status, connection, instance; of two or three together with
    /// commas: client,command
    #[arg(long, value_name = "WHAT", value_parser = parse_by)]
    by: Vec<By>,

    /// Lists all pairs that took so long, instead of the slowest: 10ms, 1.5s, 300us
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    slower_than: Option<u64>,

    /// The width of the slices of time: 1s, 100ms, 10m
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "1s")]
    timeline: u64,

    /// Counts these commands only: read,write
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = parse_command)]
    command: Vec<Command>,

    /// Lists the requests that were not answered
    #[arg(long)]
    open: bool,

    /// The unit of the components' times, if it is known: 100ns, us, ns, qpc, tsc
    #[arg(long, value_name = "UNIT", value_parser = parse_unit)]
    unit: Option<Unit>,

    /// Compares two recordings, the earlier first
    #[arg(long)]
    compare: bool,

    /// Events at this time or later: 2026-11-20T08:00:00Z, 2026-11-20 (UTC), or how long ago: 30m, 2h, 7d
    #[arg(long, value_name = "TIME", value_parser = time::parse_utc)]
    since: Option<FileTime>,

    /// Events before this time
    #[arg(long, value_name = "TIME", value_parser = time::parse_utc)]
    until: Option<FileTime>,
}

/// A form of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs: one object
    Json,
    /// For tables: a row a command, client, user, share and file
    Csv,
}

/// What a table is by.
#[derive(Clone, Debug)]
struct By(Vec<Dimension>);

fn parse_by(text: &str) -> Result<By, String> {
    let names = || Dimension::ALL.map(Dimension::name).join(", ");
    let parse = |name| Dimension::from_name(name).ok_or_else(|| format!("`{name}` is none of {}", names()));
    let dimensions: Vec<_> = text.split(',').map(parse).collect::<Result<_, _>>()?;
    if dimensions.len() > MOST_DIMENSIONS {
        return Err(format!("{MOST_DIMENSIONS} at most go together"));
    }
    Ok(By(dimensions))
}

fn parse_command(name: &str) -> Result<Command, String> {
    Command::from_name(name).ok_or_else(|| {
        let names: Vec<_> = Command::all().map(|command| command.name().to_ascii_lowercase()).collect();
        format!("no command; commands are {}", names.join(", "))
    })
}

fn parse_unit(text: &str) -> Result<Unit, String> {
    Unit::from_name(text).ok_or_else(|| "no unit; units are 100ns, us, ns, qpc, tsc".to_owned())
}

/// Ticks of 100 ns.
fn parse_duration(text: &str) -> Result<u64, String> {
    let wrong = || "no time; write 10ms, 1.5s, 300us, 2m".to_owned();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
    let (number, unit) = text.split_at(split);
    let ticks: f64 = match unit {
        "us" | "µs" => 10.0,
        "ms" => 1e4,
        "s" => 1e7,
        "m" => 6e8,
        "h" => 3.6e10,
        _ => return Err(wrong()),
    };
    let ticks = number.parse::<f64>().map_err(|_| wrong())? * ticks;
    if !(1.0..1e18).contains(&ticks) {
        return Err(wrong());
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range was asked for")]
    Ok(ticks.round() as u64)
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> io::Result<Done> {
    let mut finder = Opener::new(args.build, false);
    let (mut opened, errors) = args.files.open(&mut finder)?;
    let stdout = io::stdout();
    let mut some_failed = errors > 0;
    let text = if args.compare {
        let [before, after] = opened.as_mut_slice() else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "--compare takes two files that can be read"));
        };
        let before = analyse(args, std::slice::from_mut(before), &mut some_failed);
        let after = analyse(args, std::slice::from_mut(after), &mut some_failed);
        match args.format {
            Format::Text => compare::report(&before, &after),
            Format::Json => compare::object(&before, &after).to_string() + "\n",
            Format::Csv => {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "--compare is answered as text or json"));
            }
        }
    } else {
        let findings = analyse(args, &mut opened, &mut some_failed);
        match args.format {
            Format::Text => text::report(&findings),
            Format::Json => json::object(&findings).to_string() + "\n",
            Format::Csv => csv::table(&findings),
        }
    };
    if args.format == Format::Text {
        write(AutoStream::auto(stdout.lock()), &text)?;
    } else {
        write(stdout.lock(), &text)?;
    }
    Ok(if some_failed { Done::SomeFailed } else { Done::AllDecoded })
}

fn write(output: impl Write, text: &str) -> io::Result<()> {
    let mut output = Sink::new(output);
    output.write(text.as_bytes())?;
    output.flush()
}

fn settings(args: &Args, opened: &[Opened]) -> Settings {
    let mut settings = Settings::new()
        .with_clocks(clocks(opened))
        .with_slowest(usize::MAX)
        .with_slower_than(args.slower_than.unwrap_or(0))
        .with_slice(args.timeline)
        .with_grouping(&[Dimension::Command, Dimension::Client]);
    if !args.command.is_empty() {
        settings = settings.with_commands(args.command.iter().copied().collect());
    }
    for By(dimensions) in &args.by {
        settings = settings.with_grouping(dimensions);
    }
    match args.unit {
        Some(unit) => settings.with_unit(unit),
        None => settings,
    }
}

/// The clocks' rates, as far as all traces agree.
fn clocks(opened: &[Opened]) -> Clocks {
    let headers: Vec<_> = opened.iter().filter_map(header).collect();
    let agreed = |rate: fn(&Header) -> u64| {
        let first = rate(headers.first()?);
        (first > 0 && headers.iter().all(|header| rate(header) == first)).then_some(first)
    };
    Clocks {
        qpc: agreed(|header| u64::try_from(header.frequency).unwrap_or(0)),
        tsc: agreed(|header| u64::from(header.cpu_mhz) * 1_000_000),
    }
}

fn header(file: &Opened) -> Option<&Header> {
    match &file.recording {
        Recording::Trace(trace) => trace.header(),
        Recording::Log(..) => None,
    }
}

fn facts(file: &Opened, given: Option<Build>) -> FileFacts {
    let header = header(file);
    let by_header = match &file.recording {
        Recording::Trace(trace) => trace.build(),
        Recording::Log(..) => None,
    };
    FileFacts {
        name: file.name.clone(),
        build: given.map(Build::number).or(by_header),
        build_known_by: file.recording.build_known_by(given),
        start: header.map(|header| header.start).filter(|start| start.ticks() > 0),
        end: header.map(|header| header.end).filter(|end| end.ticks() > 0),
        events_lost: header.map_or(0, |header| header.events_lost.into()),
        buffers_lost: header.map_or(0, |header| header.buffers_lost.into()),
    }
}

fn analyse(args: &Args, opened: &mut [Opened], some_failed: &mut bool) -> Findings {
    let mut analysis = Analysis::new(settings(args, opened));
    let files: Vec<_> = opened.iter().map(|file| facts(file, args.build)).collect();
    let mut meter = Meter::new(args.files.quiet, opened.iter().map(|file| file.size).sum());
    let wanted = Prefilter { since: args.since, until: args.until, ..Prefilter::default() };
    let mut merged = Merged::new(opened, args.build, wanted);
    loop {
        meter.tick(|| merged.progress());
        match merged.next() {
            Next::End => break,
            Next::Fault(file, error) => {
                *some_failed = true;
                meter.clear();
                if !args.files.quiet {
                    let _ = anstream::stderr().write_all(fault(&file, &error).as_bytes());
                }
            }
            Next::Event(raw) => add(&mut analysis, raw, args.build),
        }
    }
    meter.clear();
    let others = merged.progress().others;
    let report = analysis.finish();
    *some_failed |= !report.events.undecodable.is_empty() || !report.events.unknown.is_empty();
    Findings {
        start: files.iter().filter_map(|file| file.start).min().or(report.events.first),
        end: last(&files, report.events.last),
        files,
        others,
        report,
        top: if args.top == 0 { usize::MAX } else { args.top },
        by: args.by.iter().map(|By(dimensions)| dimensions.clone()).collect(),
        open: args.open,
        all_slow: args.slower_than.is_some(),
    }
}

fn add(analysis: &mut Analysis, raw: &Raw, build: Option<Build>) {
    let key = EventKey::new(raw.id, raw.version.unwrap_or_default());
    match (outcome::decode(raw, Rules { build, lenient: false }), raw.time) {
        (Ok(answer), Some(time)) => analysis.add(time, &answer.event()),
        // Without a time it pairs with nothing.
        (Ok(_), None) => analysis.add_undecodable(None, key),
        (Err(failure), time) if failure.kind().starts_with("unknown_") => analysis.add_unknown(time, key),
        (Err(_), time) => analysis.add_undecodable(time, key),
    }
}

/// The end of the last session, unless it ended before its events did: then the header was never finished.
fn last(files: &[FileFacts], last_event: Option<FileTime>) -> Option<FileTime> {
    let end = files.iter().filter_map(|file| file.end).max();
    end.filter(|end| last_event.is_none_or(|last| last <= *end)).or(last_event)
}

#[cfg(test)]
mod tests {
    use super::parse_duration;

    #[test]
    fn durations_have_a_unit() {
        let ticks: Vec<_> =
            ["10ms", "1.5s", "300us", "2m", "1h"].map(parse_duration).into_iter().map(Result::ok).collect();
        assert_eq!(ticks, [100_000, 15_000_000, 3_000, 1_200_000_000, 36_000_000_000].map(Some));
        for text in ["", "10", "ms", "1.2.3s", "-1s", "0s", "1e9s", "999999999999h", "1d"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
