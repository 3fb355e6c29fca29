//! `smbetw decode`: one event from the command line, or many as JSON lines.

use std::{
    io::{self, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use anstream::AutoStream;
use clap::{ArgGroup, ValueEnum};
use smbserver_etw::Build;

use crate::{
    help, hex,
    input::{self, Line, Lines, MAX_LINE},
    json::{self, Content},
    message_table,
    outcome::{self, Cause, Failure, InputError, Outcome, Rules, Subject},
    request::{self, HeaderNumber, Request},
    text,
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
    /// The payload in hex; - or nothing at all reads it from standard input
    #[arg(value_name = "HEX", conflicts_with = "jsonl")]
    hex: Vec<String>,

    /// The Windows build that wrote the event; with --jsonl, of lines that name none
    #[arg(long, value_name = "N", value_parser = number::<u32>)]
    build: Option<u32>,

    /// The event's id
    #[arg(long, value_name = "N", value_parser = number::<u16>)]
    #[arg(required_unless_present = "jsonl", conflicts_with = "jsonl")]
    id: Option<u16>,

    /// The event's version
    #[arg(long, value_name = "N", value_parser = number::<u8>)]
    #[arg(required_unless_present = "jsonl", conflicts_with = "jsonl")]
    version: Option<u8>,

    /// Decodes the events of a file, one JSON object a line; - is standard input
    #[arg(long, value_name = "FILE")]
    jsonl: Option<PathBuf>,

    /// Accepts bytes after the last field, and a last string without its NUL; the answer says so. Needs a build
    #[arg(long, requires = "where the build comes from")]
    lenient: bool,

    /// The form of the answer: text by default, with --jsonl always json
    #[arg(long, value_name = "FORM", value_enum)]
    format: Option<Format>,

    /// Adds to JSON what numbers mean, by field; text shows it anyway
    #[arg(long)]
    names: bool,

    /// Windows' texts for status codes in messages: an ntdll.dll, its .mui, or the bytes of its message table
    #[arg(long, value_name = "FILE")]
    message_table: Option<PathBuf>,
}

/// A form of answers.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: a header, the message, the fields with what their values mean
    Text,
    /// For programs: an object a line
    Json,
}

/// How it went.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    /// Every event was decoded.
    AllDecoded,
    /// Some event was not.
    SomeFailed,
}

/// Runs the command. An error means that it could not go on; that an event cannot be decoded is none.
pub(crate) fn run(args: &Args) -> io::Result<Done> {
    let format = match (args.format, &args.jsonl) {
        (Some(Format::Text), Some(_)) => {
            return Err(usage("--jsonl answers in JSON lines; --format text is for one event"));
        }
        (None, Some(_)) => Format::Json,
        (format, _) => format.unwrap_or(Format::Text),
    };
    let table = message_table::read(args.message_table.as_deref())?;
    let status_texts = message_table::texts(args.message_table.as_deref(), &table)?;
    let content = Content { status_texts: &*status_texts, names: args.names };
    let stdout = io::stdout().lock();
    match format {
        // It takes out colour where there is none. Of JSON it would take out what is in the events' own text.
        Format::Text => answer(args, Answers::new(AutoStream::auto(stdout), format, content)),
        Format::Json => answer(args, Answers::new(stdout, format, content)),
    }
}

fn answer(args: &Args, mut answers: Answers<'_, impl Write>) -> io::Result<Done> {
    let rules = Rules { build: args.build.map(Build::from), lenient: args.lenient };
    let read = match (&args.jsonl, args.id, args.version) {
        (Some(path), ..) => each_line(path, rules, &mut answers),
        (None, Some(id), Some(version)) => single(&args.hex, id, version, rules, &mut answers),
        (None, ..) => Err(usage("--id and --version are needed")),
    };
    // Whatever stopped the reading, what was answered before is good.
    answers.flush()?;
    read.map(|()| answers.done())
}

