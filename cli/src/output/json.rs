//! The answers as JSON, one object on each line.

use std::io;

use etw_runtime::LayoutInfo;
use serde::Serialize;
use serde_json::{Map, Value, json};
use smbserver_etw::{Basis, Build, DecodeError, Event, Record, StatusText};

use super::{
    header,
    json_text::{put_bytes, put_display, put_guid, put_hex, put_i64, put_text, put_u64, put_utf16},
};
use crate::{
    failure::{Cause, Failure, InputError, NamesError},
    fields::{Known, Names},
    outcome::{Answer, Outcome},
    raw::{self, Header, Raw},
    source::{hex, lines::MAX_LINE},
    time::{self, Zone},
};

/// What to put into an answer.
#[derive(Clone, Copy)]
pub(crate) struct Content<'t> {
    /// The texts of status codes in messages.
    pub(crate) status_texts: &'t (dyn StatusText + Sync),
    /// Whether to add the names of values.
    pub(crate) names: bool,
    /// Whether to add the message.
    pub(crate) message: bool,
    /// How integers are written.
    pub(crate) integers: Integers,
    /// The fields that are wanted; all fields if empty.
    pub(crate) fields: &'t [String],
    /// The zone of times, in the forms for people and for tables. JSON is always in UTC.
    pub(crate) zone: &'t Zone,
}

/// How integers are written.
#[derive(Clone, Copy, Default)]
pub(crate) struct Integers {
    /// Whether integers that the manifest shows in hexadecimal are written as numbers.
    pub(crate) hex_as_number: bool,
    /// Whether integers of 64 bits are written as text, for readers that lose digits.
    pub(crate) big_as_text: bool,
}

/// Appends the line for an outcome.
pub(crate) fn write_line(line: &mut Vec<u8>, raw: &Raw, outcome: &Outcome<'_>, content: Content<'_>) -> io::Result<()> {
    match outcome {
        Ok(answer) => put_answer(line, raw, answer, content)?,
        Err(failure) => serde_json::to_writer(&mut *line, &WithInput::new(raw, failure))?,
    }
    line.push(b'\n');
    Ok(())
}

/// Appends the line for an error in a file.
pub(crate) fn write_fault(line: &mut Vec<u8>, file: &str, error: &etw_recording::Error) -> io::Result<()> {
    let mut object = Map::new();
    let is_sum = matches!(error.kind(), etw_recording::ErrorKind::Checksum(_));
    put(&mut object, "kind", if is_sum { "wrong_checksum" } else { "unreadable" });
    put(&mut object, "message", error.to_string());
    put(&mut object, "file", file);
    put(&mut object, "offset", error.start());
    put_known(&mut object, "offset_within", error.offset_within());
    serde_json::to_writer(&mut *line, &json!({ "error": object }))?;
    line.push(b'\n');
    Ok(())
}

/// An error, and the other keys of its line.
#[derive(Serialize)]
struct WithInput<'a> {
    error: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<&'a Map<String, Value>>,
}

impl<'a> WithInput<'a> {
    fn new(raw: &'a Raw, failure: &Failure) -> Self {
        Self { error: error(raw, failure), input: raw.input.as_ref() }
    }
}

/// Appends a decoded event. What all events of a layout share is made once. No value is copied before it is written.
fn put_answer(out: &mut Vec<u8>, raw: &Raw, answer: &Answer<'_>, content: Content<'_>) -> io::Result<()> {
    Known::with(answer.event().layout(), |known| put_known_answer(out, raw, answer, known, content))
}

fn put_known_answer(
    out: &mut Vec<u8>,
    raw: &Raw,
    answer: &Answer<'_>,
    known: &Known,
    content: Content<'_>,
) -> io::Result<()> {
    let event = answer.event();
    out.push(b'{');
    put_origin(out, raw, answer);
    out.extend_from_slice(&known.names);
    put_header(out, &header::choose(raw, answer), known);
    out.extend_from_slice(b",\"fields\":");
    put_fields(out, &event, known, content);
    if content.message
        && let Some(message) = answer.message(content.status_texts)
    {
        out.extend_from_slice(b",\"message\":");
        put_display(out, message);
    }
    if content.names {
        out.extend_from_slice(b",\"names\":{");
        put_names(out, &event, known, content.fields);
        out.push(b'}');
    }
    if known.has_addresses {
        put_addresses(out, &event, known, content.fields);
    }
    put_rest(out, raw, answer)?;
    out.push(b'}');
    Ok(())
}

