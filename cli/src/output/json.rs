//! The answers as JSON, one object on each line.

use std::io;

use etw_runtime::{Candidates, LayoutInfo};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};
use smbserver_etw::{Basis, Build, DecodeError, Event, Record, StatusText};

use super::header;
use crate::{
    failure::{Cause, Failure, InputError, NamesError},
    fields::{self, Names},
    outcome::{Answer, Outcome},
    raw::{self, Raw},
    source::{hex, lines::MAX_LINE},
    time,
};

/// What to put into an answer.
#[derive(Clone, Copy)]
pub(crate) struct Content<'t> {
    /// The texts of status codes in messages.
    pub(crate) status_texts: &'t dyn StatusText,
    /// Whether to add the names of values.
    pub(crate) names: bool,
    /// Whether to add the message.
    pub(crate) message: bool,
    /// How integers are written.
    pub(crate) integers: Integers,
    /// The fields that are wanted; all fields if empty.
    pub(crate) fields: &'t [String],
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
        Ok(answer) => serde_json::to_writer(&mut *line, &Decoded::new(raw, answer, content))?,
        Err(failure) => serde_json::to_writer(&mut *line, &WithInput::new(raw, failure))?,
    }
    line.push(b'\n');
    Ok(())
}

/// Appends the line for an error in a file.
pub(crate) fn write_fault(line: &mut Vec<u8>, file: &str, error: &etw_recording::Error) -> io::Result<()> {
    let mut object = Map::new();
    put(&mut object, "kind", "unreadable");
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

/// The form of a decoded event.
#[derive(Serialize)]
struct Decoded<'a, 't> {
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'t str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    build: Option<u32>,
    event: &'static str,
    id: u16,
    version: u8,
    layout: &'static str,
    #[serde(flatten)]
    header: HeaderNames,
    #[serde(serialize_with = "fields")]
    fields: Fields<'a, 't>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    names: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    addresses: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    basis: Option<Basis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    also_fits: Option<Candidates>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_over: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unterminated: Option<bool>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    notes: &'t [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<&'t Map<String, Value>>,
}

impl<'a, 't> Decoded<'a, 't> {
    fn new(raw: &'t Raw, answer: &Answer<'a>, content: Content<'t>) -> Self {
        let event = answer.event();
        let layout = event.layout();
        let message = if content.message { answer.message(content.status_texts) } else { None };
        Self {
            time: raw.time.map(time::iso),
            file: raw.file.as_deref(),
            record: raw.record,
            line: raw.line,
            build: answer.basis().map(|(build, _)| build),
            event: layout.event,
            id: layout.id,
            version: layout.version,
            layout: layout.name,
            basis: answer.basis().map(|(_, basis)| basis).filter(Basis::says_more_than_the_build),
            also_fits: answer.also_fits(),
            header: HeaderNames::new(raw, answer),
            message: message.map(|message| message.to_string()),
            fields: Fields { event, wanted: content.fields, integers: content.integers },
            names: content.names.then(|| names(&event, content.fields)),
            addresses: addresses(&event, content.fields),
            left_over: (!answer.left_over.is_empty()).then(|| hex::print(answer.left_over)),
            unterminated: answer.unterminated.then_some(true),
            notes: &raw.notes,
            input: raw.input.as_ref(),
        }
    }
}

/// The header, by name.
#[derive(Serialize)]
struct HeaderNames {
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    level: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    opcode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    keywords: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    activity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    related_activity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    computer: Option<String>,
}

impl HeaderNames {
    fn new(raw: &Raw, answer: &Answer<'_>) -> Self {
        let header = header::of(raw, answer);
        Self {
            channel: header.channel.map(header::channel),
            level: header::level(header.level),
            opcode: (header.opcode != 0).then(|| header::opcode(header.opcode)),
            task: (header.task != 0).then(|| header::task(header.task)),
            keywords: raw::keyword_names(header.keywords, header.channel),
            pid: header.pid,
            tid: header.tid,
            cpu: header.cpu,
            activity: header.activity.map(|id| id.to_string()),
            related_activity: header.related_activity.map(|id| id.to_string()),
            user: header.user,
            computer: header.computer,
        }
    }
}

/// An event's fields, and the choice and form of them.
struct Fields<'a, 't> {
    event: Event<'a>,
    wanted: &'t [String],
    integers: Integers,
}

/// The fields as a map.
fn fields<S: Serializer>(fields: &Fields<'_, '_>, serializer: S) -> Result<S::Ok, S::Error> {
    write_fields(&fields.event, fields.wanted, fields.integers, serializer)
}

fn write_fields<'a, R: Record<'a>, S: Serializer>(
    record: &R,
    wanted: &[String],
    integers: Integers,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let all = fields::labelled(record).filter(|(label, ..)| is_wanted(wanted, label));
    serializer.collect_map(all.map(|(label, _, value)| (label, Shown { value, integers })))
}

fn is_wanted(wanted: &[String], label: &str) -> bool {
    wanted.is_empty() || wanted.iter().any(|name| name == label)
}

/// The fields as JSON in a text.
pub(crate) fn fields_text(event: &Event<'_>, content: Content<'_>) -> String {
    let mut json = Vec::new();
    let written = write_fields(event, content.fields, content.integers, &mut serde_json::Serializer::new(&mut json));
    // Every value of an event can be written as JSON.
    written.map_or_else(|error| error.to_string(), |()| String::from_utf8_lossy(&json).into_owned())
}

/// A value in the wanted form.
struct Shown<'a> {
    value: smbserver_etw::Value<'a>,
    integers: Integers,
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use smbserver_etw::Value as V;

        let Self { value, integers } = *self;
        match value {
            V::HexInt32(number) if integers.hex_as_number => serializer.serialize_u32(number),
            V::HexInt64(number) | V::Pointer(number) if integers.hex_as_number => {
                big(number, number, integers, serializer)
            }
            V::U64(number) => big(number, number, integers, serializer),
            V::I64(number) => big(number, number, integers, serializer),
            V::Array(elements) => serializer.collect_seq(elements.iter().map(|value| Shown { value, integers })),
            V::List(elements) => serializer.collect_seq(elements.iter().map(|value| Shown { value, integers })),
            other => other.serialize(serializer),
        }
    }
}

