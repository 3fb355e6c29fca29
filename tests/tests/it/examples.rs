//! The documented example events: their printed values, encoded and decoded again, are the values that Windows printed.

use std::collections::{BTreeMap, BTreeSet};

use etw_schema::model::{Field, InType};
use serde_json::Value as Json;
use smbserver_etw::{Build, Event};
use smbserver_etw_tests::documented::{Example, ExampleEffect, examples, exceptions};
use smbserver_etw_tests::encoder::{Value, encode, hex, json, mean_the_same, with_counts};
use smbserver_etw_tests::manifests::{Layout, layouts};
use smbserver_etw_tests::reflected;

/// An example whose values are known, as values of a layout.
struct Sample {
    example: Example,
    layout: &'static Layout,
    values: Vec<Value>,
}

impl Sample {
    fn payload(&self) -> Vec<u8> {
        encode(self.layout.fields(), &self.values)
    }

    /// The printed value of a field.
    fn printed(&self, field: &Field) -> &Json {
        let names = manifest_names(&self.example);
        let at = names.iter().position(|name| *name == field.name).expect("the example has the field");
        &self.example.fields[at].1
    }
}

/// The names of an example's values, as the manifest spells them.
fn manifest_names(example: &Example) -> Vec<String> {
    let renamed: BTreeMap<String, String> = exceptions()
        .examples
        .into_iter()
        .filter(|rule| rule.entries.contains(&example.key()))
        .filter_map(|rule| match rule.effect {
            ExampleEffect::ElementName { printed, field } => Some((printed, field)),
            _ => None,
        })
        .collect();
    example.fields.iter().map(|(name, _)| renamed.get(name).unwrap_or(name).clone()).collect()
}

/// The newest layout with exactly the example's fields, in any order, and the example's version.
fn layout_of(example: &Example) -> Option<&'static Layout> {
    let names: BTreeSet<String> = manifest_names(example).into_iter().collect();
    let has_them = |layout: &&Layout| layout.fields().iter().map(|field| &field.name).eq_by_set(&names);
    layouts()
        .iter()
        .filter(|layout| layout.id == example.id && example.system.version.is_none_or(|v| v == layout.version))
        .rfind(has_them)
}

/// Comparison of names without their order.
trait EqBySet<'a>: Iterator<Item = &'a String> + Sized {
    fn eq_by_set(self, names: &BTreeSet<String>) -> bool {
        let own: Vec<&String> = self.collect();
        own.len() == names.len() && own.into_iter().all(|name| names.contains(name))
    }
}

impl<'a, I: Iterator<Item = &'a String>> EqBySet<'a> for I {}

fn samples() -> Vec<Sample> {
    let known = examples().into_iter().filter_map(|example| Some((layout_of(&example)?, example)));
    known
        .map(|(layout, example)| {
            let mut sample = Sample { example, layout, values: Vec::new() };
            sample.values = layout.fields().iter().map(|field| parse(field, &sample)).collect();
            sample
        })
        .collect()
}

// ---- printed values ------------------------------------------------------------------------------------------------

