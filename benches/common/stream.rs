//! A stream of all events of build 26100: `Event::decode` beside the views that it ends in.
//!
//! The baseline knows the type of every payload. In the order of the layouts it is straight-line code, one call of
//! `View::parse` after the other, with nothing that looks up, compares or branches by id; in a shuffled order it is
//! one indirect call for each event, which is the least that choosing among 200 types can cost. On both sides every
//! view is put in memory whole and shown to `black_box`; no field is read of it.

use std::hint::black_box;

use smbserver_etw::{Build, Event, LayoutInfo, View, for_each_view};
use test_support::XorShift;

use super::payload;

/// The build whose events make the stream.
const BUILD: Build = Build::B26100;
/// How often each event occurs in the shuffled stream: often enough that the processor cannot learn the order.
const ROUNDS: usize = 16;

/// An event as a consumer gets it, and the parser of its type.
#[derive(Clone)]
pub(crate) struct Recorded {
    id: u16,
    version: u8,
    payload: Vec<u8>,
    parse: fn(&[u8]),
}

/// Goes through a stream once.
pub(crate) type Pass = fn(&[Recorded]);

/// Parses by a type that is known, and calls for as much as a decoder does: a function, and a result in memory.
#[inline(never)]
fn parse<'a, V: View<'a>>(payload: &'a [u8]) {
    black_box(&V::parse(payload));
}

const fn in_stream(layout: &LayoutInfo) -> bool {
    let mut at = 0;
    while at < layout.builds.len() {
        if layout.builds[at].first <= BUILD.number() && BUILD.number() <= layout.builds[at].last {
            return true;
        }
        at += 1;
    }
    false
}

/// Defines what needs the type of every view.
macro_rules! over_views {
    ($($view:path),+ $(,)?) => {
        /// One event of each layout, in the order of the layouts.
        pub(crate) fn in_order() -> Vec<Recorded> {
            let mut stream = Vec::new();
            $(if in_stream(<$view as View<'_>>::INFO) {
                stream.push(recorded(<$view as View<'_>>::INFO, |payload| parse::<$view>(payload)));
            })+
            stream
        }

        /// The views alone, in the order of the layouts.
        #[inline(never)]
        pub(crate) fn parse_in_order(stream: &[Recorded]) {
            let mut stream = stream.iter();
            $(if const { in_stream(<$view as View<'_>>::INFO) } && let Some(event) = stream.next() {
                parse::<$view>(&event.payload);
            })+
        }
    };
}
for_each_view!(over_views);

fn recorded(layout: &LayoutInfo, parse: fn(&[u8])) -> Recorded {
    let (id, version, payload) = (layout.id, layout.version, payload::of_layout(layout));
    if let Err(error) = Event::decode(BUILD, id, version, &payload) {
        panic!("{}: {error}", layout.name);
    }
    Recorded { id, version, payload, parse }
}

/// The same events, each several times, in an order that is random but always the same.
pub(crate) fn shuffled() -> Vec<Recorded> {
    let events = in_order();
    let mut stream: Vec<_> = std::iter::repeat_n(events, ROUNDS).flatten().collect();
    let mut random = XorShift::new(0x9E37_79B9_7F4A_7C15);
    for end in (1..stream.len()).rev() {
        stream.swap(end, random.below(end + 1));
    }
    stream
}

/// The views alone, in any order.
#[inline(never)]
pub(crate) fn parse_each(stream: &[Recorded]) {
    for event in stream {
        (event.parse)(&event.payload);
    }
}

/// `Event::decode` by id and version, for a build that is known only at run time.
#[inline(never)]
pub(crate) fn decode_each(stream: &[Recorded]) {
    let build = black_box(BUILD);
    for event in stream {
        black_box(&Event::decode(build, event.id, event.version, &event.payload));
    }
}
