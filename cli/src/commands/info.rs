//! `smbetw info`: what is in recordings.

use std::{collections::BTreeMap, io, sync::Arc};

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use etw_recording::{
    Error, FileTime, Guid,
    etl::{ClockType, Trace},
    evtx::Log,
};
use serde_json::{Map, Value, json};
use smbserver_etw::{Build, schema::PROVIDER};

use super::{Done, FileArgs};
use crate::{
    help,
    outcome::{self, Rules},
    output::{
        header,
        sink::Sink,
        text::{Breaks, visible},
    },
    raw::Raw,
    source::{
        Prefilter,
        described::Described,
        files::{Merged, Next, Opened, Opener, Recording},
        json_line::parse_build,
        log::LogBuild,
    },
    time::{self, Zone, ZoneArgs},
};

/// Shows what recordings contain: builds, times, losses, events by id.
#[derive(clap::Args)]
#[command(long_about = help::INFO, after_help = help::EXIT_CODES, after_long_help = format!("{}\n{}", help::INFO_AFTER, help::EXIT_CODES))]
pub(crate) struct Args {
    #[command(flatten)]
    files: FileArgs,

    /// The Windows build that wrote the events; by default the one in the recording
    #[arg(long, value_name = "N", value_parser = parse_build)]
    build: Option<Build>,

    #[command(flatten)]
    zone: ZoneArgs,

    /// The form of the answer
    #[arg(long, short, value_name = "FORM", value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// A form of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs: one object for each file, on one line
    Json,
}

/// The most errors of a file that are listed.
const MOST_ERRORS: usize = 20;
/// The most providers that are counted separately; the others are counted together.
const MOST_PROVIDERS: usize = 10_000;

/// Runs the command.
pub(crate) fn run(args: &Args) -> io::Result<Done> {
    let zone = args.zone.zone()?;
    let mut finder = Opener::new(args.build, false);
    let (opened, errors) = args.files.open(&mut finder)?;
    let mut output = Sink::new(AutoStream::auto(io::stdout().lock()));
    let mut some_failed = errors > 0;
    for (index, mut file) in opened.into_iter().enumerate() {
        if output.is_closed() {
            break;
        }
        let summary = summarize(&mut file, args.build);
        some_failed |= summary.error_count > 0 || summary.undecodable > 0 || summary.unknown > 0;
        let written = match args.format {
            Format::Text => text(&summary, index > 0, &zone),
            Format::Json => json_object(&summary).to_string() + "\n",
        };
        output.write(written.as_bytes())?;
        output.flush()?;
    }
    Ok(if some_failed { Done::SomeFailed } else { Done::AllDecoded })
}

/// The contents of a file.
#[derive(Default)]
struct Summary {
    name: Arc<str>,
    size: u64,
    /// What only one kind of file has, in the order of the output: label, key and value.
    facts: Vec<(&'static str, &'static str, Value)>,
    build: Option<u32>,
    /// Events by the build that each was decoded for, where the file has several.
    builds: BTreeMap<u32, u64>,
    build_known_by: &'static str,
    warnings: Vec<String>,
    records: u64,
    first: Option<FileTime>,
    last: Option<FileTime>,
    events: BTreeMap<(u16, u8), Count>,
    channels: BTreeMap<String, u64>,
    others: BTreeMap<Guid, u64>,
    more_others: u64,
    undecodable: u64,
    unknown: u64,
    errors: Vec<String>,
    error_count: u64,
}

#[derive(Default)]
struct Count {
    events: u64,
    undecodable: u64,
    unknown: bool,
    why: Option<String>,
}

fn summarize(file: &mut Opened, build: Option<Build>) -> Summary {
    let mut summary = Summary { name: Arc::clone(&file.name), size: file.size, ..Summary::default() };
    summary.build_known_by = file.recording.build_known_by(build);
    match &mut file.recording {
        Recording::Trace(trace) => of_trace(trace, build, &mut summary),
        Recording::Log(log, known) => of_log(log, known, &mut summary),
    }
    let mut merged = Merged::new(std::slice::from_mut(file), build, Prefilter::default());
    loop {
        match merged.next() {
            Next::End => break,
            Next::Fault(_, error) => summary.fault(&error),
            Next::Event(raw) => summary.event(raw, build),
        }
    }
    summary
}

