//! What is printed for status codes; and message tables of arbitrary bytes never panic.

extern crate std;

use core::fmt;
use std::{format, string::String, string::ToString as _, vec, vec::Vec};

use super::*;

/// Texts of ntdll.dll, as messages of Windows show them (the numbers are those of the recorded vectors).
const NTDLL: &[(u32, &str)] = &[
    // 32
    (0, "STATUS_WAIT_0"),
    // 9
    (
        0xC000_0022,
        "{Access Denied}\r\nA process has requested access to an object, but has not been granted those access rights.",
    ),
    // 24
    (
        0xC000_006D,
        "The attempted logon is invalid. This is either due to a bad username or authentication information.",
    ),
    // 33
    (
        0xC000_00B5,
        "{Device Timeout}\r\nThe specified I/O operation on %hs was not completed before the time-out period expired.",
    ),
    // 23
    (0xC000_00BB, "The request is not supported."),
];

fn ntdll(kind: StatusKind, code: u32) -> Option<&'static str> {
    let known = NTDLL.iter().find(|(known, _)| *known == code && kind == StatusKind::NtStatus);
    known.map(|(_, text)| *text)
}

fn shown(kind: StatusKind, code: u32, texts: &dyn StatusText) -> String {
    let mut text = String::new();
    write_status(kind, code, texts, &mut text).unwrap();
    text
}

#[test]
fn a_source_is_asked_for_the_text() {
    for &(code, text) in NTDLL {
        assert_eq!(shown(StatusKind::NtStatus, code, &FromFn(ntdll)), text);
    }
    assert_eq!(shown(StatusKind::Win32, 0, &FromFn(ntdll)), "Unknown Win32 Error code: 0x0");
}

#[test]
fn an_unknown_code_is_printed_as_windows_does() {
    // Vectors 29, 30, 31.
    let cases = [
        (StatusKind::HResult, 0x8007_2F9A, "Unknown HResult Error code: 0x80072f9a"),
        (StatusKind::Win32, 0x02AB_0003, "Unknown Win32 Error code: 0x2ab0003"),
        (StatusKind::NtStatus, 0xDEAD_BEEF, "Unknown NTSTATUS Error code: 0xdeadbeef"),
    ];
    for (kind, code, text) in cases {
        assert_eq!(shown(kind, code, &FromFn(ntdll)), text);
        assert_eq!(shown(kind, code, &BuiltIn), text);
        assert_eq!(shown(kind, code, &FromFn(|_, _| None)), text);
    }
}

#[cfg(feature = "status-names")]
#[test]
fn built_in_are_the_seen_text_and_names_in_brackets() {
    assert_eq!(shown(StatusKind::NtStatus, 0xC000_0022, &BuiltIn), NTDLL[1].1);
    assert_eq!(shown(StatusKind::HResult, 0xD000_0022, &BuiltIn), NTDLL[1].1);
    assert_eq!(shown(StatusKind::NtStatus, 0xC000_006D, &BuiltIn), "[STATUS_LOGON_FAILURE]");
    assert_eq!(shown(StatusKind::NtStatus, 0, &BuiltIn), "[STATUS_SUCCESS]");
    assert_eq!(shown(StatusKind::Win32, 0xC000_0022, &BuiltIn), "Unknown Win32 Error code: 0xc0000022");
    assert_eq!(shown(StatusKind::HResult, 0xC000_0022, &BuiltIn), "Unknown HResult Error code: 0xc0000022");
}

#[cfg(feature = "status-names")]
#[test]
fn a_chain_takes_the_first_that_knows() {
    let chain = Chain(FromFn(ntdll), BuiltIn);
    assert_eq!(shown(StatusKind::NtStatus, 0, &chain), "STATUS_WAIT_0");
    assert_eq!(shown(StatusKind::NtStatus, 0x103, &chain), "[STATUS_PENDING]");
    assert_eq!(shown(StatusKind::NtStatus, 1 << 29, &chain), "Unknown NTSTATUS Error code: 0x20000000");
    // A source may be a trait object.
    let first: &dyn StatusText = &BuiltIn;
    assert_eq!(shown(StatusKind::NtStatus, 0, &Chain(first, FromFn(ntdll))), "[STATUS_SUCCESS]");
}

#[test]
fn an_error_of_the_writer_is_passed_on() {
    struct Full;
    impl fmt::Write for Full {
        fn write_str(&mut self, _: &str) -> fmt::Result {
            Err(fmt::Error)
        }
    }
    for code in [0, 0xC000_0022, 0xDEAD_BEEF] {
        assert_eq!(write_status(StatusKind::NtStatus, code, &BuiltIn, &mut Full), Err(fmt::Error));
    }
}

/// An entry of a hand-built table.
fn entry(flags: u16, text: &[u8]) -> Vec<u8> {
    let padded = (4 + text.len()).next_multiple_of(4);
    let mut bytes = u16::try_from(padded).unwrap().to_le_bytes().to_vec();
    bytes.extend(flags.to_le_bytes());
    bytes.extend(text);
    bytes.resize(padded, 0);
    bytes
}

