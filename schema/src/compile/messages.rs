//! The message table: texts under the numbers that `mc.exe` gives them.

use std::collections::{BTreeMap, HashMap};

use super::out::Out;
use crate::message::begins_escape;

/// What a message belongs to; the highest four bits of its number.
#[derive(Clone, Copy, Debug)]
pub(super) enum Owner {
    Keyword = 0x1,
    Opcode = 0x3,
    Level = 0x5,
    Task = 0x7,
    Channel = 0x8,
    Provider = 0x9,
    Event = 0xB,
    ValueMap = 0xD,
    BitMap = 0xF,
}

/// No message.
pub(super) const NONE: u32 = u32::MAX;

/// The most bytes of an entry; its length has 16 bits.
const LONGEST: usize = 0xFFFF;

/// The texts by number.
#[derive(Debug, Default)]
pub(super) struct Messages<'t> {
    /// The texts of the manifest's own form: references where it has several languages.
    texts: BTreeMap<u32, String>,
    /// The texts of the first language by those references; none where the texts are what they are.
    translation: Option<&'t HashMap<String, String>>,
    /// The numbers of texts that one thing alone has.
    shared: HashMap<String, u32>,
    /// By the wanted number, the one to try first: those before it are taken.
    free: BTreeMap<u32, u32>,
}

impl<'t> Messages<'t> {
    /// Texts that are references, and the texts that they refer to.
    pub(super) fn new(translation: Option<&'t HashMap<String, String>>) -> Self {
        Self { translation, ..Self::default() }
    }

    /// What an entry in the first language would hold.
    fn check(&self, text: &str) -> Result<(), String> {
        let translated = self.translation.and_then(|texts| texts.get(text));
        entry(translated.map_or(text, String::as_str)).map(drop)
    }

    /// Adds a text and returns its number: that of the same text added before, or the wanted one of the owner's, or the next that
    /// is free.
    ///
    /// # Errors
    /// The text is too long for a message table.
    pub(super) fn add(
        &mut self,
        text: Option<&String>,
        owner: Owner,
        provider: u32,
        wanted: u32,
    ) -> Result<u32, String> {
        let Some(text) = text else { return Ok(NONE) };
        if let Some(number) = self.shared.get(text) {
            return Ok(*number);
        }
        self.check(text)?;
        // Four bits are for the provider; of two with the same, the second's texts have other numbers.
        let base = (owner as u32) << 28 | (provider & 0xF) << 24;
        let number_at = |n: u32| base | (wanted.wrapping_add(n) & 0x00FF_FFFF);
        let first = self.free.entry(number_at(0)).or_default();
        let is_free = |n: &u32| number_at(*n) != NONE && !self.texts.contains_key(&number_at(*n));
        let at = (*first..0x00FF_FFFF).find(is_free).ok_or("no number is left for its message")?;
        *first = at + 1;
        let number = number_at(at);
        self.texts.insert(number, text.clone());
        self.shared.insert(text.clone(), number);
        Ok(number)
    }

    /// Adds the text of something that Windows predefines, which all providers of the resource share, and returns its number.
    pub(super) fn share(&mut self, text: Option<&String>, owner: Owner, wanted: u32) -> u32 {
        let Some(text) = text.filter(|text| self.check(text).is_ok()) else { return NONE };
        let number = (owner as u32) << 28 | wanted;
        if self.texts.entry(number).or_insert_with(|| text.clone()) == text { number } else { NONE }
    }

    /// Adds a text under a number that is given. These go first: no owner's text is to take their place.
    ///
    /// # Errors
    /// The number has a text, or the text is too long for a message table.
    pub(super) fn put(&mut self, number: u32, text: &str) -> Result<(), String> {
        self.check(text)?;
        match self.texts.insert(number, text.to_owned()) {
            Some(_) => Err("another message has its number".to_owned()),
            None => Ok(()),
        }
    }

    /// The resource: texts as they are, or in a language, and the numbers of those that are too long for it.
    pub(super) fn table(&self, translation: Option<&HashMap<String, String>>) -> (Vec<u8>, Vec<(u32, String)>) {
        let mut blocks: Vec<Vec<(u32, String)>> = Vec::new();
        let mut too_long = Vec::new();
        for (number, text) in &self.texts {
            let translated = translation.and_then(|texts| texts.get(text)).unwrap_or(text);
            let text = match entry(translated) {
                Ok(text) => text,
                Err(problem) => {
                    too_long.push((*number, problem));
                    continue;
                }
            };
            match blocks.last_mut() {
                Some(block) if block.last().is_some_and(|(last, _)| last + 1 == *number) => block.push((*number, text)),
                _ => blocks.push(vec![(*number, text)]),
            }
        }
        let mut out = Out::default();
        out.count(blocks.len());
        let mut offsets = Vec::new();
        for block in &blocks {
            out.u32(block.first().map_or(0, |(number, _)| *number));
            out.u32(block.last().map_or(0, |(number, _)| *number));
            offsets.push(out.later());
        }
        for (block, offset) in blocks.iter().zip(offsets) {
            out.set_here(offset);
            for (_, text) in block {
                write_entry(&mut out, text);
            }
        }
        (out.into_bytes(), too_long)
    }
}

/// An entry: its size, the flag for UTF-16, and the text with a NUL, filled up to four bytes.
fn write_entry(out: &mut Out, text: &str) {
    let size = (4 + (text.encode_utf16().count() + 1) * 2).next_multiple_of(4);
    out.u16(u16::try_from(size).unwrap_or(u16::MAX));
    out.u16(1);
    out.utf16(text);
    out.u16(0);
    out.align(4);
}

/// A manifest's text as an entry holds it.
fn entry(text: &str) -> Result<String, String> {
    let text = registered(text) + "\r\n";
    let bytes = text.encode_utf16().count() * 2 + 8;
    if bytes > LONGEST {
        Err(format!("its message takes {bytes} bytes; a message table holds {LONGEST}"))
    } else {
        Ok(text)
    }
}

/// A manifest's text as it is registered: a doubled percent sign becomes one, unless that one would then begin an escape.
fn registered(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("%%") {
        let (before, after) = rest.split_at(at);
        let after = &after[2..];
        out += before;
        out += if after.starts_with(|c: char| c == '%' || begins_escape(c)) { "%%" } else { "%" };
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_its_usual_number_or_another() {
        let mut messages = Messages::default();
        let mut add =
            |text: &str, provider, wanted| messages.add(Some(&text.to_owned()), Owner::Event, provider, wanted);
        assert_eq!(
            (add("a", 0, 7), add("b", 0, 7), add("c", 0, 9)),
            (Ok(0xB000_0007), Ok(0xB000_0008), Ok(0xB000_0009))
        );
        assert_eq!((add("b", 0, 20), add("d", 16, 7)), (Ok(0xB000_0008), Ok(0xB000_000A)));
        assert_eq!(messages.add(None, Owner::Event, 0, 1), Ok(NONE));
        assert!(messages.add(Some(&"x".repeat(40_000)), Owner::Event, 0, 1).is_err());
    }

    #[test]
    fn percent_signs_are_registered_single() {
        assert_eq!(registered("100%% of %%5 and %1%n"), "100% of %%5 and %1%n");
        assert_eq!(registered("%%SystemRoot%%"), "%SystemRoot%");
        assert_eq!(registered("100%%. %%brown"), "100%%. %%brown");
        assert_eq!(registered("100%%%5 %%n"), "100%%%5 %%n");
    }
}