fn usage(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

fn single(
    words: &[String],
    id: u16,
    version: u8,
    rules: Rules,
    answers: &mut Answers<'_, impl Write>,
) -> io::Result<()> {
    let payload = match words {
        [] => read_hex()?,
        [word] if word == "-" => read_hex()?,
        // Unquoted, bytes with blanks between them arrive as words.
        words => hex::parse(words.join(" ").as_bytes()).map_err(InputError::Hex),
    };
    match payload {
        Ok(payload) => answers.give(&outcome::decode(&Request { build: None, id, version, payload }, rules)),
        Err(error) => {
            let subject = Subject { line: None, build: rules.build, id: Some(id), version: Some(version) };
            answers.give(&Err(Failure { subject, cause: Cause::Input(error) }))
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
    Ok(hex::parse(input::without_mark(&text)).map_err(InputError::Hex))
}

fn each_line(path: &Path, rules: Rules, answers: &mut Answers<'_, impl Write>) -> io::Result<()> {
    let mut lines = Lines::new(input::open(path)?);
    while !answers.nobody_reads() {
        // To read on may mean to wait for who knows how long: give what there is.
        if !lines.has_next_at_hand() {
            answers.flush()?;
        }
        let Some((number, line)) = lines.next().map_err(|error| input::cannot_read(path, &error))? else { break };
        let request = match line {
            Line::Text(text) if text.trim_ascii().is_empty() => continue,
            Line::Text(text) => request::from_line(text),
            Line::TooLong => Err(Failure { subject: Subject::default(), cause: Cause::Input(InputError::TooLong) }),
        };
        let outcome = match request {
            Ok(ref request) => outcome::decode(request, rules),
            Err(failure) => Err(failure),
        };
        answers.give(&outcome.map_err(|failure| on_line(number, failure)))?;
    }
    Ok(())
}

fn on_line(number: u64, mut failure: Failure) -> Failure {
    failure.subject.line = Some(number);
    failure
}

fn number<T: HeaderNumber>(text: &str) -> Result<T, String> {
    request::parse_number(text)
}

/// Writes answers, and remembers whether any was an error.
struct Answers<'t, W: Write> {
    output: BufWriter<W>,
    format: Format,
    content: Content<'t>,
    /// An answer is made here first, so that one that cannot be made leaves no half.
    line: Vec<u8>,
    some_failed: bool,
    closed: bool,
}

impl<'t, W: Write> Answers<'t, W> {
    fn new(output: W, format: Format, content: Content<'t>) -> Self {
        let output = BufWriter::new(output);
        Self { output, format, content, line: Vec::new(), some_failed: false, closed: false }
    }

    fn give(&mut self, outcome: &Outcome<'_>) -> io::Result<()> {
        self.some_failed |= outcome.is_err();
        self.line.clear();
        match (self.format, outcome) {
            (Format::Json, _) => json::write_line(&mut self.line, outcome, self.content)?,
            (Format::Text, Ok(answer)) => {
                self.line.extend_from_slice(text::answer(answer, self.content.status_texts).as_bytes());
            }
            (Format::Text, Err(failure)) => {
                // Where nobody can be told, the exit code still does.
                let _ = anstream::stderr().write_all(text::failure(failure).as_bytes());
            }
        }
        let written = self.output.write_all(&self.line);
        self.unless_closed(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        let flushed = self.output.flush();
        self.unless_closed(flushed)
    }

    /// A reader that has seen enough, as `head` does, is no error.
    fn unless_closed(&mut self, written: io::Result<()>) -> io::Result<()> {
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            Err(error) => Err(io::Error::new(error.kind(), format!("cannot write: {error}"))),
            Ok(()) => Ok(()),
        }
    }

    fn nobody_reads(&self) -> bool {
        self.closed
    }

    fn done(&self) -> Done {
        if self.some_failed { Done::SomeFailed } else { Done::AllDecoded }
    }
}

#[cfg(test)]
mod tests {
    use smbserver_etw::status::BuiltIn;

    use super::*;

    /// An output that fails with this kind of error.
    struct Broken(io::ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn answer_into(output: Broken) -> (io::Result<()>, bool) {
        let content = Content { status_texts: &BuiltIn, names: false };
        let mut answers = Answers::new(output, Format::Json, content);
        let request = Request { build: None, id: 1900, version: 0, payload: vec![1, 0, 0, 0] };
        let rules = Rules { build: None, lenient: false };
        answers.give(&outcome::decode(&request, rules)).unwrap();
        (answers.flush(), answers.nobody_reads())
    }

    #[test]
    fn a_closed_pipe_ends_quietly_and_a_full_disk_does_not() {
        assert!(matches!(answer_into(Broken(io::ErrorKind::BrokenPipe)), (Ok(()), true)));
        assert!(matches!(answer_into(Broken(io::ErrorKind::StorageFull)), (Err(_), false)));
    }
}