fn wide(text: &str) -> Vec<u8> {
    entry(1, &text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>())
}

/// A table of blocks: the lowest id and the entries.
fn table(blocks: &[(u32, Vec<Vec<u8>>)]) -> Vec<u8> {
    let mut rows = u32::try_from(blocks.len()).unwrap().to_le_bytes().to_vec();
    let mut entries = Vec::new();
    for (low, block) in blocks {
        let high = low + u32::try_from(block.len() - 1).unwrap();
        let offset = u32::try_from(4 + 12 * blocks.len() + entries.len()).unwrap();
        rows.extend([*low, high, offset].into_iter().flat_map(u32::to_le_bytes));
        entries.extend(block.concat());
    }
    rows.extend(entries);
    rows
}

/// A table like ntdll's, with entries of both kinds.
fn sample() -> Vec<u8> {
    table(&[
        (0, vec![wide("STATUS_WAIT_0\r\n"), wide("STATUS_WAIT_1\r\n")]),
        (0x103, vec![entry(0, b"pending\r\n"), entry(0, b"odd"), entry(0, b"")]),
        (0xC000_0022, vec![wide(&format!("{}\r\n", NTDLL[1].1)), wide("two\r\n\r\n"), entry(4, b"what?")]),
        (0xC000_00B5, vec![wide(&format!("{}\r\n", NTDLL[3].1))]),
        (0xFFFF_FFFF, vec![wide("last ü 𝄞\r\n")]),
    ])
}

#[test]
fn a_message_table_is_looked_up() {
    let bytes = sample();
    let table = MessageTable::parse(&bytes).unwrap();
    let text = |id| table.text(id).map(|text| text.to_string());
    assert_eq!(text(0).as_deref(), Some("STATUS_WAIT_0"));
    assert_eq!(text(1).as_deref(), Some("STATUS_WAIT_1"));
    assert_eq!(text(2), None);
    assert_eq!(text(0x103).as_deref(), Some("pending"));
    assert_eq!(text(0x104).as_deref(), Some("odd"));
    assert_eq!(text(0x105).as_deref(), Some(""));
    assert_eq!(text(0xC000_0022).as_deref(), Some(NTDLL[1].1));
    assert_eq!(text(0xC000_0023).as_deref(), Some("two\r\n"), "one line break is cut off, not all");
    assert_eq!(text(0xC000_0024), None, "flags that nobody knows");
    assert_eq!(text(0xFFFF_FFFF).as_deref(), Some("last ü 𝄞"));
    assert!(matches!(table.text(0), Some(MessageTableText::Utf16(_))));
    assert!(matches!(table.text(0x103), Some(MessageTableText::Ansi(_))));
    assert_eq!(format!("{table:?}"), format!("MessageTable {{ blocks: 5, bytes: {} }}", bytes.len()));
}

#[cfg(feature = "status-names")]
#[test]
fn ntdll_has_the_texts_of_nt_statuses() {
    let bytes = sample();
    let texts = NtDll { table: MessageTable::parse(&bytes).unwrap() };
    assert_eq!(shown(StatusKind::NtStatus, 0, &texts), "STATUS_WAIT_0");
    assert_eq!(shown(StatusKind::NtStatus, 0xC000_0022, &texts), NTDLL[1].1);
    assert_eq!(shown(StatusKind::HResult, 0xD000_0022, &texts), NTDLL[1].1);
    assert_eq!(shown(StatusKind::NtStatus, 0xC000_00B5, &texts), NTDLL[3].1);
    assert_eq!(shown(StatusKind::HResult, 0xC000_0022, &texts), "Unknown HResult Error code: 0xc0000022");
    assert_eq!(shown(StatusKind::Win32, 0, &texts), "Unknown Win32 Error code: 0x0");
    assert_eq!(shown(StatusKind::NtStatus, 0xC000_006D, &Chain(texts, BuiltIn)), "[STATUS_LOGON_FAILURE]");
}

#[cfg(feature = "status-names")]
#[test]
fn a_text_that_shows_nothing_is_none() {
    let bytes = sample();
    let texts = NtDll { table: MessageTable::parse(&bytes).unwrap() };
    assert_eq!(shown(StatusKind::NtStatus, 0x105, &texts), "Unknown NTSTATUS Error code: 0x105");
    assert_eq!(shown(StatusKind::NtStatus, 0x105, &Chain(texts, BuiltIn)), "[STATUS_MORE_ENTRIES]");
    for blank in ["", " \r\n"] {
        let blank = FromFn(move |_, _| Some(blank));
        assert_eq!(shown(StatusKind::NtStatus, 0xC000_006D, &Chain(blank, BuiltIn)), "[STATUS_LOGON_FAILURE]");
    }
}

