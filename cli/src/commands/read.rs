//! `smbetw read`: the events of recordings.

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
};

use anstream::AutoStream;
use clap::ValueEnum;
use etw_recording::etl::{BuildReport, Header};
use smbserver_etw::{Build, schema::PROVIDER};

use super::{Done, FileArgs, IntegerArgs};
use crate::{
    filter::{self, FilterArgs},
    help, message_table,
    outcome::{self, Outcome, Rules},
    output::{
        csv::Table,
        json::{self, Content},
        lines,
        sink::Sink,
        text::{self, Breaks, visible},
        timesketch,
    },
    progress::Meter,
    raw::Raw,
    source::{
        files::{Merged, Next, Opened, Opener, Recording},
        json_line::parse_build,
    },
};

/// Reads the SMBServer events of traces (.etl) and event logs (.evtx).
#[derive(clap::Args)]
#[command(
    long_about = help::READ,
    after_help = help::EXIT_CODES,
    after_long_help = format!("{}\n{}", help::READ_AFTER, help::EXIT_CODES),
)]
pub(crate) struct Args {
    #[command(flatten)]
    files: FileArgs,

    /// The Windows build that wrote the events; by default the one in the recording
    #[arg(long, value_name = "N", value_parser = parse_build)]
    build: Option<Build>,

    /// The form of the answers: lines on a terminal, otherwise jsonl
    #[arg(long, short, value_name = "FORM", value_enum)]
    format: Option<Format>,

    #[command(flatten)]
    filter: FilterArgs,

    /// Shows only these fields: Status,UserName
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = filter::parse_field)]
    fields: Vec<String>,

    /// Ends after this number of events
    #[arg(long, value_name = "N")]
    limit: Option<u64>,

    /// Adds the message to jsonl and csv, as Windows shows it
    #[arg(long)]
    message: bool,

    /// Adds to jsonl what numbers mean, by field
    #[arg(long)]
    names: bool,

    #[command(flatten)]
    integers: IntegerArgs,

    /// Also reads records that an event log has deleted but not yet overwritten
    #[arg(long)]
    recover: bool,

    /// Windows' texts for status codes in messages: an ntdll.dll, its .mui, or the bytes of its message table
    #[arg(long, value_name = "FILE")]
    message_table: Option<PathBuf>,
}

/// A form of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: a block for each event, with message, fields and the meaning of their values
    Text,
    /// For people: a line for each event, with time, name, client, user, share, status and message
    Lines,
    /// For programs: one JSON object on each line
    Jsonl,
    /// For tables: the same columns for all events; with --id of one event, its fields as columns
    Csv,
    /// For Timesketch: its CSV
    Timesketch,
}

/// Runs the command. An error means that it could not go on. An event that cannot be decoded is not such an error.
pub(crate) fn run(args: &Args) -> io::Result<Done> {
    let stdout = io::stdout();
    let by_default = if stdout.is_terminal() { Format::Lines } else { Format::Jsonl };
    let format = args.format.unwrap_or(by_default);
    let table = message_table::read(args.message_table.as_deref())?;
    let status_texts = message_table::texts(args.message_table.as_deref(), &table)?;
    let content = Content {
        status_texts: &*status_texts,
        names: args.names,
        message: args.message,
        integers: args.integers.form(),
        fields: &args.fields,
    };
    match format {
        // `AutoStream` removes colour if there is no terminal. It must not see JSON, where it would change the text of
        // events.
        Format::Text | Format::Lines => read(args, Writer::new(args, AutoStream::auto(stdout.lock()), format, content)),
        _ => read(args, Writer::new(args, stdout.lock(), format, content)),
    }
}

fn read(args: &Args, mut writer: Writer<'_, impl Write>) -> io::Result<Done> {
    let mut finder = Opener::new(args.build, args.recover);
    let (mut opened, errors) = args.files.open(&mut finder)?;
    writer.some_failed |= errors > 0;
    if args.build.is_none() && !args.files.quiet {
        opened.iter_mut().filter_map(doubt).for_each(|doubt| say(&doubt));
    }
    let size = opened.iter().map(|file| file.size).sum();
    let mut meter = Meter::new(args.files.quiet, size);
    let mut merged = Merged::new(&mut opened, args.build, args.filter.prefilter());
    writer.begin()?;
    let read = each_event(args, &mut merged, &mut writer, &mut meter);
    meter.clear();
    // Write the answers before the one that stopped the reading: they are good.
    writer.output.flush()?;
    read?;
    let progress = merged.progress();
    if progress.events == 0 && !args.files.quiet && !writer.output.is_closed() {
        say(&format!("no event of {} in it; {} of others", PROVIDER.name, progress.others));
    }
    Ok(if writer.some_failed { Done::SomeFailed } else { Done::AllDecoded })
}