/// A printed value as text: the page prints numbers and Booleans as JSON numbers and Booleans or as strings, and an
/// empty string as `null`.
fn text(printed: &Json) -> String {
    match printed {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn parse(field: &Field, sample: &Sample) -> Value {
    let text = text(sample.printed(field));
    match field.in_type {
        InType::UInt8 | InType::UInt16 | InType::UInt32 | InType::UInt64 | InType::HexInt32 | InType::HexInt64 => {
            Value::Unsigned(number(&text))
        }
        InType::Boolean => Value::Bool(text.parse::<bool>().expect("true or false").into()),
        InType::Guid => Value::Guid(guid(&text)),
        InType::Binary => Value::Bytes(bytes(&text)),
        InType::UnicodeString => Value::text16(&text),
        InType::AnsiString => Value::Text8(ansi(&text, sample)),
        other => panic!("{}: no example has a {other}", field.name),
    }
}

fn number(text: &str) -> u64 {
    let parsed = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    parsed.unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn bytes(text: &str) -> Vec<u8> {
    let digit = |at: usize| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    (0..text.len()).step_by(2).map(|at| digit(at).expect("pairs of digits")).collect()
}

fn guid(text: &str) -> [u8; 16] {
    let shown = bytes(&text.replace(['{', '}', '-'], ""));
    let order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
    order.map(|at: usize| shown[at])
}

/// The bytes of an ANSI string. Event 1015 has UTF-16 in one, of which Windows prints only the first letter. The bytes
/// are then those of the client's address, which the length field confirms.
fn ansi(text: &str, sample: &Sample) -> Vec<u8> {
    if sample.example.id != 1015 {
        return text.as_bytes().to_vec();
    }
    assert_eq!(text, "\\");
    let port_and_address = &sample.layout.fields()[sample.layout.position("ClientAddress").expect("it has an address")];
    let address = bytes(&self::text(sample.printed(port_and_address)));
    let name = format!("\\\\{}.{}.{}.{}", address[4], address[5], address[6], address[7]);
    name.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// Whether the JSON of a decoded value is what Windows printed. A number may be printed as a string, and a GUID with or
/// without braces.
fn says_the_same(field: &Field, printed: &Json, decoded: &Json) -> bool {
    let printed = text(printed);
    let decoded = text(decoded);
    match field.in_type {
        InType::Guid => printed.trim_matches(['{', '}']).eq_ignore_ascii_case(decoded.trim_matches(['{', '}'])),
        _ => printed == decoded,
    }
}

// ---- tests ---------------------------------------------------------------------------------------------------------

#[test]
fn every_example_decodes_to_what_was_printed() {
    let samples = samples();
    let mut decodings = 0;
    for sample in &samples {
        let layout = sample.layout;
        let key = sample.example.key();
        assert_eq!(with_counts(layout.fields(), &sample.values), sample.values, "{key}: printed lengths");
        let payload = sample.payload();
        for &build in &layout.builds {
            let decoded = Event::decode(Build::from_number(build), layout.id, layout.version, &payload);
            let event = decoded.unwrap_or_else(|error| panic!("{key}: {error}")).event;
            assert!(mean_the_same(&reflected::values(&event), &sample.values), "{key}: {event:?}");
            let read = serde_json::to_value(event).expect("every event serialises");
            for (field, value) in layout.fields().iter().zip(&sample.values) {
                let read = &read[&field.name];
                let printed = sample.printed(field);
                assert_eq!(read, &json(field, value), "{key}, {}", field.name);
                assert!(
                    says_the_same(field, printed, read),
                    "{key}, {}: {printed} was printed, {read} is read",
                    field.name
                );
            }
            decodings += 1;
        }
    }
    println!("{} examples with values or without fields, {decodings} decodings", samples.len());
}

#[test]
fn only_examples_without_values_are_left_out() {
    let taken: BTreeSet<String> = samples().iter().map(|sample| sample.example.key()).collect();
    let left_out: BTreeSet<String> = examples().iter().map(Example::key).filter(|key| !taken.contains(key)).collect();
    let rules = exceptions().examples.into_iter().filter(|rule| rule.effect == ExampleEffect::NoValues);
    let without_values: BTreeSet<String> = rules.flat_map(|rule| rule.entries).collect();
    assert_eq!(left_out, without_values);
    assert_eq!(examples().len() - samples().len(), without_values.len());
}

#[test]
fn payloads_have_the_sizes_of_their_fields() {
    let sizes: Vec<(String, usize)> = samples()
        .iter()
        .filter(|sample| [551, 1006, 1010].contains(&sample.example.id))
        .map(|sample| (sample.example.key(), sample.payload().len()))
        .collect();
    let expected = [("551 Analytic", 266), ("551 Security", 210), ("1006 Security", 274), ("1010 Operational", 170)];
    assert_eq!(sizes, expected.map(|(key, size)| (key.to_owned(), size)));
}

#[test]
fn the_golden_payloads_come_out_byte_for_byte() {
    for (id, golden) in [
        (1006, include_str!("../../data/golden/golden_1006.payload.hex")),
        (1010, include_str!("../../data/golden/golden_1010.payload.hex")),
    ] {
        let samples = samples();
        let sample = samples.iter().find(|sample| sample.example.id == id).expect("it is among the examples");
        assert_eq!(hex(&sample.payload()).to_lowercase(), golden.trim(), "{id}");
    }
}
