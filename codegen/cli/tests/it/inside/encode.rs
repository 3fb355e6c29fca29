//! Runs inside a crate that the test has just generated: what is encoded decodes to the same values.

use construct_provider_etw::encode::other::{
    ArraysSeenV0, PlainSeenV1, StructsSeenV0, StructsSeenV0Named, StructsSeenV0One, StructsSeenV0Pair, StructsSeenV0Triple,
};
use construct_provider_etw::events::other::PlainSeen;
use construct_provider_etw::{Build, Decoder, Event, EventKey, maps};
use etw_runtime::encode::{Elements, Encode, Text};
use etw_runtime::{FileTime, Guid, PointerSize, Sid, SystemTime};

fn structs() -> StructsSeenV0<'static> {
    StructsSeenV0 {
        one: StructsSeenV0One { id: 7, ready: 1, pace: maps::Pace::FAST },
        pair: &[StructsSeenV0Pair { left: 1, right: 2 }, StructsSeenV0Pair { left: 3, right: 4 }],
        named: &[StructsSeenV0Named {
            name: Text::Str("größer"),
            blob: &[1, 2, 3],
            numbers: Elements::Slice(&[10, 20]),
        }],
        triple: &[
            StructsSeenV0Triple { value: 0.5 },
            StructsSeenV0Triple { value: 1.5 },
            StructsSeenV0Triple { value: 2.5 },
        ],
        last: 9,
    }
}

#[test]
fn structs_come_back() {
    for pointers in [PointerSize::Bits64, PointerSize::Bits32] {
        let payload = structs().encode_with(pointers).expect("values that fit");
        let decoder = Decoder::new(Build::UNKNOWN).with_pointer_size(pointers);
        let decoded = decoder.decode_payload(EventKey::new(1, 0), &payload).expect("its own payload");
        let Event::StructsSeen(event) = decoded.event else { panic!("{:?}", decoded.event) };
        assert_eq!((event.pairs(), event.names(), event.last()), (2, 1, 9));
        assert_eq!((event.one().id(), event.one().pace()), (7, maps::Pace::FAST));
        assert!(event.pair().iter().map(|pair| (pair.left(), pair.right())).eq([(1, 2), (3, 4)]));
        let named = event.named().get(0).expect("one");
        assert_eq!(named.name(), "größer");
        assert_eq!((named.blob().as_bytes(), named.numbers().len()), (&[1, 2, 3][..], 2));
        assert_eq!(payload.len(), if pointers == PointerSize::Bits64 { 80 } else { 72 });
    }
}

#[test]
fn an_error_names_the_member_of_a_struct() {
    let named = [StructsSeenV0Named { name: Text::Str("a\0b"), ..structs().named[0] }];
    let error = StructsSeenV0 { named: &named, ..structs() }.encode().expect_err("the text would end at its NUL");
    assert_eq!((error.field_name(), error.member_name()), (Some("Named"), Some("Name")));
    let blob = [0; 256];
    let named = [StructsSeenV0Named { blob: &blob, ..structs().named[0] }];
    let error = StructsSeenV0 { named: &named, ..structs() }.encode().expect_err("more than the length can say");
    assert!(error.to_string().contains("field Named, member Length: "), "{error}");
}

#[test]
fn arrays_share_their_count_or_are_refused() {
    let sid = Sid::new(&[1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0]).expect("S-1-5-18");
    let guid = Guid::from_bytes([7; 16]);
    let times = [FileTime::from_ticks(1), FileTime::from_ticks(2)];
    let guids = [guid];
    let texts = ["fix1".into(), "fix2".into()];
    let dates = [SystemTime::default()];
    let arrays = ArraysSeenV0 {
        texts: &["a".into()],
        ansi: &[b"b"],
        sids: &[sid],
        pointers: &[0x1000],
        counted: &["".into()],
        counted_ansi: &[b"", b"xyz"],
        blobs: &[&[1, 2]],
        fixed: &texts,
        hashes: &[&[1, 2, 3]],
        guids: (&guids).into(),
        times: (&times).into(),
        dates: (&dates).into(),
        doubles: (&[0.25]).into(),
        paces: (&[0, 7, 9]).into(),
        flags: (&[1]).into(),
    };
    let payload = arrays.encode().expect("values that fit");
    let decoded = Event::decode(Build::UNKNOWN, 2, 0, &payload).expect("its own payload");
    let Event::ArraysSeen(event) = decoded.event else { panic!("{:?}", decoded.event) };
    assert_eq!(event.sids().get(0).map(|sid| sid.to_string()).as_deref(), Some("S-1-5-18"));
    assert_eq!((event.guids().get(0), event.times().len()), (Some(guid), 2));
    assert!(decoded.to_string().ends_with(", at slow, fast, 9"), "{decoded}");

    let two = ["b".into(), "c".into()];
    let error = ArraysSeenV0 { texts: &two, ..arrays }.encode().expect_err("two texts, and one of all else");
    assert_eq!(error.field_name(), Some("Count"));
    let long = ["fifth".into(), "fix2".into()];
    let error = ArraysSeenV0 { fixed: &long, ..arrays }.encode().expect_err("five units where four are fixed");
    assert_eq!(error.field_name(), Some("Fixed"));
}

#[test]
fn a_view_is_encoded_as_it_was() {
    let plain = PlainSeenV1 {
        ways: maps::Ways(5),
        hash: &[8; 8],
        code: b"abcd",
        text: "text".into(),
        truth: true,
        sign: -1,
        ..PlainSeenV1::default()
    };
    let sid = Sid::new(&[1, 0, 0, 0, 0, 0, 0, 5]).expect("S-1-5");
    let payload = PlainSeenV1 { who: sid, ..plain }.encode().expect("values that fit");
    let decoded = Event::decode(Build::UNKNOWN, 3, 1, &payload).expect("its own payload");
    let Event::PlainSeen(PlainSeen::V1(view)) = decoded.event else { panic!("{:?}", decoded.event) };
    assert_eq!(PlainSeenV1::from(view).encode().expect("values that fit"), payload);
}