fn of_trace(trace: &mut Trace<'static>, build: Option<Build>, summary: &mut Summary) {
    summary.build = build.map(Build::number).or(trace.build());
    summary.facts.push(("format", "format", "trace (.etl)".into()));
    if let Ok(report) = trace.build_report() {
        if report.merged {
            summary.warnings.push(
                "the file was merged from others; its build is that of the machine on which it was merged".to_owned(),
            );
        }
        if report.is_doubtful() {
            let labs: Vec<_> = report.labs.iter().map(|lab| lab.text.as_str()).collect();
            summary.warnings.push(format!("the file also has other builds: {}", labs.join(", ")));
        }
    }
    let described = Described::read(trace, build.or(trace.build().map(Build::from)));
    if described.len() > 0 {
        summary.facts.push(("described", "described", described.len().into()));
    }
    let differing = described.notes().map(|(key, note)| format!("{key}: {note}"));
    summary.warnings.extend(differing.take(MOST_ERRORS));
    match trace.header() {
        Some(header) => {
            let clock = match header.clock {
                ClockType::CpuCycles => format!("CPU cycles, {} MHz", header.cpu_mhz),
                ClockType::SystemTime => "system time".to_owned(),
                ClockType::Qpc => format!("performance counter, {} Hz", header.frequency),
                other => format!("{other:?}, {} Hz", header.frequency),
            };
            let pointers = if header.pointer_size == etw_recording::PointerSize::Bits32 { 32 } else { 64 };
            summary.facts.extend([
                ("session", "session", Value::from(header.logger_name.as_str())),
                ("clock", "clock", clock.into()),
                ("processors", "processors", header.processors.into()),
                ("pointers", "pointer_bits", pointers.into()),
                ("events lost", "events_lost", header.events_lost.into()),
                ("buffers lost", "buffers_lost", header.buffers_lost.into()),
            ]);
            if header.events_lost > 0 || header.buffers_lost > 0 {
                summary.warnings.push(
                    "events were lost while recording: a request may lack its response, and a response its request"
                        .to_owned(),
                );
            }
        }
        None => summary.warnings.push("the trace's header is lost: build, clock and losses are unknown".to_owned()),
    }
    let mut records = trace.records();
    while let Some(record) = records.next() {
        // Errors are reported when the events are read.
        if let Ok(record) = record {
            summary.record(record.provider, record.time);
        }
    }
}

fn of_log(log: &mut Log<'static>, build: &LogBuild, summary: &mut Summary) {
    summary.facts.push(("format", "format", "event log (.evtx)".into()));
    summary.build = build.given.map(Build::number);
    if log.header().is_none() {
        summary.warnings.push("the log's header is damaged; its chunks are read at their fixed offsets".to_owned());
    }
    if log.header().is_some_and(|header| header.flags & 1 != 0) {
        summary.warnings.push("the log was not closed: it was copied while Windows wrote to it".to_owned());
    }
    let mut records = log.records();
    while let Some(record) = records.next() {
        if let Ok(record) = record {
            summary.record(record.provider, record.time);
        }
    }
    let stats = records.stats();
    summary.facts.push(("chunks", "chunks", stats.chunks.into()));
}

impl Summary {
    fn record(&mut self, provider: Guid, time: Option<FileTime>) {
        self.records += 1;
        if let Some(time) = time {
            self.first = Some(self.first.map_or(time, |first| first.min(time)));
            self.last = Some(self.last.map_or(time, |last| last.max(time)));
        }
        if provider == PROVIDER.guid {
            return;
        }
        // A damaged file may have any number of GUIDs; memory must not grow with them.
        if self.others.len() < MOST_PROVIDERS || self.others.contains_key(&provider) {
            *self.others.entry(provider).or_default() += 1;
        } else {
            self.more_others += 1;
        }
    }