fn each_event(
    args: &Args,
    merged: &mut Merged<'_>,
    writer: &mut Writer<'_, impl Write>,
    meter: &mut Meter,
) -> io::Result<()> {
    let rules = Rules { build: args.build, lenient: false };
    let mut left = args.limit.unwrap_or(u64::MAX);
    while left > 0 && !writer.output.is_closed() {
        meter.tick(|| merged.progress());
        match merged.next() {
            Next::End => break,
            Next::Fault(file, error) => writer.fault(&file, &error)?,
            Next::Event(raw) => {
                if !args.filter.admits_raw(raw) {
                    continue;
                }
                let outcome = outcome::decode(raw, rules);
                // An event that cannot be decoded passes every filter by fields: its fields are unknown.
                if outcome.as_ref().is_ok_and(|answer| !args.filter.admits(&answer.event())) {
                    continue;
                }
                writer.give(raw, &outcome)?;
                left -= 1;
            }
        }
    }
    Ok(())
}

/// A warning for a trace whose build may be that of another machine than the one the events come from.
fn doubt(file: &mut Opened) -> Option<String> {
    let Recording::Trace(trace) = &mut file.recording else { return None };
    if !trace.header().is_some_and(Header::is_merged) {
        return None;
    }
    let report = trace.build_report().ok().filter(BuildReport::is_doubtful)?;
    let labs: Vec<_> = report.labs.iter().map(|lab| lab.text.as_str()).collect();
    let build = report.build.unwrap_or_default();
    let labs = visible(&labs.join(", "), Breaks::Escaped);
    Some(format!(
        "{}: the build is {build} by its header, but the file was merged from others and also has {labs}; choose with --build",
        file.name
    ))
}

fn say(what: &str) {
    // If standard error is closed, the exit code still says it.
    let _ = writeln!(anstream::stderr(), "note: {what}");
}

/// Writes answers in a form.
struct Writer<'t, W: Write> {
    output: Sink<W>,
    format: Format,
    content: Content<'t>,
    table: Table,
    quiet: bool,
    line: Vec<u8>,
    is_first: bool,
    some_failed: bool,
}

impl<'t, W: Write> Writer<'t, W> {
    fn new(args: &Args, output: W, format: Format, content: Content<'t>) -> Self {
        Self {
            output: Sink::new(output),
            format,
            content,
            table: Table::new(args.filter.only_id(), content),
            quiet: args.files.quiet,
            line: Vec::new(),
            is_first: true,
            some_failed: false,
        }
    }

    fn begin(&mut self) -> io::Result<()> {
        match self.format {
            Format::Csv => self.output.write(self.table.header().as_bytes()),
            Format::Timesketch => self.output.write(timesketch::header().as_bytes()),
            Format::Text | Format::Lines | Format::Jsonl => Ok(()),
        }
    }

    fn give(&mut self, raw: &Raw, outcome: &Outcome<'_>) -> io::Result<()> {
        self.some_failed |= outcome.is_err();
        self.line.clear();
        match (self.format, outcome) {
            (Format::Jsonl, _) => json::write_line(&mut self.line, raw, outcome, self.content)?,
            (_, Err(failure)) => self.complain(&text::failure(raw, failure))?,
            (Format::Text, Ok(answer)) => {
                if !self.is_first {
                    self.line.push(b'\n');
                }
                self.line.extend_from_slice(text::answer(raw, answer, self.content).as_bytes());
                self.is_first = false;
            }
            (Format::Lines, Ok(answer)) => {
                self.line.extend_from_slice(lines::answer(raw, answer, self.content).as_bytes());
            }
            (Format::Csv, Ok(answer)) => {
                self.line.extend_from_slice(self.table.row(raw, answer, self.content).as_bytes());
            }
            (Format::Timesketch, Ok(answer)) => {
                self.line.extend_from_slice(timesketch::answer(raw, answer, self.content).as_bytes());
            }
        }
        self.output.write(&self.line)
    }

    /// Reports what cannot be read in a file.
    fn fault(&mut self, file: &str, error: &etw_recording::Error) -> io::Result<()> {
        self.some_failed = true;
        if self.format == Format::Jsonl {
            self.line.clear();
            json::write_fault(&mut self.line, file, error)?;
            return self.output.write(&self.line);
        }
        self.complain(&text::fault(file, error))
    }

    /// Writes to standard error, after the answers so far.
    fn complain(&mut self, what: &str) -> io::Result<()> {
        if !self.quiet {
            self.output.flush()?;
            let _ = anstream::stderr().write_all(what.as_bytes());
        }
        Ok(())
    }
}
