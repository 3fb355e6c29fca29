//! A manifest with everything that is allowed in manifests but not in Rust. It generates, compiles and decodes; what
//! cannot be generated is reported and left out.

use etw_codegen::Generator;
use etw_runtime::{Record, View};
use etw_schema::model::schema::Schema;
use smbserver_etw_tests::encoder::{Value, encode, mean_the_same, with_counts};
use smbserver_etw_tests::reflected;

/// The module that `build.rs` made from `fixtures/odd.man`. That it compiles is the first half of the test.
#[allow(missing_docs, unreachable_pub, dead_code, clippy::all, clippy::pedantic)]
mod odd {
    include!(concat!(env!("OUT_DIR"), "/odd.rs"));
}

const MANIFEST: &[u8] = include_bytes!("../../fixtures/odd.man");

fn generator() -> Generator {
    let mut generator = Generator::new();
    generator.add_manifest("odd.man", 1, MANIFEST);
    generator
}

fn fields(schema: &Schema, id: u16) -> Vec<etw_schema::model::Field> {
    let event = schema.events.iter().find(|event| event.id == id).expect("the event is in the schema");
    event.versions[0].layouts[0].newest_fields().to_vec()
}

/// Encodes values, decodes them with the generated module, and compares.
fn round_trip(id: u16, values: &[Value]) {
    let (schema, _) = generator().merge();
    let fields = fields(&schema, id);
    let values = with_counts(&fields, values);
    let payload = encode(&fields, &values);
    let decoded = odd::Event::decode(odd::Build::B1, id, 0, &payload).unwrap_or_else(|error| panic!("{error}"));
    let read = reflected::values(&decoded.event);
    assert!(mean_the_same(&read, &values), "read {read:?} for {values:?}");
    for cut in 0..payload.len() {
        assert!(odd::Event::decode(odd::Build::B1, id, 0, &payload[..cut]).is_err(), "cut to {cut} bytes");
    }
}

#[test]
fn what_cannot_be_generated_is_reported_and_the_rest_is_there() {
    let output = generator().generate();
    insta::assert_snapshot!("odd_diagnostics", output.diagnostics.to_string());
    insta::assert_snapshot!("odd_events", output.files.0["events/other.rs"]);
    insta::assert_snapshot!("odd_maps", output.files.0["maps.rs"]);
    insta::assert_snapshot!("odd_descriptor", output.files.0["descriptor.rs"]);
    let ids: Vec<u16> = odd::schema::PROVIDER.events.iter().map(|event| event.id).collect();
    assert_eq!(ids, [1, 2, 3, 4, 6, 7, 8, 9], "5 has a dangling length, 10 one that is an array");
}

#[test]
fn names_that_rust_does_not_allow_decode_like_others() {
    let number = Value::Unsigned;
    let text = Value::text16("größer");
    round_trip(
        1,
        &[
            number(1),
            number(2),
            number(3),
            number(4),
            number(5),
            number(6),
            number(7),
            number(8),
            number(0),
            text,
            Value::Bool(1),
        ],
    );
}

#[test]
fn every_in_type_decodes() {
    let values = [
        Value::Signed(-1),
        Value::Signed(-2),
        Value::Signed(i64::from(i32::MIN)),
        Value::Signed(i64::MIN),
        Value::Float(1.5),
        Value::Double(-2.5),
        Value::Guid([7; 16]),
        Value::FileTime(1),
        Value::SystemTime([2026, 1, 2, 3, 4, 5, 6, 7]),
        Value::Pointer(0xFFFF_8000_0000_0001),
        Value::Sid([vec![1, 2, 0, 0, 0, 0, 0, 5], vec![32, 0, 0, 0], vec![32, 2, 0, 0]].concat()),
        Value::Unsigned(0xDEAD_BEEF),
        Value::Unsigned(u64::MAX),
        Value::text16("abc"),
        Value::Text8(b"xy".to_vec()),
        Value::Bytes(vec![1, 2, 3, 4, 5]),
        Value::Bytes(vec![0x20; 16]),
        Value::Unsigned(0xBD01),
        Value::text16("counted"),
        Value::Text8(b"counted".to_vec()),
        Value::Bytes(vec![9; 3]),
        Value::Array(vec![Value::Unsigned(1), Value::Unsigned(2), Value::Unsigned(3)]),
        Value::Unsigned(2),
        Value::Array(vec![Value::Bool(0), Value::Bool(1)]),
        Value::Array(vec![Value::Unsigned(1), Value::Unsigned(u64::MAX)]),
        Value::Text8(b"to the NUL".to_vec()),
        Value::text16("to the end"),
    ];
    round_trip(2, &values);
}