    fn event(&mut self, raw: &Raw, build: Option<Build>) {
        if let Some(channel) = raw.header.as_ref().and_then(|header| header.channel) {
            *self.channels.entry(header::channel(channel)).or_default() += 1;
        }
        if let Some(build) = raw.build.map(Build::number) {
            self.build.get_or_insert(build);
            *self.builds.entry(build).or_default() += 1;
        }
        let count = self.events.entry((raw.id, raw.version.unwrap_or_default())).or_default();
        count.events += 1;
        if let Err(failure) = outcome::decode(raw, Rules { build, lenient: false }) {
            if failure.kind().starts_with("unknown_") {
                count.unknown = true;
                self.unknown += 1;
            } else {
                count.undecodable += 1;
                self.undecodable += 1;
            }
            count.why.get_or_insert_with(|| failure.cause.to_string());
        }
    }

    fn fault(&mut self, error: &Error) {
        self.error_count += 1;
        if self.errors.len() < MOST_ERRORS {
            self.errors.push(error.to_string());
        }
    }

    fn event_count(&self) -> u64 {
        self.events.values().map(|count| count.events).sum()
    }
}

const NAME: Style = Style::new().bold();
const LABEL: Style = AnsiColor::Cyan.on_default();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();

fn text(summary: &Summary, is_later: bool, zone: &Zone) -> String {
    let mut text = String::new();
    if is_later {
        text.push('\n');
    }
    text.push_str(&format!("{NAME}{}{NAME:#}\n", visible(&summary.name, Breaks::Escaped)));
    let mut row = |label: &str, value: &str| {
        text.push_str(&format!("  {LABEL}{label:<13}{LABEL:#} {}\n", visible(value, Breaks::Escaped)));
    };
    for (label, _, value) in summary.facts.iter().take(1) {
        row(label, &plain(value));
    }
    row("size", &format!("{} bytes", summary.size));
    row("build", &build_text(summary));
    if let (Some(first), Some(last)) = (summary.first, summary.last) {
        row("time", &format!("{} to {}", zone.show(first), zone.show(last)));
    }
    for (label, _, value) in summary.facts.iter().skip(1) {
        row(label, &plain(value));
    }
    row("records", &summary.records.to_string());
    row("events", &format!("{} of {}", summary.event_count(), PROVIDER.name));
    for (channel, count) in &summary.channels {
        row("channel", &format!("{channel}: {count}"));
    }
    text.push_str(&events_table(summary));
    text.push_str(&others_table(summary));
    for warning in &summary.warnings {
        text.push_str(&format!("{WARNING}note:{WARNING:#} {}\n", visible(warning, Breaks::Escaped)));
    }
    for error in &summary.errors {
        text.push_str(&format!("{WARNING}cannot be read:{WARNING:#} {}\n", visible(error, Breaks::Escaped)));
    }
    let more = summary.error_count.saturating_sub(MOST_ERRORS as u64);
    if more > 0 {
        text.push_str(&format!("{WARNING}cannot be read:{WARNING:#} {more} more\n"));
    }
    text
}

