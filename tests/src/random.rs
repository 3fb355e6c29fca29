//! Random values for the fields of a layout, the same in every run.

use std::collections::BTreeMap;

use etw_schema::model::{Field, InType, OutType, Size};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};

use crate::encoder::{Value, counter_of, is_terminated, with_counts};
use crate::manifests::Layout;

/// The seed of all random values. A failure prints it.
pub const SEED: u64 = 0x534D_4253_6572_7665;

/// The length of strings, binary data and arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lengths {
    /// A few units.
    Short,
    /// Mostly a few units, sometimes hundreds.
    Any,
}

/// A runner whose randomness depends on the layout alone, not on the order of the tests.
pub fn runner(layout: &Layout, cases: u32) -> TestRunner {
    let name = layout.name.bytes().fold(SEED, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
    TestRunner::new(Config { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(name), ..Config::default() })
}

/// Values for all fields of a layout; lengths and counts fit the data.
pub fn values(layout: &Layout, lengths: Lengths) -> impl Strategy<Value = Vec<Value>> + use<> {
    of_fields(layout.fields(), lengths)
}

/// Values for these fields; lengths and counts fit the data.
pub fn of_fields(fields: &[Field], lengths: Lengths) -> impl Strategy<Value = Vec<Value>> + use<> {
    let fields = fields.to_vec();
    // Arrays with the same counter get the same size: that of the shortest.
    let counted = shared_counters(&fields);
    let each: Vec<BoxedStrategy<Value>> = fields.iter().map(|field| of_field(field, lengths)).collect();
    each.prop_map(move |mut values| {
        for counters in &counted {
            let least = counters.iter().map(|at| values[*at].counted()).min().unwrap_or(0);
            for at in counters {
                shorten(&mut values[*at], least);
            }
        }
        with_counts(&fields, &values)
    })
}

/// The fields that share a counter, for each counter that several have.
fn shared_counters(fields: &[Field]) -> Vec<Vec<usize>> {
    let mut by_counter: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for index in 0..fields.len() {
        if let Some(counter) = counter_of(fields, index) {
            by_counter.entry(counter).or_default().push(index);
        }
    }
    by_counter.into_values().filter(|counted| counted.len() > 1).collect()
}

fn shorten(value: &mut Value, length: usize) {
    match value {
        Value::Text16(units) => units.truncate(length),
        Value::Text8(bytes) | Value::Bytes(bytes) => bytes.truncate(length),
        Value::Array(elements) => elements.truncate(length),
        other => panic!("{other:?} has no length"),
    }
}

/// `count` sets of values of these fields.
///
/// # Panics
///
/// When no value can be made, which only filters could cause.
pub fn samples_of(fields: &[Field], lengths: Lengths, count: usize) -> Vec<Vec<Value>> {
    let config = Config { failure_persistence: None, rng_seed: RngSeed::Fixed(SEED), ..Config::default() };
    let mut runner = TestRunner::new(config);
    let strategy = of_fields(fields, lengths);
    (0..count).map(|_| strategy.new_tree(&mut runner).expect("nothing is filtered").current()).collect()
}

/// `count` sets of values of a layout.
///
/// # Panics
///
/// When no value can be made, which only filters could cause.
pub fn samples(layout: &Layout, lengths: Lengths, count: usize) -> Vec<Vec<Value>> {
    let mut runner = runner(layout, 1);
    let strategy = values(layout, lengths);
    (0..count).map(|_| strategy.new_tree(&mut runner).expect("nothing is filtered").current()).collect()
}

/// Runs a check over random input, and shrinks the input when it fails.
///
/// # Panics
///
/// When the check fails: with the layout's name, the seed and the smallest input found.
pub fn check<S: Strategy>(
    layout: &Layout,
    cases: u32,
    strategy: &S,
    check: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    match runner(layout, cases).run(strategy, check) {
        Ok(()) => {}
        Err(TestError::Abort(reason)) => panic!("{}, seed {SEED:#x}: {reason}", layout.name),
        Err(TestError::Fail(reason, input)) => panic!("{}, seed {SEED:#x}: {reason}\n{input:#?}", layout.name),
    }
}

fn of_field(field: &Field, lengths: Lengths) -> BoxedStrategy<Value> {
    match &field.count {
        Some(Size::Fixed(count)) => vec(one(field, lengths), usize::from(*count)).prop_map(Value::Array).boxed(),
        Some(Size::Field(_)) => vec(one(field, lengths), 0..9).prop_map(Value::Array).boxed(),
        None => one(field, lengths),
    }
}

fn one(field: &Field, lengths: Lengths) -> BoxedStrategy<Value> {
    match field.in_type {
        InType::UInt8 => unsigned(u8::MAX.into()),
        InType::UInt16 => unsigned(u16::MAX.into()),
        InType::UInt32 | InType::HexInt32 => unsigned(u32::MAX.into()),
        InType::UInt64 | InType::HexInt64 => unsigned(u64::MAX),
        InType::Int8 => signed(i8::MIN.into(), i8::MAX.into()),
        InType::Int16 => signed(i16::MIN.into(), i16::MAX.into()),
        InType::Int32 => signed(i32::MIN.into(), i32::MAX.into()),
        InType::Int64 => signed(i64::MIN, i64::MAX),
        InType::Float => any::<f32>().prop_map(Value::Float).boxed(),
        InType::Double => any::<f64>().prop_map(Value::Double).boxed(),
        InType::Boolean => prop_oneof![Just(0), Just(1), any::<u32>()].prop_map(Value::Bool).boxed(),
        InType::Guid => any::<[u8; 16]>().prop_map(Value::Guid).boxed(),
        InType::FileTime => {
            // Half of them in the centuries that events come from.
            prop_oneof![0..200_000_000_000_000_000_u64, any::<u64>()].prop_map(Value::FileTime).boxed()
        }
        InType::SystemTime => any::<[u16; 8]>().prop_map(Value::SystemTime).boxed(),
        InType::Pointer => any::<u64>().prop_map(Value::Pointer).boxed(),
        InType::Sid => sid(),
        InType::UnicodeString | InType::CountedUnicodeString => text16(field, lengths),
        InType::AnsiString | InType::CountedAnsiString => text8(field, lengths),
        InType::Binary | InType::CountedBinary => binary(field, lengths),
        InType::Struct => of_fields(&field.members, lengths).prop_map(Value::Struct).boxed(),
        other => panic!("{other}: this inType is not known here"),
    }
}

fn unsigned(max: u64) -> BoxedStrategy<Value> {
    prop_oneof![1 => Just(0), 1 => Just(max), 2 => 0..10_u64, 6 => 0..=max].prop_map(Value::Unsigned).boxed()
}

fn signed(min: i64, max: i64) -> BoxedStrategy<Value> {
    prop_oneof![1 => Just(min), 1 => Just(max), 1 => Just(-1_i64), 6 => min..=max].prop_map(Value::Signed).boxed()
}

fn sid() -> BoxedStrategy<Value> {
    let parts = (any::<[u8; 6]>(), vec(any::<[u8; 4]>(), 0..16));
    let bytes = |(authority, subs): ([u8; 6], Vec<[u8; 4]>)| {
        let count = u8::try_from(subs.len()).unwrap_or(u8::MAX);
        [1, count].into_iter().chain(authority).chain(subs.into_iter().flatten()).collect()
    };
    parts.prop_map(move |parts| Value::Sid(bytes(parts))).boxed()
}

/// The number of elements that the manifest fixes, or any number.
fn many<S: Strategy + Clone + 'static>(field: &Field, lengths: Lengths, unit: &S) -> BoxedStrategy<Vec<S::Value>> {
    match (&field.length, lengths) {
        (Some(Size::Fixed(length)), _) => vec(unit.clone(), usize::from(*length)).boxed(),
        (_, Lengths::Short) => vec(unit.clone(), 0..7).boxed(),
        (_, Lengths::Any) => prop_oneof![
            2 => vec(unit.clone(), 0..=0),
            30 => vec(unit.clone(), 1..40),
            1 => vec(unit.clone(), 200..600),
        ]
        .boxed(),
    }
}

