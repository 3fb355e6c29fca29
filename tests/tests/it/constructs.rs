//! Structs, arrays of elements without a fixed size, pointers of both widths: what SMBServer does not have, from a
//! manifest of our own.

use etw_codegen::Generator;
use etw_runtime::{
    DecodeError, EventKey, Fault, FaultKind, MismatchKind, PointerSize, RawEvent, Record, Value as Read,
};
use etw_schema::compile::{compile, wrap};
use etw_schema::model::Field;
use etw_schema::source::{self, File};
use serde_json::Value as Json;
use smbserver_etw_tests::encoder::{Value, encode, encode_with, json, mean_the_same, with_counts};
use smbserver_etw_tests::random::{self, Lengths};
use smbserver_etw_tests::reflected;

/// The module that `build.rs` made from `fixtures/constructs.man`. That it compiles is the first half of the test.
#[allow(missing_docs, unreachable_pub, dead_code, clippy::all, clippy::pedantic)]
mod constructs {
    include!(concat!(env!("OUT_DIR"), "/constructs.rs"));
}

use constructs::descriptor::{Opcode, Task};
use constructs::{Build, Decoder, Event};

const MANIFEST: &[u8] = include_bytes!("../../fixtures/constructs.man");

/// Every (id, version) and its fields.
fn events() -> Vec<(u16, u8, Vec<Field>)> {
    let mut generator = Generator::new();
    generator.add_manifest("constructs.man", 1, MANIFEST);
    let (schema, diagnostics) = generator.merge();
    assert!(diagnostics.is_empty(), "{diagnostics}");
    schema.layouts().map(|(id, version, layout)| (id, version, layout.newest_fields().to_vec())).collect()
}

fn fields(id: u16) -> Vec<Field> {
    events().into_iter().find(|event| event.0 == id).expect("it is there").2
}

#[test]
fn everything_is_generated() {
    let mut generator = Generator::new();
    let output = generator.add_manifest("constructs.man", 1, MANIFEST).generate();
    assert!(output.diagnostics.is_empty(), "{}", output.diagnostics);
    assert!(output.left_out.is_empty(), "{:?}", output.left_out);
    assert_eq!(events().len(), 5);
}

#[test]
fn opcodes_of_tasks_may_share_a_name() {
    let own = [(Opcode::START, "win:Start"), (Opcode::REST, "Rest")];
    let of_tasks = [(Opcode::SPRINT, "Sprint"), (Opcode::SPRINT_13, "Sprint")];
    assert_eq!(Opcode::NAMED, [own, of_tasks].concat());
    assert_eq!((Opcode::SPRINT.0, Opcode::SPRINT_13.0), (12, 13));
    // A task's opcode has its name only in events of that task.
    assert_eq!(Opcode(13).display_name_in(Task(1)), Some("Sprint"));
    assert_eq!(Opcode(12).display_name_in(Task(2)), Opcode(12).display_name());
    assert_eq!(Opcode::REST.display_name_in(Task(2)), Some("Rest"));
    assert_eq!(Opcode(77).display_name_in(Task(1)), None);
}

#[test]
fn random_payloads_decode_to_their_values() {
    let mut payloads = 0;
    for (id, version, fields) in events() {
        for values in random::samples_of(&fields, Lengths::Short, 200) {
            let payload = encode(&fields, &values);
            let decoded = Event::decode(Build::B1, id, version, &payload).unwrap_or_else(|error| panic!("{error}"));
            let read = reflected::values(&decoded.event);
            assert!(mean_the_same(&read, &values), "event {id}: read {read:?} for {values:?}");
            let expected: Json = fields.iter().zip(&values).map(|(f, v)| (f.name.clone(), json(f, v))).collect();
            let written: Json = serde_json::to_value(decoded.event).expect("JSON");
            assert_eq!(written, expected, "event {id}");
            payloads += 1;
        }
    }
    println!("{payloads} payloads");
}