fn build_text(summary: &Summary) -> String {
    match summary.build {
        // A machine that was updated wrote its log with several.
        Some(_) if summary.builds.len() > 1 => {
            let each = summary.builds.iter().map(|(build, events)| format!("{build} ({events} events)"));
            format!("{}, by {}", each.collect::<Vec<_>>().join(", "), summary.build_known_by)
        }
        Some(build) => format!("{build}, by {}", summary.build_known_by),
        None => format!("not in the file; layouts by {}", summary.build_known_by),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn events_table(summary: &Summary) -> String {
    if summary.events.is_empty() {
        return String::new();
    }
    let mut text = format!("\n  {LABEL}{:>10}  {:>5} {:>3}  event{LABEL:#}\n", "count", "id", "ver");
    for (&(id, version), count) in &summary.events {
        let name = PROVIDER.event(id).map_or("?", |event| event.name);
        text.push_str(&format!("  {:>10}  {id:>5} {version:>3}  {name}\n", count.events));
        if let Some(why) = &count.why {
            let number = if count.unknown { count.events } else { count.undecodable };
            let what = if count.unknown { "unknown to this build" } else { "not decodable" };
            text.push_str(&format!("{:>23}  {number} {what}: {}\n", "", visible(why, Breaks::Escaped)));
        }
    }
    text
}

fn others_table(summary: &Summary) -> String {
    if summary.others.is_empty() {
        return String::new();
    }
    let mut text = format!("\n  {LABEL}{:>10}  other providers{LABEL:#}\n", "records");
    for (provider, count) in by_count(summary).iter().take(MOST_ERRORS) {
        text.push_str(&format!("  {count:>10}  {provider}\n"));
    }
    let rest = by_count(summary);
    let rest = rest.iter().skip(MOST_ERRORS);
    let (providers, records) = rest.fold((0u64, summary.more_others), |(n, sum), (_, count)| (n + 1, sum + count));
    if records > 0 {
        text.push_str(&format!("  {records:>10}  of {providers} more; --format json has them all\n"));
    }
    text
}

/// The other providers, those with the most records first.
fn by_count(summary: &Summary) -> Vec<(Guid, u64)> {
    let mut others: Vec<_> = summary.others.iter().map(|(&provider, &count)| (provider, count)).collect();
    others.sort_by_key(|&(provider, count)| (std::cmp::Reverse(count), provider));
    others
}

fn json_object(summary: &Summary) -> Value {
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| {
        if !value.is_null() {
            object.insert(key.to_owned(), value);
        }
    };
    put("file", (*summary.name).into());
    for (_, key, value) in summary.facts.iter().take(1) {
        put(key, value.clone());
    }
    put("size", summary.size.into());
    put("build", summary.build.into());
    if summary.builds.len() > 1 {
        let each = summary.builds.iter().map(|(build, events)| json!({ "build": build, "events": events }));
        put("builds", each.collect::<Vec<_>>().into());
    }
    put("build_known_by", summary.build_known_by.into());
    put("first", summary.first.map(time::iso).into());
    put("last", summary.last.map(time::iso).into());
    for (_, key, value) in summary.facts.iter().skip(1) {
        put(key, value.clone());
    }
    put("records", summary.records.into());
    put("events", summary.event_count().into());
    put(
        "channels",
        summary.channels.iter().map(|(name, &count)| (name.clone(), count.into())).collect::<Map<_, _>>().into(),
    );
    let by_id = summary.events.iter().map(|(&(id, version), count)| {
        let mut entry = Map::new();
        entry.insert("id".to_owned(), id.into());
        entry.insert("version".to_owned(), version.into());
        if let Some(event) = PROVIDER.event(id) {
            entry.insert("event".to_owned(), event.name.into());
        }
        entry.insert("count".to_owned(), count.events.into());
        if let Some(why) = &count.why {
            let key = if count.unknown { "unknown" } else { "undecodable" };
            let number = if count.unknown { count.events } else { count.undecodable };
            entry.insert(key.to_owned(), number.into());
            entry.insert("why".to_owned(), why.as_str().into());
        }
        Value::Object(entry)
    });
    put("by_id", by_id.collect::<Vec<_>>().into());
    put("unknown", summary.unknown.into());
    put("undecodable", summary.undecodable.into());
    let others = by_count(summary)
        .into_iter()
        .map(|(provider, count)| json!({ "provider": provider.to_string(), "records": count }));
    put("others", others.collect::<Vec<_>>().into());
    put("notes", summary.warnings.clone().into());
    put("unreadable", summary.error_count.into());
    put("errors", summary.errors.clone().into());
    Value::Object(object)
}