fn text16(field: &Field, lengths: Lengths) -> BoxedStrategy<Value> {
    // ASCII, any unit, surrogates (mostly lone ones), and NULs.
    let unit = prop_oneof![6 => 0x20..0x7F_u16, 2 => any::<u16>(), 2 => 0xD800..0xE000_u16, 1 => Just(0)];
    let lowest = u16::from(is_terminated(field));
    let unit = unit.prop_map(move |unit| unit.max(lowest)).boxed();
    many(field, lengths, &unit).prop_map(Value::Text16).boxed()
}

fn text8(field: &Field, lengths: Lengths) -> BoxedStrategy<Value> {
    let unit = prop_oneof![6 => 0x20..0x7F_u8, 2 => any::<u8>(), 1 => Just(0)];
    let lowest = u8::from(is_terminated(field));
    let unit = unit.prop_map(move |unit| unit.max(lowest)).boxed();
    many(field, lengths, &unit).prop_map(Value::Text8).boxed()
}

fn binary(field: &Field, lengths: Lengths) -> BoxedStrategy<Value> {
    if field.out_type == Some(OutType::IPv6) && field.length.is_none() {
        return vec(any::<u8>(), 16).prop_map(Value::Bytes).boxed();
    }
    let bytes = many(field, lengths, &any::<u8>());
    if field.out_type != Some(OutType::SocketAddress) || lengths == Lengths::Short {
        return bytes.prop_map(Value::Bytes).boxed();
    }
    // The lengths that occur, with their address families, and all others.
    let address = |family: u8, length: usize| {
        vec(any::<u8>(), length - 2).prop_map(move |rest| [family, 0].into_iter().chain(rest).collect::<Vec<_>>())
    };
    prop_oneof![address(2, 16), address(23, 28), address(2, 128), bytes].prop_map(Value::Bytes).boxed()
}
