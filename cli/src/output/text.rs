//! The answers as text, for people.
//!
//! Messages and fields contain texts that clients choose, and a terminal obeys control characters. So every text of an
//! event is written through [`visible`].

use anstyle::{AnsiColor, Style};
use etw_runtime::{BuildRange, FieldInfo, LayoutInfo};
use smbserver_etw::{Basis, Candidates, Record, Value};

use super::json::Content;
use crate::{
    failure::{Failure, Subject},
    fields::{self, Names},
    outcome::Answer,
    raw::{self, Header, Raw},
    source::hex,
    time::Zone,
};

const NAME: Style = Style::new().bold();
const LABEL: Style = AnsiColor::Cyan.on_default();
const MEANING: Style = AnsiColor::Green.on_default();
const NOTE: Style = AnsiColor::Yellow.on_default().bold();
const ERROR: Style = AnsiColor::Red.on_default().bold();

/// The text for a decoded event: header, message, fields and notes, an empty line between them. It has colour, which
/// the writer removes if it is not wanted.
pub(crate) fn answer(raw: &Raw, answer: &Answer<'_>, content: Content<'_>) -> String {
    let message = answer.message(content.status_texts);
    let message = message.map(|message| visible(&message.with_one_line_values().to_string(), Breaks::Kept));
    let blocks = [
        header(answer.event().layout(), raw, answer, content.zone),
        // The message is neither indented nor coloured. Its last line must end.
        message.map_or_else(String::new, |message| message + "\n"),
        table(&answer.event(), content.fields),
        notes(raw, answer),
    ];
    let blocks: Vec<_> = blocks.into_iter().filter(|block| !block.is_empty()).collect();
    blocks.join("\n")
}

/// The text for an event that could not be decoded.
pub(crate) fn failure(raw: &Raw, failure: &Failure, zone: &Zone) -> String {
    let mut text = format!("{ERROR}error:{ERROR:#} {}\n", visible(&failure.cause.to_string(), Breaks::Escaped));
    let Subject { build, id, version } = failure.subject;
    let known = [
        raw.file.as_ref().map(|file| visible(file, Breaks::Escaped)),
        raw.record.map(|record| format!("record {record}")),
        raw.time.map(|time| zone.show(time)),
        raw.line.map(|line| format!("line {line}")),
        id.map(|id| format!("event {id}")),
        version.map(|version| format!("version {version}")),
        build.map(|build| format!("build {build}")),
    ];
    let known: Vec<_> = known.into_iter().flatten().collect();
    if !known.is_empty() {
        text.push_str(&format!("  of: {}\n", known.join(", ")));
    }
    text
}

/// The text for an error in a file.
pub(crate) fn fault(file: &str, error: &etw_recording::Error) -> String {
    let file = visible(file, Breaks::Escaped);
    format!("{ERROR}error:{ERROR:#} {file}: {}\n", visible(&error.to_string(), Breaks::Escaped))
}

/// Where and when it was recorded; empty for an event that is not from a recording.
fn place(raw: &Raw, zone: &Zone) -> String {
    let Some(file) = &raw.file else { return String::new() };
    let time = raw.time.map_or_else(String::new, |time| format!("{NAME}{}{NAME:#} ", zone.show(time)));
    let record = raw.record.map_or_else(String::new, |record| format!(" record {record}"));
    let mut text = format!("{time}{}{record}", visible(file, Breaks::Escaped));
    if let Some(header) = &raw.header {
        let known = [
            header.pid.map(|pid| format!(", process {pid}")),
            header.tid.map(|tid| format!(", thread {tid}")),
            header.cpu.map(|cpu| format!(", processor {cpu}")),
            header.user.as_ref().map(|user| format!(", as {}", visible(user, Breaks::Escaped))),
            header.activity.map(|activity| format!(", activity {activity}")),
        ];
        known.into_iter().flatten().for_each(|known| text.push_str(&known));
    }
    text.push('\n');
    text
}

