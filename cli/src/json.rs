//! The answers as JSON, an object a line.

use std::io;

use etw_runtime::{Candidates, EventInfo, FaultKind, LayoutInfo, Mismatch, MismatchKind};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};
use smbserver_etw::{Basis, Build, DecodeError, Event, Record, StatusText};

use crate::{
    fields::{self, Names},
    hex,
    input::MAX_LINE,
    outcome::{Answer, Cause, Failure, InputError, Outcome},
};

/// What an answer is to say.
#[derive(Clone, Copy)]
pub(crate) struct Content<'t> {
    /// The texts of status codes in messages.
    pub(crate) status_texts: &'t dyn StatusText,
    /// Whether the names of values are part of it.
    pub(crate) names: bool,
}

/// Appends the line for an outcome.
pub(crate) fn write_line(line: &mut Vec<u8>, outcome: &Outcome<'_>, content: Content<'_>) -> io::Result<()> {
    match outcome {
        Ok(answer) => serde_json::to_writer(&mut *line, &Decoded::new(answer, content))?,
        Err(failure) => serde_json::to_writer(&mut *line, &json!({ "error": error(failure) }))?,
    }
    line.push(b'\n');
    Ok(())
}

/// The form of a decoded event.
#[derive(Serialize)]
struct Decoded<'a> {
    event: &'static str,
    id: u16,
    version: u8,
    layout: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    basis: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    also_fits: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(serialize_with = "fields")]
    fields: Event<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    names: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_over: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unterminated: Option<bool>,
}

impl<'a> Decoded<'a> {
    fn new(answer: &Answer<'a>, content: Content<'_>) -> Self {
        let event = answer.event();
        let layout = event.layout();
        Self {
            event: layout.event,
            id: layout.id,
            version: layout.version,
            layout: layout.name,
            basis: answer.basis().and_then(|(_, known)| basis(known)),
            also_fits: answer.also_fits().as_ref().map(layouts),
            message: answer.message(content.status_texts).map(|message| message.to_string()),
            fields: event,
            names: content.names.then(|| names(&event)),
            left_over: (!answer.left_over.is_empty()).then(|| hex::print(answer.left_over)),
            unterminated: answer.unterminated.then_some(true),
        }
    }
}

/// How the layout is known, where that is worth a word.
fn basis(basis: Basis) -> Option<Value> {
    match basis {
        Basis::Captured => None,
        Basis::Between { lower, upper, same } => Some(json!({ "between": [lower, upper], "same_layout": same })),
        Basis::Newer { newest } => Some(json!({ "newer_than": newest })),
        // Better a form that nobody foresaw than to pass for captured.
        other => Some(json!({ "other": format!("{other:?}") })),
    }
}

/// The fields as a map.
fn fields<'a, R: Record<'a>, S: Serializer>(record: &R, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(fields::labelled(record).map(|(label, _, value)| (label, value)))
}

/// The names of the values that have one, under the labels of their fields.
fn names<'a>(record: &impl Record<'a>) -> Map<String, Value> {
    let named = fields::labelled(record).filter_map(|(label, field, value)| {
        let names = match Names::of(field, &value)? {
            Names::One(name) => name.into(),
            Names::Each(names) => names.into(),
        };
        Some((label.into_owned(), names))
    });
    named.collect()
}

/// An error's object: what went wrong, of which event, and whatever else is known.
fn error(failure: &Failure) -> Map<String, Value> {
    let mut object = Map::new();
    put(&mut object, "kind", failure.kind());
    put(&mut object, "message", failure.cause.to_string());
    let subject = failure.subject;
    put_known(&mut object, "line", subject.line);
    put_known(&mut object, "build", subject.build.map(Build::number));
    put_known(&mut object, "id", subject.id);
    put_known(&mut object, "version", subject.version);
    match &failure.cause {
        Cause::Input(error) => put_input_error(&mut object, error),
        Cause::Decode(error) => put_decode_error(&mut object, error),
    }
    object
}

fn put(object: &mut Map<String, Value>, key: &str, value: impl Into<Value>) {
    object.insert(key.to_owned(), value.into());
}

fn put_known(object: &mut Map<String, Value>, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        put(object, key, value);
    }
}

fn put_input_error(object: &mut Map<String, Value>, error: &InputError) {
    match *error {
        InputError::TooLong => put(object, "limit", MAX_LINE),
        InputError::Json { column, .. } => put(object, "column", column),
        InputError::MissingKey(key) | InputError::Number { key, .. } => put(object, "key", key),
        InputError::PayloadType { .. } => put(object, "key", "payload"),
        InputError::Hex(error) => put(object, "position", error.at + 1),
        InputError::Encoding { .. } | InputError::NoBuild => {}
    }
}

