//! `smbetw read`: the events of recordings.

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
    sync::Arc,
    thread,
};

use anstream::AutoStream;
use clap::ValueEnum;
use etw_recording::etl::{BuildReport, Header};
use smbserver_etw::{Build, schema::PROVIDER};

use super::{Done, FileArgs, IntegerArgs};
use crate::{
    crew::Crew,
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
    time::ZoneArgs,
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

    #[command(flatten)]
    zone: ZoneArgs,

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
    let zone = args.zone.zone()?;
    let content = Content {
        status_texts: &*status_texts,
        names: args.names,
        message: args.message,
        integers: args.integers.form(),
        fields: &args.fields,
        zone: &zone,
    };
    let maker = Maker { args, format, content, table: Table::new(args.filter.only_id(), content) };
    match format {
        // `AutoStream` removes colour if there is no terminal. It must not see JSON, where it would change the text of
        // events.
        Format::Text | Format::Lines => read(args, &maker, Writer::new(args, AutoStream::auto(stdout.lock()), format)),
        _ => read(args, &maker, Writer::new(args, stdout.lock(), format)),
    }
}

fn read(args: &Args, maker: &Maker<'_>, mut writer: Writer<impl Write>) -> io::Result<Done> {
    let mut finder = Opener::new(args.build, args.recover);
    let (mut opened, errors) = args.files.open(&mut finder)?;
    writer.some_failed |= errors > 0;
    if args.build.is_none() && !args.files.quiet {
        opened.iter_mut().filter_map(doubt).for_each(|doubt| say(&doubt));
    }
    let size = opened.iter().map(|file| file.size).sum();
    let mut meter = Meter::new(args.files.quiet, size);
    let mut merged = Merged::new(&mut opened, args.build, args.filter.prefilter(maker.content.zone));
    writer.output.write(maker.begin().as_bytes())?;
    let work = |block: &mut Block| maker.answer(block);
    let read = thread::scope(|scope| {
        let crew = Crew::new(scope, &work);
        each_block(maker, crew, &mut merged, &mut writer, &mut meter)
    });
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

/// Reads blocks, and writes what the crew makes of them.
fn each_block(
    maker: &Maker<'_>,
    mut crew: Crew<'_, '_, Block>,
    merged: &mut Merged<'_>,
    writer: &mut Writer<impl Write>,
    meter: &mut Meter,
) -> io::Result<()> {
    let mut spare = Vec::new();
    let mut room = FIRST_BLOCK;
    while !writer.is_done() {
        let mut block: Block = spare.pop().unwrap_or_default();
        let is_last = block.fill(room, &maker.args.filter, merged, meter);
        room = BLOCK.min(2 * room);
        // The threads are not worth their start for what is left in a short file.
        if is_last && block.len < BLOCK {
            while let Some(done) = crew.take() {
                writer.give(&done)?;
            }
            maker.answer(&mut block);
            return writer.give(&block);
        }
        if crew.is_full()
            && let Some(mut done) = crew.take()
        {
            writer.give(&done)?;
            done.clear();
            spare.push(done);
        }
        crew.give(block);
        if is_last {
            break;
        }
    }
    while let Some(done) = crew.take() {
        writer.give(&done)?;
    }
    Ok(())
}

/// The events of a block: enough to make up for handing it to a thread.
const BLOCK: usize = 256;
/// The events of the first block: few, so that there is something to see soon.
const FIRST_BLOCK: usize = 32;
/// The bytes of payloads that end a block.
const BLOCK_BYTES: usize = 128 << 10;
/// The capacity that a payload may keep for the next one.
const KEPT: usize = 4 << 10;

/// Events that are answered together. It is filled again and again, so that its memory is used again.
#[derive(Default)]
struct Block {
    /// The events, and errors of files. Those behind `len` are spare.
    entries: Vec<Entry>,
    len: usize,
    /// The answers, one behind the other, and where each ends.
    out: Vec<u8>,
    pieces: Vec<Piece>,
}

/// What was read.
#[derive(Default)]
struct Entry {
    raw: Raw,
    /// An error and its file, instead of an event.
    fault: Option<(Arc<str>, etw_recording::Error)>,
}

/// The answer to an entry.
struct Piece {
    /// Where it ends in the block's output.
    end: usize,
    is_event: bool,
    has_failed: bool,
    /// Text for standard error.
    complaint: Option<String>,
}

impl Block {
    /// Takes the next events. Returns whether there are no more.
    fn fill(&mut self, room: usize, filter: &FilterArgs, merged: &mut Merged<'_>, meter: &mut Meter) -> bool {
        let mut bytes = 0;
        while self.len < room && bytes < BLOCK_BYTES {
            meter.tick(|| merged.progress());
            if self.len == self.entries.len() {
                self.entries.push(Entry::default());
            }
            let Some(entry) = self.entries.get_mut(self.len) else { return true };
            entry.fault = None;
            match merged.next() {
                Next::End => return true,
                Next::Fault(file, error) => entry.fault = Some((file, error)),
                Next::Event(raw) => {
                    if !filter.admits_raw(raw) {
                        continue;
                    }
                    bytes += raw.payload.len();
                    // The spare event goes back to be filled next.
                    std::mem::swap(&mut entry.raw, raw);
                }
            }
            self.len += 1;
        }
        false
    }

    /// Forgets the answers, and memory that an unusual block took.
    fn clear(&mut self) {
        for entry in self.entries.iter_mut().filter(|entry| entry.raw.payload.capacity() > KEPT) {
            entry.raw.payload = Vec::new();
        }
        self.len = 0;
        self.out.clear();
        self.out.shrink_to(8 * BLOCK_BYTES);
        self.pieces.clear();
    }
}

/// Makes answers of events, on any thread.
struct Maker<'t> {
    args: &'t Args,
    format: Format,
    content: Content<'t>,
    table: Table,
}