#[test]
fn cut_and_lengthened_payloads_are_refused_where_they_break() {
    for (id, version, fields) in events() {
        for values in random::samples_of(&fields, Lengths::Short, 8) {
            let mut payload = encode(&fields, &values);
            for length in 0..payload.len() {
                let error = Event::decode(Build::B1, id, version, &payload[..length]).expect_err("a part of a payload");
                let DecodeError::Mismatch(mismatch) = error else { panic!("{error}") };
                assert!(mismatch.offset() <= length, "{mismatch}");
                assert!(!mismatch.to_string().is_empty());
            }
            payload.push(0);
            let error = Event::decode(Build::B1, id, version, &payload).expect_err("a byte too many");
            assert!(error.to_string().contains("1 byte"), "{error}");
        }
    }
}

#[test]
fn pointers_are_as_wide_as_the_header_says() {
    /// The values with pointers of a 32-bit process.
    fn narrowed(value: &Value) -> Value {
        match value {
            Value::Pointer(pointer) => Value::Pointer(pointer & 0xFFFF_FFFF),
            Value::Array(elements) => Value::Array(elements.iter().map(narrowed).collect()),
            Value::Struct(members) => Value::Struct(members.iter().map(narrowed).collect()),
            other => other.clone(),
        }
    }
    for (id, version, fields) in events() {
        for values in random::samples_of(&fields, Lengths::Short, 50) {
            let values: Vec<Value> = values.iter().map(narrowed).collect();
            let narrow = encode_with(4, &fields, &values);
            let wide = encode(&fields, &values);
            for (size, payload) in [(PointerSize::Bits32, &narrow), (PointerSize::Bits64, &wide)] {
                let decoder = Decoder::new(Build::B1).with_pointer_size(size);
                let key = EventKey::new(id, version);
                let whole = decoder.decode_payload(key, payload).unwrap_or_else(|e| panic!("{e}"));
                assert!(mean_the_same(&reflected::values(&whole.event), &values));
                assert_eq!(decoder.lenient().decode_payload(key, payload), Ok(whole));
                assert_eq!(whole.into_owned().decoded(), whole);
                let raw = RawEvent::new(Event::PROVIDER, key, payload).with_pointer_size(size);
                let any = Decoder::any_build().decode(&raw).expect("the one layout");
                assert!(mean_the_same(&reflected::values(&any.event), &values));
                assert_eq!(Decoder::any_build().decode(&raw.with_build(1)), Ok(whole));
                for length in 0..payload.len() {
                    assert!(decoder.decode_payload(key, &payload[..length]).is_err());
                }
            }
        }
    }
}

/// Values of event 1, with the counts that they need.
fn structs() -> Vec<u8> {
    let number = Value::Unsigned;
    let pair = |left, right| Value::Struct(vec![number(left), Value::Pointer(right)]);
    let named = |name: &str, blob: &[u8], numbers: &[u64]| {
        let numbers = Value::Array(numbers.iter().copied().map(number).collect());
        Value::Struct(vec![Value::text16(name), number(0), Value::Bytes(blob.to_vec()), number(0), numbers])
    };
    let values = [
        number(0),
        number(0),
        Value::Struct(vec![number(7), number(1), number(7)]),
        Value::Array(vec![pair(1, 2), pair(3, 4)]),
        Value::Array(vec![named("größer", &[1, 2, 3], &[]), named("", &[], &[10, 20])]),
        Value::Array([0.5, 1.5, -2.0].map(|value| Value::Struct(vec![Value::Float(value)])).to_vec()),
        number(9),
    ];
    let fields = fields(1);
    encode(&fields, &with_counts(&fields, &values))
}