/// Appends the source of the event, with a comma after each pair.
fn put_origin(out: &mut Vec<u8>, raw: &Raw, answer: &Answer<'_>) {
    if let Some(time) = raw.time {
        out.extend_from_slice(b"\"time\":");
        put_text(out, &time::iso(time));
        out.push(b',');
    }
    if let Some(file) = raw.file.as_deref() {
        out.extend_from_slice(b"\"file\":");
        put_text(out, file);
        out.push(b',');
    }
    let build = answer.basis().map(|(build, _)| build.into());
    for (key, number) in [(&b"\"record\":"[..], raw.record), (b"\"line\":", raw.line), (b"\"build\":", build)] {
        if let Some(number) = number {
            out.extend_from_slice(key);
            put_u64(out, number);
            out.push(b',');
        }
    }
}

/// Appends the header, with a comma before each pair.
fn put_header(out: &mut Vec<u8>, header: &Header, known: &Known) {
    let key = (header.channel.map(|channel| channel.0), header.level, header.opcode, header.task, header.keywords);
    let (first, named) = known.header.get_or_init(|| (key, name_header(header)));
    if *first == key {
        out.extend_from_slice(named);
    } else {
        out.extend_from_slice(&name_header(header));
    }
    for (key, number) in
        [(&b",\"pid\":"[..], header.pid), (b",\"tid\":", header.tid), (b",\"cpu\":", header.cpu.map(Into::into))]
    {
        if let Some(number) = number {
            out.extend_from_slice(key);
            put_u64(out, number.into());
        }
    }
    for (key, guid) in [(&b",\"activity\":"[..], header.activity), (b",\"related_activity\":", header.related_activity)]
    {
        if let Some(guid) = guid {
            out.extend_from_slice(key);
            put_guid(out, guid);
        }
    }
    for (key, text) in [(&b",\"user\":"[..], &header.user), (b",\"computer\":", &header.computer)] {
        if let Some(text) = text {
            out.extend_from_slice(key);
            put_text(out, text);
        }
    }
}

/// Channel, level, opcode, task and keywords by name, with a comma before each pair.
fn name_header(header: &Header) -> Vec<u8> {
    let mut out = Vec::new();
    for (key, name) in [
        (&b",\"channel\":"[..], header.channel.map(header::channel)),
        (b",\"level\":", Some(header::level(header.level))),
        (b",\"opcode\":", (header.opcode != 0).then(|| header::opcode(header.opcode))),
        (b",\"task\":", (header.task != 0).then(|| header::task(header.task))),
    ] {
        if let Some(name) = name {
            out.extend_from_slice(key);
            put_text(&mut out, &name);
        }
    }
    let keywords = raw::keyword_names(header.keywords, header.channel);
    for (at, name) in keywords.iter().enumerate() {
        out.extend_from_slice(if at == 0 { b",\"keywords\":[" } else { b"," });
        put_text(&mut out, name);
    }
    if !keywords.is_empty() {
        out.push(b']');
    }
    out
}

/// Appends the wanted fields as an object.
fn put_fields<'a>(out: &mut Vec<u8>, record: &impl Record<'a>, known: &Known, content: Content<'_>) {
    let mut separator = b'{';
    for ((_, value), field) in record.fields().zip(&known.fields) {
        if is_wanted(content.fields, &field.label) {
            out.push(separator);
            separator = b',';
            out.extend_from_slice(&field.key);
            put_value(out, value, content.integers);
        }
    }
    if separator == b'{' {
        out.push(b'{');
    }
    out.push(b'}');
}

fn is_wanted(wanted: &[String], label: &str) -> bool {
    wanted.is_empty() || wanted.iter().any(|name| name == label)
}

/// The fields as JSON in a text.
pub(crate) fn fields_text(event: &Event<'_>, content: Content<'_>) -> String {
    let mut json = Vec::new();
    Known::with(event.layout(), |known| put_fields(&mut json, event, known, content));
    String::from_utf8(json).unwrap_or_default()
}