fn put_decode_error(object: &mut Map<String, Value>, error: &DecodeError) {
    // These two speak of a layout's fault under a kind of their own.
    if let DecodeError::OtherLayout { mismatch, .. } | DecodeError::NoLayoutFits { newest: mismatch, .. } = error {
        put(object, "mismatch", mismatch.kind());
    }
    if let Some(mismatch) = error.mismatch() {
        put_mismatch(object, mismatch);
    }
    if let DecodeError::UnknownEvent { build: Some(asked), .. }
    | DecodeError::UnknownVersion { build: Some(asked), .. } = error
    {
        put_known(object, "consulted_build", (asked.capture != asked.build).then_some(asked.capture));
    }
    match error {
        DecodeError::UnknownBuild { oldest, .. } => put(object, "oldest_build", *oldest),
        DecodeError::UnknownEvent { known: Some(event), .. } | DecodeError::UnknownVersion { event, .. } => {
            put(object, "event", event.name);
            put(object, "known_versions", versions(event));
        }
        DecodeError::OtherLayout { fits, .. } => put(object, "fits", layouts(fits)),
        DecodeError::NoLayoutFits { tried, .. } => put(object, "tried", layouts(tried)),
        DecodeError::Ambiguous { candidates } => {
            put_known(object, "event", candidates.iter().next().map(|layout| layout.event));
            put(object, "candidates", layouts(candidates));
        }
        _ => {}
    }
}

fn put_mismatch(object: &mut Map<String, Value>, mismatch: &Mismatch) {
    put(object, "event", mismatch.layout().event);
    put(object, "layout", mismatch.layout().name);
    put_known(object, "field", mismatch.field_name());
    put(object, "offset", mismatch.offset());
    let fault = match mismatch.reason() {
        MismatchKind::LeftOver { bytes, .. } => return put(object, "left_over", bytes),
        MismatchKind::Field(fault) => fault,
        _ => return,
    };
    match fault.kind {
        FaultKind::Truncated { needed, available } => {
            put(object, "needed", needed);
            put(object, "available", available);
        }
        FaultKind::Unterminated { available } => put(object, "available", available),
        FaultKind::OddLength { bytes } => put(object, "bytes", bytes),
        _ => {}
    }
}

fn layouts(candidates: &Candidates) -> Vec<Value> {
    candidates.iter().map(|layout| json!({ "layout": layout.name, "builds": builds(layout) })).collect()
}

fn versions(event: &EventInfo) -> Vec<Value> {
    let builds_of = |layouts: &[&LayoutInfo]| {
        let mut all: Vec<_> = layouts.iter().flat_map(|layout| builds(layout)).collect();
        all.sort_unstable();
        all
    };
    let versions = event.versions.iter();
    versions.map(|known| json!({ "version": known.version, "builds": builds_of(known.layouts) })).collect()
}

fn builds(layout: &LayoutInfo) -> Vec<[u32; 2]> {
    layout.builds.iter().map(|range| [range.first, range.last]).collect()
}

#[cfg(test)]
mod tests {
    use etw_runtime::{AnyMessageWriter, AnyView, FieldInfo, InType, Part};

    use super::*;

    static TWINS: LayoutInfo = LayoutInfo {
        index: 0,
        name: "TwinsV0",
        event: "Twins",
        id: 1,
        version: 0,
        builds: &[],
        fields: &[
            FieldInfo::new("Twin", InType::UInt8),
            FieldInfo::new("Other", InType::UInt8),
            FieldInfo::new("Twin", InType::UInt8),
            FieldInfo::new("Twin", InType::UInt8),
        ],
        headers: &[],
    };

    #[derive(Clone, Copy)]
    struct Twins;

    impl<'a> AnyView<'a> for Twins {
        fn layout(&self) -> &'static LayoutInfo {
            &TWINS
        }

        fn part(&self, part: usize) -> Option<Part<'a>> {
            (part == 0).then_some(Part::Segment(&[0, 1, 2, 3]))
        }

        fn write_message(&self, _build: u32, _out: &mut AnyMessageWriter<'_>) -> std::fmt::Result {
            Ok(())
        }
    }

    impl<'a> Record<'a> for Twins {
        fn view(&self) -> &dyn AnyView<'a> {
            self
        }
    }

    #[test]
    fn fields_of_the_same_name_are_all_there() {
        let mut json = Vec::new();
        fields(&Twins, &mut serde_json::Serializer::new(&mut json)).unwrap();
        assert_eq!(str::from_utf8(&json), Ok(r#"{"Twin":0,"Other":1,"Twin#2":2,"Twin#3":3}"#));
    }

    #[test]
    fn fields_are_those_of_the_crates_own_form() {
        let event = Event::decode_any_build(111, 2, &[0xA5; 196]).unwrap();
        let mut json = Vec::new();
        fields(&event, &mut serde_json::Serializer::new(&mut json)).unwrap();
        assert_eq!(json, serde_json::to_vec(&event).unwrap());
    }
}
