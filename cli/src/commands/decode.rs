//! `smbetw decode`: one event from the command line, or many as JSON lines.

use std::{
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use anstream::AutoStream;
use clap::{ArgGroup, ValueEnum};
use smbserver_etw::Build;

use super::{Done, IntegerArgs};
use crate::{
    failure::{Cause, Failure, InputError, Subject},
    help, message_table, names,
    outcome::{self, Outcome, Rules},
    output::{
        json::{self, Content},
        sink::Sink,
        text,
    },
    raw::Raw,
    source::{
        hex,
        json_line::{self, HeaderNumber},
        lines::{self as input, Line, Lines, MAX_LINE},
    },
    time::Zone,
};

/// Decodes events, and shows each with its message and fields.
#[derive(clap::Args)]
#[command(
    long_about = help::DECODE,
    after_help = help::EXIT_CODES,
    after_long_help = format!("{}\n{}", help::DECODE_AFTER, help::EXIT_CODES),
    group(ArgGroup::new("where the build comes from").args(["build", "jsonl"]).multiple(true)),
)]
pub(crate) struct Args {
    /// The payload in hex or base64; - or no argument reads it from standard input
    #[arg(value_name = "HEX", conflicts_with = "jsonl")]
    hex: Vec<String>,

    /// The Windows build that wrote the event; with --jsonl, for lines without a build
    #[arg(long, value_name = "N", value_parser = json_line::parse_build)]
    build: Option<Build>,

    /// The event's id, or its name
    #[arg(long, value_name = "N", value_parser = id)]
    #[arg(required_unless_present = "jsonl", conflicts_with = "jsonl")]
    id: Option<u16>,

    /// The event's version; not needed if it has only one
    #[arg(long, value_name = "N", value_parser = number::<u8>, conflicts_with = "jsonl")]
    version: Option<u8>,

    /// Decodes the events of a file with one JSON object on each line; - is standard input. May be given several times
    #[arg(long, value_name = "FILE")]
    jsonl: Vec<PathBuf>,

    /// Accepts bytes after the last field, and a last string without its NUL, and says so in the answer. Needs a build
    #[arg(long, requires = "where the build comes from")]
    lenient: bool,

    /// The form of the answer: text by default, always json with --jsonl
    #[arg(long, value_name = "FORM", value_enum)]
    format: Option<Format>,

    /// Adds to JSON what numbers mean, by field; text shows it anyway
    #[arg(long)]
    names: bool,

    #[command(flatten)]
    integers: IntegerArgs,

    /// Windows' texts for status codes in messages: an ntdll.dll, its .mui, or the bytes of its message table
    #[arg(long, value_name = "FILE")]
    message_table: Option<PathBuf>,
}

/// A form of answers.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: a header, the message, the fields with what their values mean
    Text,
    /// For programs: one object on each line
    Json,
}

/// Runs the command. An error means that it could not go on. An event that cannot be decoded is not such an error.
pub(crate) fn run(args: &Args) -> io::Result<Done> {
    let format = match (args.format, args.jsonl.as_slice()) {
        (Some(Format::Text), [_, ..]) => {
            return Err(usage("--jsonl answers in JSON lines; --format text is for one event"));
        }
        (None, [_, ..]) => Format::Json,
        (format, _) => format.unwrap_or(Format::Text),
    };
    let table = message_table::read(args.message_table.as_deref())?;
    let status_texts = message_table::texts(args.message_table.as_deref(), &table)?;
    let content = Content {
        status_texts: &*status_texts,
        names: args.names,
        message: true,
        integers: args.integers.form(),
        fields: &[],
        zone: &Zone::Utc,
    };
    let stdout = io::stdout().lock();
    match format {
        // `AutoStream` removes colour if there is no terminal. It must not see JSON, where it would change the text of
        // events.
        Format::Text => answer(args, Answers::new(AutoStream::auto(stdout), format, content)),
        Format::Json => answer(args, Answers::new(stdout, format, content)),
    }
}

fn answer(args: &Args, mut answers: Answers<'_, impl Write>) -> io::Result<Done> {
    let rules = Rules { build: args.build, lenient: args.lenient };
    let read = match (args.jsonl.as_slice(), args.id) {
        ([path], _) => input::open(path).and_then(|lines| each_line(path, lines, None, rules, &mut answers)),
        ([], Some(id)) => single(&args.hex, id, args.version, rules, &mut answers),
        ([], None) => Err(usage("--id is needed")),
        (paths, _) => each_file(paths, rules, &mut answers),
    };
    // Write the answers before the one that stopped the reading: they are good.
    answers.output.flush()?;
    read.map(|()| answers.done())
}