/// Appends a value in the wanted form.
fn put_value(out: &mut Vec<u8>, value: smbserver_etw::Value<'_>, integers: Integers) {
    use smbserver_etw::Value as V;

    match value {
        V::U8(number) => put_u64(out, number.into()),
        V::U16(number) => put_u64(out, number.into()),
        V::U32(number) => put_u64(out, number.into()),
        V::I8(number) => put_i64(out, number.into()),
        V::I16(number) => put_i64(out, number.into()),
        V::I32(number) => put_i64(out, number.into()),
        V::U64(number) => put_big(out, integers, |out| put_u64(out, number)),
        V::I64(number) => put_big(out, integers, |out| put_i64(out, number)),
        V::HexInt32(number) if integers.hex_as_number => put_u64(out, number.into()),
        V::HexInt64(number) | V::Pointer(number) if integers.hex_as_number => {
            put_big(out, integers, |out| put_u64(out, number));
        }
        V::HexInt32(number) => put_hex(out, number.into()),
        V::HexInt64(number) | V::Pointer(number) => put_hex(out, number),
        V::Bool(is_true) => out.extend_from_slice(if is_true { b"true" } else { b"false" }),
        V::Guid(guid) => put_guid(out, guid),
        V::Utf16(text) => put_utf16(out, text),
        V::Binary(bytes) => put_bytes(out, bytes.as_bytes()),
        V::SocketAddr(address) => put_bytes(out, address.as_bytes()),
        V::FileTime(time) => put_display(out, time),
        V::SystemTime(time) => put_display(out, time),
        V::Sid(sid) => put_display(out, sid),
        V::Ansi(text) => put_display(out, text),
        V::Array(elements) => put_list(out, elements.iter(), integers),
        V::List(elements) => put_list(out, elements.iter(), integers),
        // Floats and structs are rare, and are serialised by serde.
        other => put_serialized(out, &other),
    }
}

fn put_list<'a>(out: &mut Vec<u8>, elements: impl Iterator<Item = smbserver_etw::Value<'a>>, integers: Integers) {
    out.push(b'[');
    for (at, element) in elements.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        put_value(out, element, integers);
    }
    out.push(b']');
}

/// Appends a number of 64 bits, as text if the option for it is set.
fn put_big(out: &mut Vec<u8>, integers: Integers, put: impl FnOnce(&mut Vec<u8>)) {
    if integers.big_as_text {
        out.push(b'"');
    }
    put(out);
    if integers.big_as_text {
        out.push(b'"');
    }
}

/// Appends a value as serde serialises it.
fn put_serialized(out: &mut Vec<u8>, value: &impl Serialize) {
    let before = out.len();
    // Every value of an event can be written as JSON, and writing to memory does not fail.
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.truncate(before);
        out.extend_from_slice(b"null");
    }
}

/// Appends the names of the values that have one, under the keys of their fields.
fn put_names<'a>(out: &mut Vec<u8>, record: &impl Record<'a>, known: &Known, wanted: &[String]) {
    let mut is_first = true;
    for ((info, value), field) in record.fields().zip(&known.fields) {
        let Some(names) = Names::from_value(info, &value).filter(|_| is_wanted(wanted, &field.label)) else { continue };
        if !is_first {
            out.push(b',');
        }
        is_first = false;
        out.extend_from_slice(&field.key);
        match names {
            Names::One(name) => put_text(out, &name),
            Names::Each(names) => put_serialized(out, &names),
        }
    }
}

/// Appends the fields that hold an address, as text, if there are any.
fn put_addresses<'a>(out: &mut Vec<u8>, record: &impl Record<'a>, known: &Known, wanted: &[String]) {
    let mut is_first = true;
    for ((_, value), field) in record.fields().zip(&known.fields) {
        let smbserver_etw::Value::SocketAddr(address) = value else { continue };
        if address.to_std().is_none() || !is_wanted(wanted, &field.label) {
            continue;
        }
        out.extend_from_slice(if is_first { b",\"addresses\":{" } else { b"," });
        is_first = false;
        out.extend_from_slice(&field.key);
        put_display(out, address);
    }
    if !is_first {
        out.push(b'}');
    }
}

