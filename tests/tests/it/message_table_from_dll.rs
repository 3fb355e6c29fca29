//! Windows' texts for status codes from a DLL: they are found, and no bytes make the search panic.

use etw_runtime::status::{DllError, MessageTable};
use etw_schema::compile::wrap;

/// A message table with one text, `Too little.`, for one code.
fn resource() -> Vec<u8> {
    let code = 0xC000_009A_u32;
    let text: Vec<u8> = "Too little.\r\n\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let entry = [u16::try_from(text.len() + 4).unwrap(), 1].into_iter().flat_map(u16::to_le_bytes);
    [1, code, code, 16].into_iter().flat_map(u32::to_le_bytes).chain(entry).chain(text).collect()
}

#[test]
fn the_texts_of_a_dll_are_those_of_its_resource() {
    let resource = resource();
    for template in [None, Some(&b"CRIM"[..])] {
        let dll = wrap(template, Some(&resource)).unwrap();
        let table = MessageTable::from_dll(&dll).unwrap();
        assert_eq!(table.text(0xC000_009A).unwrap().to_string(), "Too little.");
        assert!(table.text(0xC000_009B).is_none());
    }
}

#[test]
fn a_file_without_one_says_so() {
    let of = |bytes: &[u8]| MessageTable::from_dll(bytes).map(|_| ());
    assert_eq!(of(b""), Err(DllError::NotPe));
    assert_eq!(of(&resource()), Err(DllError::NotPe));
    assert_eq!(of(&wrap(Some(b"CRIM"), None).unwrap()), Err(DllError::NoMessageTable));
    let damaged = of(&wrap(None, Some(&resource()[..10])).unwrap());
    assert!(matches!(damaged, Err(DllError::MessageTable(_))), "{damaged:?}");
}

#[test]
fn damaged_files_are_refused_or_read() {
    let dll = wrap(None, Some(&resource())).unwrap();
    let end = dll.len() - dll.iter().rev().take_while(|byte| **byte == 0).count();
    for len in 0..end {
        assert!(MessageTable::from_dll(&dll[..len]).map(|table| table.text(0xC000_009A)).is_err(), "cut to {len}");
    }
    let mut read = 0;
    for at in 0..dll.len() {
        for value in [0, 1, 0x7F, 0x80, 0xFF] {
            let mut spoilt = dll.clone();
            spoilt[at] = value;
            read += usize::from(MessageTable::from_dll(&spoilt).is_ok_and(|table| table.text(0xC000_009A).is_some()));
        }
    }
    assert!(read > 0, "most bytes of a DLL are not looked at");
}