fn usage(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

fn single(
    words: &[String],
    id: u16,
    version: Option<u8>,
    rules: Rules,
    answers: &mut Answers<'_, impl Write>,
) -> io::Result<()> {
    let payload = match words {
        [] => read_hex()?,
        [word] if word == "-" => read_hex()?,
        // Without quotes, bytes separated by blanks arrive as several arguments.
        words => hex::parse_payload(words.join(" ").as_bytes()).map_err(InputError::Hex),
    };
    let mut raw = Raw { id, version, ..Raw::default() };
    match payload {
        Ok(payload) => {
            raw.payload = payload;
            answers.give(&raw, &outcome::decode(&raw, rules))
        }
        Err(error) => {
            let subject = Subject { build: rules.build, ..raw.subject() };
            answers.give(&raw, &Err(Failure { subject, cause: Cause::Input(error) }))
        }
    }
}

fn read_hex() -> io::Result<Result<Vec<u8>, InputError>> {
    let mut text = Vec::new();
    let limit = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
    let stdin = io::stdin().lock();
    stdin.take(limit.saturating_add(1)).read_to_end(&mut text).map_err(|e| input::cannot_read(Path::new("-"), &e))?;
    if text.len() > MAX_LINE {
        return Ok(Err(InputError::TooLong));
    }
    Ok(hex::parse_payload(input::without_mark(&text)).map_err(InputError::Hex))
}

/// Answers the lines of several files, one file after the other. One that cannot be opened costs itself.
fn each_file(paths: &[PathBuf], rules: Rules, answers: &mut Answers<'_, impl Write>) -> io::Result<()> {
    let mut failed = Vec::new();
    for path in paths {
        match input::open(path) {
            Ok(lines) => each_line(path, lines, Some(&name(path)), rules, answers)?,
            Err(error) => failed.push(error),
        }
    }
    if failed.len() == paths.len() {
        let said: Vec<_> = failed.iter().map(ToString::to_string).collect();
        return Err(io::Error::other(said.join("\nerror: ")));
    }
    for error in &failed {
        answers.some_failed = true;
        let _ = writeln!(anstream::stderr(), "error: {error}");
    }
    Ok(())
}

/// What a file is called in its answers.
fn name(path: &Path) -> Arc<str> {
    if path.as_os_str() == "-" { "standard input".into() } else { path.to_string_lossy().into() }
}

/// Answers the lines of a file. The answers have its name if there are several: the line's number says nothing without it.
fn each_line(
    path: &Path,
    lines: Box<dyn Read>,
    file: Option<&Arc<str>>,
    rules: Rules,
    answers: &mut Answers<'_, impl Write>,
) -> io::Result<()> {
    let mut lines = Lines::new(lines);
    while !answers.output.is_closed() {
        // The next read may wait for input; write what there is first.
        if !lines.has_next_at_hand() {
            answers.output.flush()?;
        }
        let Some((number, line)) = lines.next().map_err(|error| input::cannot_read(path, &error))? else { break };
        let read = match line {
            Line::Text(text) if text.trim_ascii().is_empty() => continue,
            Line::Text(text) => json_line::from_line(text),
            Line::TooLong => Err(Failure { subject: Subject::default(), cause: Cause::Input(InputError::TooLong) }),
        };
        match read {
            Ok(raw) => {
                let raw = Raw { file: file.cloned(), line: Some(number), ..raw };
                answers.give(&raw, &outcome::decode(&raw, rules))?;
            }
            Err(failure) => {
                let is_utf16 = matches!(failure.cause, Cause::Input(InputError::Encoding { utf16: true }));
                let raw = Raw { file: file.cloned(), line: Some(number), ..Raw::default() };
                answers.give(&raw, &Err(failure))?;
                // The whole input is UTF-16: each further line would give the same error.
                if is_utf16 && number == 1 {
                    break;
                }
            }
        }
    }
    Ok(())
}

/// An event's id, or its name.
fn id(text: &str) -> Result<u16, String> {
    if text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return names::event(text).map(|event| event.id).map_err(|error| error.to_string());
    }
    number(text)
}

fn number<T: HeaderNumber>(text: &str) -> Result<T, String> {
    json_line::parse_number(text)
}

/// Writes answers, and remembers whether one of them was an error.
struct Answers<'t, W: Write> {
    output: Sink<W>,
    format: Format,
    content: Content<'t>,
    /// The answer under construction. It is written only when complete.
    line: Vec<u8>,
    some_failed: bool,
}

impl<'t, W: Write> Answers<'t, W> {
    fn new(output: W, format: Format, content: Content<'t>) -> Self {
        Self { output: Sink::new(output), format, content, line: Vec::new(), some_failed: false }
    }

    fn give(&mut self, raw: &Raw, outcome: &Outcome<'_>) -> io::Result<()> {
        self.some_failed |= outcome.is_err();
        self.line.clear();
        match (self.format, outcome) {
            (Format::Json, _) => json::write_line(&mut self.line, raw, outcome, self.content)?,
            (Format::Text, Ok(answer)) => {
                self.line.extend_from_slice(text::answer(raw, answer, self.content).as_bytes());
            }
            (Format::Text, Err(failure)) => {
                // If standard error is closed, the exit code still says it.
                let _ = anstream::stderr().write_all(text::failure(raw, failure, self.content.zone).as_bytes());
            }
        }
        self.output.write(&self.line)
    }

    fn done(&self) -> Done {
        if self.some_failed { Done::SomeFailed } else { Done::AllDecoded }
    }
}