fn header(layout: &LayoutInfo, raw: &Raw, answer: &Answer<'_>, zone: &Zone) -> String {
    let header = super::header::choose(raw, answer);
    let mut text = place(raw, zone);
    text.push_str(&format!("{NAME}{}{NAME:#}: event {}, version {}", layout.event, layout.id, layout.version));
    if raw.header.is_some() || answer.header().is_some() {
        text.push_str(&format!(", level {}", super::header::level(header.level)));
        if let Some(channel) = header.channel {
            text.push_str(&format!(", channel {}", super::header::channel(channel)));
        }
    }
    text.push_str(&format!(", {}\n", builds(layout.builds)));
    let more = rarer(&header);
    if !more.is_empty() {
        text.push_str(&format!("{}\n", more.join(", ")));
    }
    text
}

/// The parts of the header that only some events have.
fn rarer(header: &Header) -> Vec<String> {
    let mut parts = Vec::new();
    if header.task != 0 {
        parts.push(format!("task {}", super::header::task(header.task)));
    }
    if header.opcode != 0 {
        parts.push(format!("opcode {}", super::header::opcode(header.opcode)));
    }
    let keywords = raw::keyword_names(header.keywords, header.channel);
    if !keywords.is_empty() {
        parts.push(format!("keywords {}", keywords.join(" | ")));
    }
    parts
}

/// `build 20348`, `builds 20348 to 26100`.
fn builds(ranges: &[BuildRange]) -> String {
    let texts = ranges.iter().map(|range| match range {
        BuildRange { first, last } if first == last => first.to_string(),
        BuildRange { first, last } => format!("{first} to {last}"),
    });
    let several = ranges.len() > 1 || ranges.iter().any(|range| range.first != range.last);
    format!("{} {}", if several { "builds" } else { "build" }, texts.collect::<Vec<_>>().join(", "))
}

/// A row of the table of fields.
struct Row {
    label: String,
    value: String,
    meaning: Option<String>,
}

/// The widest value for which the column of meanings is moved: a GUID and a little more.
const WIDEST: usize = 40;

fn table<'a>(record: &impl Record<'a>, wanted: &[String]) -> String {
    let rows: Vec<_> = fields::labelled(record)
        .filter(|(label, ..)| wanted.is_empty() || wanted.iter().any(|name| name == label))
        .map(|(label, field, value)| Row {
            label: label.into_owned(),
            value: visible(&value.to_string(), Breaks::Escaped),
            meaning: meaning(field, &value).map(|meaning| visible(&meaning, Breaks::Escaped)),
        })
        .collect();
    let labels = width(rows.iter().map(|row| &row.label));
    // A value without a meaning does not move the column; a long value moves only its own meaning.
    let values = rows.iter().filter(|row| row.meaning.is_some()).map(|row| &row.value);
    let values = width(values.filter(|value| value.chars().count() <= WIDEST));
    let mut text = String::new();
    for Row { label, value, meaning } in rows {
        let line = match meaning {
            Some(meaning) => format!("{LABEL}{label:labels$}{LABEL:#}  {value:values$}  {MEANING}{meaning}{MEANING:#}"),
            None if value.is_empty() => format!("{LABEL}{label}{LABEL:#}"),
            None => format!("{LABEL}{label:labels$}{LABEL:#}  {value}"),
        };
        text.push_str(&line);
        text.push('\n');
    }
    text
}

fn width<'a>(texts: impl Iterator<Item = &'a String>) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or(0)
}

/// The meaning of the value in one line. For an address, which XML shows as bytes, its text.
pub(crate) fn meaning(field: &FieldInfo, value: &Value<'_>) -> Option<String> {
    match (Names::from_value(field, value), value) {
        (Some(Names::One(name)), _) => Some(name),
        (Some(Names::Each(names)), Value::Array(elements)) => {
            let names = names.into_iter().zip(*elements);
            let names = names.map(|(name, element)| name.unwrap_or_else(|| element.to_string()));
            Some(format!("[{}]", names.collect::<Vec<_>>().join(", ")))
        }
        (_, Value::SocketAddr(address)) => Some(address.to_string()).filter(|text| !text.is_empty()),
        _ => None,
    }
}