#[test]
fn a_layout_of_pointers_alone_decodes() {
    round_trip(7, &[Value::Pointer(1)]);
}

#[test]
fn forms_that_no_event_of_smbserver_has_are_shown() {
    let (schema, _) = generator().merge();
    let fields = fields(&schema, 8);
    let mut values = vec![
        Value::Signed(i64::from(b'A')),
        Value::Signed(-1),
        Value::Unsigned(1),
        Value::Unsigned(3),
        Value::Signed(-1),
        Value::Text8("é\u{0}".as_bytes()[..2].to_vec()),
        Value::Unsigned(1),
    ];
    let shown = |values: &[Value]| {
        let payload = encode(&fields, values);
        odd::Event::decode(odd::Build::B1, 8, 0, &payload).unwrap_or_else(|error| panic!("{error}")).to_string()
    };
    // The outer map's text is expanded; that of the map inside it has its line break, and its insert stays.
    let outer = "outer: in\r\nner %1 100% at -1";
    assert_eq!(shown(&values), format!("A|-1|{outer}|bit of A | same text|ffffffff|é"));
    values[0] = Value::Signed(-1);
    values[3] = Value::Unsigned(4);
    assert_eq!(shown(&values), format!("\u{FFFD}|-1|{outer}|4|ffffffff|é"));
}

#[test]
fn a_provider_without_an_event_to_generate_is_an_error() {
    let mut generator = Generator::new();
    let text = String::from_utf8_lossy(MANIFEST);
    let start = text.find("<m:event ").expect("events");
    let end = text.find("</m:events>").expect("their end");
    generator.add_manifest("empty.man", 1, format!("{}{}", &text[..start], &text[end..]).as_bytes());
    let output = generator.generate();
    assert!(output.files.0.is_empty());
    let message =
        "empty.man:8: error: provider Odd-Provider: it has no event that can be generated; there is no output";
    assert!(output.diagnostics.to_string().contains(message), "{}", output.diagnostics);
}

#[test]
fn an_insert_past_the_last_field_is_an_error_only_if_asked_for() {
    let inserts = |generator: &Generator| {
        let output = generator.generate();
        assert!(!output.files.0.is_empty());
        let found = output.diagnostics.all().iter().map(ToString::to_string);
        found.filter(|text| text.contains("stays in the text")).collect::<Vec<_>>()
    };
    let about = "event 1 version 0: its message has %99, and the event 11 fields; that stays in the text";
    let mut generator = generator();
    assert_eq!(inserts(&generator), [format!("odd.man:133: warning: {about}")]);
    assert_eq!(inserts(generator.refuse_unknown_inserts()), [format!("odd.man:133: error: {about}")]);
}

#[test]
fn a_mapped_value_is_a_newtype_and_unknown_values_survive() {
    let (schema, _) = generator().merge();
    let fields = fields(&schema, 1);
    let mut values = vec![Value::Unsigned(0); 9];
    values.extend([Value::text16(""), Value::Bool(0)]);
    values[6] = Value::Unsigned(77);
    let payload = encode(&fields, &values);
    let view = odd::events::other::MatchV0::parse(&payload).expect("it fits");
    assert_eq!(view.value(), odd::maps::ValuesOfIt(77));
    assert_eq!((view.value().name(), odd::maps::ValuesOfIt::V202.name()), (None, Some("202")));
    assert_eq!(Record::layout(&view).id, 1, "a field named `layout` does not hide the trait's method");
}
