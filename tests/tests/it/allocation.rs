//! Decoding allocates nothing: not for an event, not for an error, not for reading and printing its fields.

use std::fmt::{self, Write};
use std::hint::black_box;

use allocation_counter::measure;
use etw_runtime::{Record, View};
use smbserver_etw::{Build, Decoder, Event, EventKey};
use smbserver_etw_tests::encoder::encode;
use smbserver_etw_tests::manifests::{Layout, layouts};
use smbserver_etw_tests::random::{self, Lengths};

/// A layout, one of its builds, and a payload.
type Case = (&'static Layout, u32, Vec<u8>);

fn cases() -> Vec<Case> {
    let payload = |layout: &Layout, values: &[_]| encode(layout.fields(), values);
    let of_layout = |layout: &'static Layout| {
        let samples = random::samples(layout, Lengths::Any, 3);
        let with_builds = samples.into_iter().zip(layout.builds.iter().cycle());
        with_builds.map(move |(values, build)| (layout, *build, payload(layout, &values))).collect::<Vec<_>>()
    };
    layouts().iter().flat_map(of_layout).collect()
}

/// A sink that drops its text.
struct Nowhere;

impl Write for Nowhere {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        black_box(text);
        Ok(())
    }
}

fn read_all<'a>(record: &impl Record<'a>) {
    for (field, value) in record.fields() {
        black_box((field.name, value));
        write!(Nowhere, "{value} {value:?}").expect("nowhere takes all");
    }
}

#[track_caller]
fn assert_none(what: &str, work: impl FnOnce()) {
    let allocations = measure(work).count_total;
    assert_eq!(allocations, 0, "{what}: allocations");
}

#[test]
fn the_counter_counts() {
    assert_eq!(measure(|| drop(black_box(Box::new(1_u32)))).count_total, 1);
}

#[test]
fn decoding_and_reading_allocates_nothing() {
    let cases = cases();
    for (layout, build, payload) in &cases {
        assert_none(&layout.name, || {
            let decoded = Event::decode(Build::from_number(*build), layout.id, layout.version, payload);
            let Ok(decoded) = decoded else { panic!("it decodes") };
            read_all(&decoded.event);
            write!(Nowhere, "{:?}", decoded.event).expect("nowhere takes all");
            let key = EventKey::new(layout.id, layout.version);
            let lenient = Decoder::new(Build::from_number(*build)).lenient().decode_payload(key, payload);
            black_box(lenient.is_ok());
            if let Ok(decoded) = Decoder::any_build().decode_payload(key, payload) {
                read_all(&decoded.event);
            }
        });
    }
    println!("{} payloads of {} layouts", cases.len(), layouts().len());
}

#[test]
fn errors_allocate_nothing() {
    for (layout, build, mut payload) in cases() {
        let build = Build::from_number(build);
        payload.push(0);
        let cut = &payload[..payload.len() / 2];
        let attempt = |build: Build, id: u16, version: u8, payload: &[u8]| {
            for error in [
                Decoder::new(build).decode_payload(EventKey::new(id, version), payload).err(),
                Decoder::new(build).lenient().decode_payload(EventKey::new(id, version), payload).err(),
                Decoder::any_build().decode_payload(EventKey::new(id, version), payload).err(),
            ] {
                write!(Nowhere, "{error:?} {:?}", error.map(|error| error.kind())).expect("nowhere takes all");
                error.map_or(Ok(()), |error| write!(Nowhere, "{error}")).expect("nowhere takes all");
            }
        };
        assert_none(&layout.name, || {
            attempt(build, layout.id, layout.version, &payload);
            attempt(build, layout.id, layout.version, cut);
            attempt(build, layout.id, 200, &payload);
            attempt(build, u16::MAX, 0, &payload);
            attempt(Build::from_number(1), layout.id, layout.version, &payload);
        });
    }
}

/// Parses each view by its own type, without the dispatch of [`Event`].
macro_rules! parse_each_view {
    ($($view:ty),* $(,)?) => {
        fn views_checked() -> usize {
            let cases = cases();
            let mut checked = 0;
            $({
                let name = <$view as View<'_>>::INFO.name;
                for (_, _, payload) in cases.iter().filter(|(layout, _, _)| layout.name == name) {
                    assert_none(name, || {
                        let Ok(view) = <$view>::parse(payload) else { panic!("it parses") };
                        read_all(&view);
                    });
                    checked += 1;
                }
            })*
            checked
        }
    };
}

#[test]
fn views_by_their_own_types_allocate_nothing() {
    println!("{} payloads", views_checked());
}

smbserver_etw::for_each_view!(parse_each_view);