/// Appends the parts that only few events have, with a comma before each pair.
fn put_rest(out: &mut Vec<u8>, raw: &Raw, answer: &Answer<'_>) -> io::Result<()> {
    put_pair(out, "basis", answer.basis().map(|(_, basis)| basis).filter(Basis::says_more_than_the_build))?;
    put_pair(out, "also_fits", answer.also_fits())?;
    put_pair(out, "left_over", Some(answer.left_over).filter(|bytes| !bytes.is_empty()).map(hex::print))?;
    put_pair(out, "unterminated", Some(true).filter(|_| answer.unterminated))?;
    put_pair(out, "notes", Some(&raw.notes).filter(|notes| !notes.is_empty()))?;
    put_pair(out, "input", raw.input.as_ref())
}

fn put_pair(out: &mut Vec<u8>, key: &str, value: Option<impl Serialize>) -> io::Result<()> {
    let Some(value) = value else { return Ok(()) };
    out.extend_from_slice(b",\"");
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(b"\":");
    Ok(serde_json::to_writer(out, &value)?)
}

/// An error as an object: what is wrong, with which event, and what else is known.
fn error(raw: &Raw, failure: &Failure) -> Map<String, Value> {
    let mut object = Map::new();
    put(&mut object, "kind", failure.kind());
    put(&mut object, "message", failure.cause.to_string());
    put_known(&mut object, "time", raw.time.map(time::iso));
    put_known(&mut object, "file", raw.file.as_deref());
    put_known(&mut object, "record", raw.record);
    let subject = failure.subject;
    put_known(&mut object, "line", raw.line);
    put_known(&mut object, "build", subject.build.map(Build::number));
    put_known(&mut object, "id", subject.id);
    put_known(&mut object, "version", subject.version);
    match &failure.cause {
        Cause::Input(error) => put_input_error(&mut object, error),
        Cause::Decode(error) => put_decode_error(&mut object, error),
        Cause::Names(error) => put_names_error(&mut object, error),
    }
    object
}

/// Adds a pair to an object.
pub(super) fn put(object: &mut Map<String, Value>, key: &str, value: impl Into<Value>) {
    object.insert(key.to_owned(), value.into());
}

fn put_known(object: &mut Map<String, Value>, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        put(object, key, value);
    }
}

fn put_names_error(object: &mut Map<String, Value>, error: &NamesError) {
    let found = error.found.iter().map(|(name, kind)| json!({ "name": name, "type": kind }));
    put(object, "found", found.collect::<Vec<_>>());
    let of_layout = |layout: &LayoutInfo| {
        let fields = layout.fields.iter().map(|field| json!({ "name": field.name, "type": field.in_type.name() }));
        json!({ "layout": layout.name, "builds": layout.builds, "fields": fields.collect::<Vec<_>>() })
    };
    put(object, "layouts", error.layouts.iter().map(|layout| of_layout(layout)).collect::<Vec<_>>());
}

fn put_input_error(object: &mut Map<String, Value>, error: &InputError) {
    match *error {
        InputError::TooLong => put(object, "limit", MAX_LINE),
        InputError::Json { column, .. } => put(object, "column", column),
        InputError::MissingKey(key) | InputError::Number { key, .. } => put(object, "key", key),
        InputError::PayloadType { .. } => put(object, "key", "payload"),
        InputError::Hex(error) => put(object, "position", error.at + 1),
        InputError::KeyCase { key, ref found } => {
            put(object, "key", found.as_str());
            put(object, "hint", key);
        }
        InputError::UnknownName { nearest, .. } => put_known(object, "hint", nearest),
        InputError::NeedsVersion(event) => {
            put(object, "event", event.name);
            put(object, "known_versions", json!(event.versions));
        }
        InputError::Encoding { .. } | InputError::NoBuild => {}
    }
}