fn big<S: Serializer>(
    number: impl Serialize,
    text: impl std::fmt::Display,
    integers: Integers,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if integers.big_as_text { serializer.collect_str(&text) } else { number.serialize(serializer) }
}

/// The names of the values that have one, under the labels of their fields.
fn names<'a>(record: &impl Record<'a>, wanted: &[String]) -> Map<String, Value> {
    let named = fields::labelled(record).filter_map(|(label, field, value)| {
        let names = match Names::of(field, &value).filter(|_| is_wanted(wanted, &label))? {
            Names::One(name) => name.into(),
            Names::Each(names) => names.into(),
        };
        Some((label.into_owned(), names))
    });
    named.collect()
}

/// The fields that hold an address, as text.
fn addresses<'a>(record: &impl Record<'a>, wanted: &[String]) -> Map<String, Value> {
    let addresses = fields::labelled(record).filter_map(|(label, _, value)| match value {
        smbserver_etw::Value::SocketAddr(address) if address.to_std().is_some() && is_wanted(wanted, &label) => {
            Some((label.into_owned(), address.to_string().into()))
        }
        _ => None,
    });
    addresses.collect()
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

fn put(object: &mut Map<String, Value>, key: &str, value: impl Into<Value>) {
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

    #[test]
    fn fields_of_the_same_name_are_all_there() {
        let mut json = Vec::new();
        write_fields(&Twins, &[], Integers::default(), &mut serde_json::Serializer::new(&mut json)).unwrap();
        assert_eq!(str::from_utf8(&json), Ok(r#"{"Twin":0,"Other":1,"Twin#2":2,"Twin#3":3}"#));
    }

    /// `Serialize` of the generated crate gives the same object as the printed line.
    #[test]
    fn the_object_is_the_crates_own() {
        let content = Content {
            status_texts: &smbserver_etw::status::BuiltIn,
            names: true,
            message: true,
            integers: Integers::default(),
            fields: &[],
        };
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
                write_line(&mut line, &raw, &outcome, content).unwrap();
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
        let mut json = Vec::new();
        write_fields(&event, &[], Integers::default(), &mut serde_json::Serializer::new(&mut json)).unwrap();
        assert_eq!(json, serde_json::to_vec(&event).unwrap());
    }

    #[test]
    fn integers_are_written_as_asked() {
        use smbserver_etw::Value as V;

        let shown = |value, hex_as_number, big_as_text| {
            let integers = Integers { hex_as_number, big_as_text };
            serde_json::to_string(&Shown { value, integers }).unwrap()
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
