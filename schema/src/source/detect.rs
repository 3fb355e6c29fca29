//! The format of a file, by its content.

use super::bytes::Bytes;
use super::{Format, trace};

/// How far into a file its root element is looked for: a licence may come before it.
const LOOK_AHEAD: usize = 1 << 16;

/// The format of a file, from its first bytes; none where it is no capture of a known kind.
pub fn detect(bytes: &[u8]) -> Option<Format> {
    if bytes.starts_with(b"MZ") {
        return Some(Format::Pe);
    }
    if bytes.starts_with(b"CRIM") {
        return Some(Format::WevtTemplate);
    }
    if is_message_table(bytes) {
        return Some(Format::MessageTable);
    }
    if trace::is_trace(bytes) {
        return Some(Format::Trace);
    }
    let text = ascii(bytes.get(..LOOK_AHEAD).unwrap_or(bytes));
    let root = root(&text)?;
    let name = root.split(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/').next()?;
    match name.rsplit(':').next()? {
        "instrumentationManifest" if is_dump(root) => Some(Format::Registered),
        "Providers" => Some(Format::WepExplorer),
        // Any other XML: the reader of written manifests has the best diagnostics for it.
        _ => Some(Format::Man),
    }
}

/// Whether the bytes begin as a message table does: a count of blocks, then rows (lowest id, highest id, offset). The first
/// row's offset is the end of the rows, where an entry of one of the two known kinds begins.
fn is_message_table(bytes: &[u8]) -> bool {
    let word = |at: u32| Bytes(bytes).u32(usize::try_from(at).ok()?);
    let is_one = || {
        let count = word(0)?;
        let low = word(4)?;
        let high = word(8)?;
        let first = word(12)?;
        let entry = word(first)?;
        let rows_end = count.checked_mul(12)?.checked_add(4)?;
        Some(count > 0 && low <= high && first == rows_end && entry & 0xFFFF >= 4 && entry >> 16 <= 1)
    };
    is_one().unwrap_or(false)
}

/// The text as far as it is ASCII, in any encoding of XML; all else becomes `?`.
fn ascii(bytes: &[u8]) -> String {
    let wide = bytes.iter().take(64).filter(|byte| **byte == 0).count() > 8;
    let shown = bytes.iter().filter(|byte| !(wide && **byte == 0));
    shown.map(|byte| if byte.is_ascii() { char::from(*byte) } else { '?' }).collect()
}

/// What follows the `<` of the root element, comments and instructions passed over; none where there is no XML. A DOCTYPE
/// counts as one: it can hold anything, and the reader of written manifests reports it.
fn root(text: &str) -> Option<&str> {
    let mut rest = text.trim_start_matches(['?', '\0']).trim_start();
    loop {
        let inner = rest.strip_prefix('<')?;
        let end = match inner.as_bytes().first()? {
            b'?' => "?>",
            b'!' if inner.starts_with("!--") => "-->",
            _ => return Some(inner),
        };
        rest = inner.get(inner.find(end)? + end.len()..)?.trim_start();
    }
}

/// PerfView says of each provider that its events come from XML, as people may, and has its name for that of a file.
fn is_dump(root: &str) -> bool {
    let provider = root.find("<provider").and_then(|at| root.get(at..));
    let Some(tag) = provider.and_then(|tag| tag.split('>').next()) else { return false };
    let attribute = |name: &str| tag.split_once(name).and_then(|(_, rest)| rest.split('"').next());
    attribute(" source=\"") == Some("Xml") && attribute(" resourceFileName=\"") == attribute(" name=\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_apart_by_what_they_hold() {
        let dump = "<instrumentationManifest xmlns='x'>\n <provider name=\"A\" resourceFileName=\"A\" source=\"Xml\" >";
        assert_eq!(detect(dump.as_bytes()), Some(Format::Registered));
        let says_its_source = dump.replace("resourceFileName=\"A\"", "resourceFileName=\"a.dll\"");
        assert_eq!(detect(says_its_source.as_bytes()), Some(Format::Man));
        let written = "\u{FEFF}<?xml version='1.0'?><!-- a < b --><!DOCTYPE x>\n<m:instrumentationManifest>";
        assert_eq!(detect(written.as_bytes()), Some(Format::Man));
        let bomb = "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'aa'><!ENTITY b '&a;&a;'>]><instrumentationManifest>";
        assert_eq!(detect(bomb.as_bytes()), Some(Format::Man));
        let wide: Vec<u8> = std::iter::once(0xFEFF).chain(dump.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert_eq!(detect(&wide), Some(Format::Registered));
        assert_eq!(detect(b"<Providers>\n<Provider>"), Some(Format::WepExplorer));
        assert_eq!(detect(b"MZ\x90\0"), Some(Format::Pe));
        assert_eq!(detect(b"CRIM\0\0"), Some(Format::WevtTemplate));
        let table = [1, 7, 7, 16, 0x0001_0008, 0x41].map(u32::to_le_bytes);
        assert_eq!(detect(table.as_flattened()), Some(Format::MessageTable));
        assert_eq!(detect(&table.as_flattened()[..18]), None);
        for nothing in [b"".as_slice(), b"hello", b"<", b"<!--", b"\0\0\0\0", &[0xFF; 9]] {
            assert_eq!(detect(nothing), None, "{nothing:?}");
        }
    }
}