/// Adds the details of the error, apart from its kind and message.
fn put_decode_error(object: &mut Map<String, Value>, error: &DecodeError) {
    if let Ok(Value::Object(known)) = serde_json::to_value(error) {
        for (key, value) in known {
            object.entry(key).or_insert(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use etw_runtime::glue::{AnyMessageWriter, AnyView, Part};
    use etw_runtime::{EventKey, FieldInfo, InType};

    use super::*;

    static TWINS: LayoutInfo = LayoutInfo::new(0, EventKey::new(1, 0), "Twins", "TwinsV0").with_fields(&[
        FieldInfo::new("Twin", InType::UInt8),
        FieldInfo::new("Other", InType::UInt8),
        FieldInfo::new("Twin", InType::UInt8),
        FieldInfo::new("Twin", InType::UInt8),
    ]);

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

    /// Everything that can be asked for.
    const ALL: Content<'static> = Content {
        status_texts: &smbserver_etw::status::BuiltIn,
        names: true,
        message: true,
        integers: Integers { hex_as_number: false, big_as_text: false },
        fields: &[],
        zone: &Zone::Utc,
    };

    #[test]
    fn fields_of_the_same_name_are_all_there() {
        let mut json = Vec::new();
        put_fields(&mut json, &Twins, &Known::new(&TWINS), ALL);
        assert_eq!(str::from_utf8(&json), Ok(r#"{"Twin":0,"Other":1,"Twin#2":2,"Twin#3":3}"#));
    }

    /// `Serialize` of the generated crate gives the same object as the printed line.
    #[test]
    fn the_object_is_the_crates_own() {
        let mut events = 0;
        let mut errors = std::collections::BTreeSet::new();
        for layout in smbserver_etw::schema::PROVIDER.layouts() {
            for (fill, len) in (0..320).flat_map(|len| [(0, len), (0xA5, len)]) {
                let build = Build::from_number(layout.since().unwrap() + u32::from(fill));
                let payload = vec![fill; len];
                let raw =
                    Raw { id: layout.id, version: Some(layout.version), build: Some(build), payload, ..Raw::default() };
                let outcome =
                    crate::outcome::decode(&raw, crate::outcome::Rules { build: None, lenient: len % 2 == 0 });
                let mut line = Vec::new();
                write_line(&mut line, &raw, &outcome, ALL).unwrap();
                let mut printed: Value = serde_json::from_slice(&line).unwrap();
                let rules = smbserver_etw::Decoder::new(build);
                let rules = if len % 2 == 0 { rules.lenient() } else { rules };
                match rules.decode_payload(layout.key(), &raw.payload) {
                    Ok(decoded) => {
                        let own = serde_json::to_value(decoded).unwrap();
                        // `--names` prints an object even if nothing has a name.
                        printed.as_object_mut().unwrap().retain(|key, value| key != "names" || *value != json!({}));
                        assert_eq!(own, printed);
                        events += 1;
                    }
                    Err(error) => {
                        for (key, value) in serde_json::to_value(error).unwrap().as_object().unwrap() {
                            assert_eq!(&printed["error"][key], value, "{key}");
                        }
                        errors.insert(error.kind());
                    }
                }
            }
        }
        assert!(events > 200, "{events}");
        assert!(errors.len() > 3, "{errors:?}");
    }

    #[test]
    fn fields_are_those_of_the_crates_own_form() {
        let key = EventKey::new(111, 2);
        let event = smbserver_etw::Decoder::any_build().decode_payload(key, &[0xA5; 196]).unwrap().event;
        assert_eq!(fields_text(&event, ALL), serde_json::to_string(&event).unwrap());
    }

    #[test]
    fn integers_are_written_as_asked() {
        use smbserver_etw::Value as V;

        let shown = |value, hex_as_number, big_as_text| {
            let integers = Integers { hex_as_number, big_as_text };
            let mut json = Vec::new();
            put_value(&mut json, value, integers);
            String::from_utf8(json).unwrap()
        };
        assert_eq!(shown(V::HexInt32(16), false, true), r#""0x10""#);
        assert_eq!(shown(V::HexInt32(16), true, true), "16");
        assert_eq!(shown(V::HexInt64(16), true, false), "16");
        assert_eq!(shown(V::HexInt64(u64::MAX), true, true), r#""18446744073709551615""#);
        assert_eq!(shown(V::U64(1), false, true), r#""1""#);
        assert_eq!(shown(V::I64(-1), false, false), "-1");
        assert_eq!(shown(V::U32(1), true, true), "1");
    }
}
