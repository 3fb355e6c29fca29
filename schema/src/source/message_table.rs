//! The texts of a binary: its RT_MESSAGETABLE resource, by message id.

use std::collections::BTreeMap;

use super::bytes::Bytes;
use crate::diagnostic::Diagnostics;
use crate::model::Place;

/// The flag of an entry whose text is UTF-16.
const UNICODE: u16 = 1;

/// Message texts by id, and the file that each is from.
#[derive(Clone, Debug, Default)]
pub struct MessageTable {
    texts: BTreeMap<u32, (String, Place)>,
    /// The language, where it is known.
    language: Option<u16>,
}

impl MessageTable {
    /// The text of a message.
    pub fn text(&self, id: u32) -> Option<&str> {
        self.texts.get(&id).map(|(text, _)| text.as_str())
    }

    /// How many messages there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// The same table as one of a language.
    pub(super) fn in_language(mut self, language: u16) -> Self {
        self.language = Some(language);
        self
    }

    /// The language, where it is known.
    pub fn language(&self) -> Option<u16> {
        self.language
    }

    /// Takes over the messages that this table has not. One that both have in other words is reported, and this table's is
    /// used. Tables of two languages differ by nature: that is reported once.
    pub fn extend(&mut self, other: &Self, found: &mut Diagnostics) {
        if self.texts.is_empty() {
            self.language = other.language;
        }
        if let (Some(own), Some(theirs)) = (self.language, other.language)
            && own != theirs
            && let Some((_, at)) = other.texts.values().next()
        {
            let message =
                format!("its language is {theirs:#06x}; texts of language {own:#06x} are used where there are any");
            found.warning(at, "message table", message);
            for (id, text) in &other.texts {
                self.texts.entry(*id).or_insert_with(|| text.clone());
            }
            return;
        }
        for (id, (text, at)) in &other.texts {
            let known = self.texts.entry(*id).or_insert_with(|| (text.clone(), at.clone()));
            if known.0 != *text {
                let message = format!("differs from the text in {}, which is used", known.1);
                found.warning(at, format!("message {id:#010x}"), message);
            }
        }
    }
}

/// Reads the bytes of a resource. `file` names the binary that it is from.
pub fn read(file: &str, resource: &[u8], found: &mut Diagnostics) -> MessageTable {
    let (at, bytes) = (Place::file(file), Bytes(resource));
    let mut table = MessageTable::default();
    // Blocks do not overlap, so that all texts together are not larger than the resource.
    let mut budget = resource.len();
    let count = bytes.u32(0).unwrap_or(0);
    for block in 0..count {
        let start = usize::try_from(block).unwrap_or(usize::MAX).saturating_mul(12).saturating_add(4);
        let header = (bytes.u32(start), bytes.u32(start + 4), bytes.u32(start + 8));
        let (Some(low), Some(high), Some(offset)) = header else {
            found.error(&at, "RT_MESSAGETABLE", format!("block {block} of {count} lies outside of the resource"));
            break;
        };
        if let Err(problem) = read_block(&mut table, &at, bytes, (low, high, offset), &mut budget) {
            found.error(&at, format!("RT_MESSAGETABLE, messages {low:#010x} to {high:#010x}"), problem);
        }
    }
    table
}

fn read_block(
    table: &mut MessageTable,
    place: &Place,
    bytes: Bytes<'_>,
    (low, high, offset): (u32, u32, u32),
    budget: &mut usize,
) -> Result<(), String> {
    let mut at = usize::try_from(offset).unwrap_or(usize::MAX);
    for id in low..=high {
        let (Some(length), Some(flags)) = (bytes.u16(at), bytes.u16(at.saturating_add(2))) else {
            return Err(format!("message {id:#010x} lies outside of the resource"));
        };
        let length = usize::from(length);
        let text = length.checked_sub(4).and_then(|length| bytes.get(at + 4, length));
        let Some(text) = text else {
            return Err(format!("message {id:#010x} of {length} bytes does not end inside the resource"));
        };
        *budget = budget.checked_sub(length).ok_or("overlaps other messages")?;
        let text = if flags & UNICODE != 0 { utf16(text) } else { text.iter().map(|b| char::from(*b)).collect() };
        let text = text.trim_end_matches('\0');
        let text = text.strip_suffix("\r\n").unwrap_or(text);
        table.texts.entry(id).or_insert_with(|| (text.to_owned(), place.clone()));
        at += length;
    }
    Ok(())
}

/// UTF-16 as text, with a replacement character for what is none.
pub(super) fn utf16(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}