#[test]
fn structs_have_typed_views() {
    let payload = structs();
    let decoded = Event::decode(Build::B1, 1, 0, &payload).unwrap_or_else(|error| panic!("{error}"));
    let Event::StructsSeen(event) = decoded.event else { panic!("{:?}", decoded.event) };
    assert_eq!((event.pairs(), event.names(), event.last()), (2, 2, 9));
    let one = event.one();
    assert_eq!((one.id(), one.ready(), one.pace().name()), (7, 1, Some("fast")));
    let pairs: Vec<(u64, u64)> = event.pair().iter().map(|pair| (pair.left(), pair.right())).collect();
    assert_eq!(pairs, [(1, 2), (3, 4)]);
    let named = event.named().get(1).expect("the second");
    assert_eq!(named.numbers(), [10, 20]);
    assert_eq!(event.named().get(0).expect("the first").name(), "größer");
    assert_eq!(event.named().iter().len(), 2);
    assert!(event.triple().iter().map(|each| each.value()).eq([0.5, 1.5, -2.0]));
    assert_eq!(decoded.to_string(), "2 pairs and 2 names, last 9");
    // By name, for code that knows the provider only at run time.
    let Some(Read::List(named)) = event.field("Named") else { panic!("a list") };
    let Some(Read::Struct(first)) = named.iter().next() else { panic!("a struct") };
    assert_eq!(
        first.fields().map(|(info, _)| info.name).collect::<Vec<_>>(),
        ["Name", "Length", "Blob", "Count", "Numbers"]
    );
    insta::assert_json_snapshot!("structs", serde_json::to_value(decoded.event).expect("JSON"));
    insta::assert_snapshot!("structs_debug", format!("{:#?}", decoded.event));
}

#[test]
fn the_elements_of_an_array_have_the_texts_of_its_map() {
    let fields = fields(2);
    let mut values = random::samples_of(&fields, Lengths::Short, 1).remove(0);
    let at = |name: &str| fields.iter().position(|field| field.name == name).expect("it is there");
    values[at("Paces")] = Value::Array([0, 7, 9].map(Value::Unsigned).to_vec());
    let payload = encode(&fields, &values);
    let decoded = Event::decode(Build::B1, 2, 0, &payload).unwrap_or_else(|error| panic!("{error}"));
    let message = decoded.to_string();
    assert!(message.ends_with(", at slow, fast, 9"), "{message}");
    let map = decoded.layout().fields[at("Paces")].map.expect("reflection knows the map");
    assert_eq!((map.name, map.name_of(7)), ("Pace", Some("fast")));
}

#[test]
fn a_count_larger_than_the_payload_is_refused_where_it_stands() {
    let mut payload = structs();
    payload[0] = 0xFF;
    payload[1] = 0xFF;
    let error = Event::decode(Build::B1, 1, 0, &payload).expect_err("65,535 pairs");
    let DecodeError::Mismatch(mismatch) = error else { panic!("{error}") };
    assert_eq!(mismatch.field_name(), Some("Pair"));
    assert!(
        matches!(mismatch.reason(), MismatchKind::Field(Fault { kind: FaultKind::Truncated { .. }, .. })),
        "{mismatch}"
    );
}

#[test]
fn the_binary_form_generates_the_same_layouts() {
    let (sources, _) = source::read_all(&[File { name: "constructs.man", bytes: MANIFEST }]);
    let (compiled, diagnostics) = compile(&sources[0].manifest);
    assert!(diagnostics.is_empty(), "{diagnostics}");
    let dll = wrap(Some(&compiled.template), Some(&compiled.messages)).expect("small");
    let output = |name: &str, bytes: &[u8]| Generator::new().add_manifest(name, 1, bytes).generate();
    let written = output("constructs.man", MANIFEST);
    let read = output("constructs.dll", &dll);
    assert!(read.diagnostics.is_empty(), "{}", read.diagnostics);
    let wire = |output: &etw_codegen::Output| {
        let layouts =
            output.schema.layouts().map(|(id, version, layout)| (id, version, layout.newest_fields().to_vec()));
        layouts.collect::<Vec<_>>()
    };
    let written = wire(&written);
    let read = wire(&read);
    assert_eq!(written.len(), read.len());
    for (written, read) in written.iter().zip(&read) {
        assert_eq!((written.0, written.1), (read.0, read.1));
        assert!(etw_schema::merge::same_wire_form(&written.2, &read.2), "event {}", written.0);
    }
}