#[test]
fn what_is_no_message_table_is_refused_with_its_place() {
    let error = |bytes: &[u8]| MessageTable::parse(bytes).unwrap_err();
    assert_eq!(error(b"\x01\0\0"), MessageTableError { offset: 0, kind: MessageTableErrorKind::NoHeader });
    let found = error(&u32::MAX.to_le_bytes());
    assert_eq!(found.kind, MessageTableErrorKind::BlocksTruncated { blocks: u32::MAX });

    let mut bytes = sample();
    bytes[20] = 0; // The second block's highest id: 0x105 becomes 0x100.
    let found = error(&bytes);
    assert_eq!(found.offset, 16);
    assert_eq!(found.to_string(), "message table, offset 0x10: a block goes from id 0x103 down to 0x100");

    let mut bytes = sample();
    bytes[8..12].copy_from_slice(&u32::MAX.to_le_bytes()); // The first block's highest id.
    assert_eq!(error(&bytes).kind, MessageTableErrorKind::EntriesTruncated { entries_at: 64, ids: 1 << 32 });
    assert_eq!(error(&bytes).offset, 4);
    assert!(MessageTable::parse(&[0; 4]).unwrap().text(0).is_none());
}

#[test]
fn a_damaged_entry_is_no_text() {
    // Lengths that are too small, or point outside of the table.
    for length in [0_u16, 3, 400] {
        let mut bytes = table(&[(7, vec![wide("a"), wide("b")])]);
        bytes[16..18].copy_from_slice(&length.to_le_bytes());
        let table = MessageTable::parse(&bytes).unwrap();
        assert_eq!((table.text(7), table.text(8)), (None, None));
    }
}

#[test]
fn all_entries_are_listed_with_what_is_wrong() {
    let bytes = sample();
    let table = MessageTable::parse(&bytes).unwrap();
    let mut listed = 0;
    for entry in table.entries() {
        match entry {
            Ok((id, text)) => assert_eq!(table.text(id), Some(text)),
            Err(error) => {
                assert_eq!(error.kind, MessageTableErrorKind::UnknownFlags { id: 0xC000_0024, flags: 4 });
                assert_eq!(&bytes[error.offset + 4..][..5], b"what?");
            }
        }
        listed += 1;
    }
    assert_eq!(listed, 10);
}

#[test]
fn entries_that_overlap_end_the_list() {
    // Three blocks with the same entry: more bytes than the table has.
    let mut bytes = table(&[(1, vec![wide(&"x".repeat(40))]), (2, vec![wide("")]), (3, vec![wide("")])]);
    let first = bytes[12..16].to_vec();
    bytes[24..28].copy_from_slice(&first);
    bytes[36..40].copy_from_slice(&first);
    let listed: Vec<_> = MessageTable::parse(&bytes).unwrap().entries().collect();
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[1].unwrap_err().kind, MessageTableErrorKind::Overlap { id: 2 });
}

#[test]
fn an_entry_that_does_not_end_ends_its_block() {
    let mut bytes = table(&[(1, vec![wide("a"), wide("b")]), (7, vec![wide("c")])]);
    bytes[28..30].copy_from_slice(&2_u16.to_le_bytes());
    let listed: Vec<_> = MessageTable::parse(&bytes).unwrap().entries().collect();
    let error = MessageTableError { offset: 28, kind: MessageTableErrorKind::EntryTruncated { id: 1 } };
    assert_eq!(listed[0], Err(error));
    assert!(matches!(listed[1], Ok((7, _))) && listed.len() == 2, "{listed:?}");
}

/// Looks up ids that are in the sample and some that are not, and prints what is found.
fn exercise(bytes: &[u8]) {
    match MessageTable::parse(bytes) {
        Ok(table) => {
            for id in [0, 1, 2, 0x103, 0x104, 0x105, 0xC000_0022, 0xC000_0023, 0xC000_0024, 0xC000_00B5, u32::MAX] {
                let found = table.text(id).map(|text| text.to_string().len());
                assert!(found.is_none_or(|length| length <= 3 * bytes.len()));
            }
            assert!(table.entries().count() <= bytes.len());
        }
        Err(error) => assert!(error.offset <= bytes.len() && !error.to_string().is_empty()),
    }
}

#[test]
fn no_part_of_a_table_makes_it_panic() {
    let bytes = sample();
    for end in 0..=bytes.len() {
        exercise(&bytes[..end]);
    }
}

#[test]
fn no_damage_to_a_table_makes_it_panic() {
    let sample = sample();
    let mut sequence = test_support::XorShift::new(0x9E37_79B9_7F4A_7C15);
    let mut random = move |end: usize| sequence.below(end);
    for _ in 0..100_000 {
        let mut bytes = sample.clone();
        for _ in 0..=random(4) {
            // Every other change hits the header and the rows of blocks, where damage does most.
            let end = if random(2) == 0 { 64 } else { bytes.len() };
            bytes[random(end)] = u8::try_from(random(256)).unwrap();
        }
        bytes.truncate(if random(4) == 0 { random(sample.len() + 1) } else { sample.len() });
        exercise(&bytes);
    }
}