impl Maker<'_> {
    /// The text before all answers.
    fn begin(&self) -> String {
        match self.format {
            Format::Csv => self.table.header(),
            Format::Timesketch => timesketch::header(),
            Format::Text | Format::Lines | Format::Jsonl => String::new(),
        }
    }

    /// Answers the events of a block.
    fn answer(&self, block: &mut Block) {
        let rules = Rules { build: self.args.build, lenient: false };
        let Block { entries, len, out, pieces } = block;
        for Entry { raw, fault } in entries.iter().take(*len) {
            if let Some((file, error)) = fault {
                let complaint = self.put_fault(out, file, error);
                pieces.push(Piece { end: out.len(), is_event: false, has_failed: true, complaint });
                continue;
            }
            let outcome = outcome::decode(raw, rules);
            // An event that cannot be decoded always passes the filter.
            if outcome.as_ref().is_ok_and(|answer| !self.args.filter.admits(&answer.event())) {
                continue;
            }
            let complaint = self.put(out, raw, &outcome);
            pieces.push(Piece { end: out.len(), is_event: true, has_failed: outcome.is_err(), complaint });
        }
    }

    /// Appends an answer. Returns what is to be said on standard error instead.
    fn put(&self, out: &mut Vec<u8>, raw: &Raw, outcome: &Outcome<'_>) -> Option<String> {
        let text = match (self.format, outcome) {
            (Format::Jsonl, _) => {
                let before = out.len();
                // Memory takes all that is written.
                if json::write_line(out, raw, outcome, self.content).is_err() {
                    out.truncate(before);
                }
                return None;
            }
            (_, Err(failure)) => return Some(text::failure(raw, failure, self.content.zone)),
            (Format::Text, Ok(answer)) => {
                // The writer leaves out the first.
                out.push(b'\n');
                text::answer(raw, answer, self.content)
            }
            (Format::Lines, Ok(answer)) => lines::answer(raw, answer, self.content),
            (Format::Csv, Ok(answer)) => self.table.row(raw, answer, self.content),
            (Format::Timesketch, Ok(answer)) => timesketch::answer(raw, answer, self.content),
        };
        out.extend_from_slice(text.as_bytes());
        None
    }

    /// Appends an error in a file. Returns what is to be said on standard error instead.
    fn put_fault(&self, out: &mut Vec<u8>, file: &str, error: &etw_recording::Error) -> Option<String> {
        if self.format != Format::Jsonl {
            return Some(text::fault(file, error));
        }
        let before = out.len();
        // Memory takes all that is written.
        if json::write_fault(out, file, error).is_err() {
            out.truncate(before);
        }
        None
    }
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

/// Writes answers, and counts them.
struct Writer<W: Write> {
    output: Sink<W>,
    quiet: bool,
    /// Whether each answer begins with an empty line, which the first goes without.
    skips_first_byte: bool,
    /// The events that may come yet.
    left: u64,
    some_failed: bool,
}

impl<W: Write> Writer<W> {
    fn new(args: &Args, output: W, format: Format) -> Self {
        Self {
            output: Sink::new(output),
            quiet: args.files.quiet,
            skips_first_byte: format == Format::Text,
            left: args.limit.unwrap_or(u64::MAX),
            some_failed: false,
        }
    }

    /// Whether nothing more is to be written.
    fn is_done(&self) -> bool {
        self.left == 0 || self.output.is_closed()
    }

    /// Writes the answers of a block, as many as are wanted.
    fn give(&mut self, block: &Block) -> io::Result<()> {
        let mut from = 0;
        let mut end = 0;
        for piece in &block.pieces {
            if self.is_done() {
                break;
            }
            self.left -= u64::from(piece.is_event);
            self.some_failed |= piece.has_failed;
            if std::mem::take(&mut self.skips_first_byte) {
                if piece.end > end {
                    from = end + 1;
                } else {
                    self.skips_first_byte = true;
                }
            }
            end = piece.end;
            if let Some(complaint) = &piece.complaint {
                self.output.write(block.out.get(from..end).unwrap_or_default())?;
                from = end;
                self.complain(complaint)?;
            }
        }
        self.output.write(block.out.get(from..end).unwrap_or_default())
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