/// What to know about the reliability of the answer.
fn notes(raw: &Raw, answer: &Answer<'_>) -> String {
    let mut notes: Vec<_> = raw.notes.iter().map(|note| visible(note, Breaks::Escaped)).collect();
    match answer.basis() {
        Some((build, basis)) => notes.extend(on_basis(build, basis)),
        None if raw.header.is_none() => notes.extend(on_headers(answer.event().layout())),
        None => {}
    }
    notes.extend(answer.also_fits().map(|others| on_others(&others)));
    notes.extend(on_inferred(&answer.event()));
    if !answer.left_over.is_empty() {
        let count = answer.left_over.len();
        let bytes = if count == 1 { "byte is" } else { "bytes are" };
        notes.push(format!("{count} {bytes} left over after the last field: {}", hex::print(answer.left_over)));
    }
    if answer.unterminated {
        notes.push("the last string has no terminating NUL; it may have been cut".to_owned());
    }
    notes.iter().fold(String::new(), |text, note| text + &format!("{NOTE}note:{NOTE:#} {note}\n"))
}

fn on_basis(build: u32, basis: Basis) -> Option<String> {
    Some(match basis {
        Basis::Captured => return None,
        Basis::Between { lower, upper, same: true } => format!(
            "build {build} was never captured; this is the layout of build {lower}, and build {upper} has the same"
        ),
        Basis::Between { lower, upper, same: false } => format!(
            "build {build} was never captured; this is the layout of build {lower}, but build {upper} has another. The \
             fields may mean something else, though the payload fits"
        ),
        Basis::Newer { newest } => {
            format!("build {build} is newer than every captured build; this is the layout of build {newest}")
        }
        Basis::OtherBuild { .. } => format!("build {build}: {basis}"),
        // A new kind of basis: an odd text is better than none, which would mean that the build was captured.
        other => format!("how the layout of build {build} is known: {other:?}"),
    })
}

/// A layout is the same in all its builds, but level, channel or message may differ.
fn on_headers(layout: &LayoutInfo) -> Option<String> {
    let newest = layout.newest_header().filter(|_| layout.headers.len() > 1)?;
    Some(format!("no build was given; level, channel and message are those of build {} and later", newest.since))
}

fn on_others(others: &Candidates) -> String {
    format!("the payload fits just as well: {others}. If the build is not certain, the fields are not certain either")
}

/// A line for each field with a text from a map whose order is inferred. Not if a specification confirms the map: it is
/// then the field's meaning and not its map.
fn on_inferred<'a>(record: &impl Record<'a>) -> Vec<String> {
    let named = record.fields().filter(|(field, value)| Names::from_value(field, value).is_some());
    let maps = named.filter_map(|(field, _)| Some((field.name, field.map.filter(|map| map.inferred)?.name)));
    maps.map(|(field, map)| format!("which value of {field} has which text is inferred; no capture contains {map}"))
        .collect()
}

/// How line breaks and tabs are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Breaks {
    /// As they are; CR LF becomes a line feed.
    Kept,
    /// Escaped, so that the text is one line.
    Escaped,
}

/// The text with an escape, `\u{1b}`, for each character that a terminal would obey instead of showing: control
/// characters, and those that change the direction of text.
pub(crate) fn visible(text: &str, breaks: Breaks) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\r' if breaks == Breaks::Kept && chars.peek() == Some(&'\n') => {}
            '\n' | '\t' if breaks == Breaks::Kept => shown.push(char),
            '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => shown.extend(char.escape_default()),
            _ if char.is_control() => shown.extend(char.escape_default()),
            _ => shown.push(char),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_that_a_terminal_obeys() {
        let text = "a\r\nb\tc\rd\x1b[31m\0\x7f\u{9b}\u{202e}\u{2066}é\u{200e}\\";
        let shown = r"\rd\u{1b}[31m\u{0}\u{7f}\u{9b}\u{202e}\u{2066}é";
        assert_eq!(visible(text, Breaks::Kept), format!("a\nb\tc{shown}\u{200e}\\"));
        assert_eq!(visible(text, Breaks::Escaped), format!(r"a\r\nb\tc{shown}{}\", '\u{200e}'));
        for char in '\0'..='\u{ff}' {
            let shown = visible(&char.to_string(), Breaks::Escaped);
            assert!(shown.chars().all(|char| !char.is_control()), "{char:?}");
        }
    }

    #[test]
    fn what_stands_beside_the_fields_is_shown_by_name_or_number() {
        assert_eq!((super::super::header::level(2), super::super::header::level(77)), ("Error".into(), "77".into()));
        let range = |first, last| BuildRange { first, last };
        assert_eq!(builds(&[range(20348, 20348)]), "build 20348");
        assert_eq!(builds(&[range(1, 2), range(4, 4)]), "builds 1 to 2, 4");
    }
}
