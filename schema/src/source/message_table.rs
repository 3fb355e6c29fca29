//! The texts of binaries: what their RT_MESSAGETABLE resources hold, by message id.

use std::collections::BTreeMap;

use etw_runtime::status::MessageTable;

use crate::diagnostic::Diagnostics;
use crate::model::Place;

/// Message texts by id, and the file that each is from.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    texts: BTreeMap<u32, (String, Place)>,
    /// The language, where it is known.
    language: Option<u16>,
}

impl Texts {
    /// The text of a message.
    pub fn text(&self, id: u32) -> Option<&str> {
        self.texts.get(&id).map(|(text, _)| text.as_str())
    }

    /// The messages, by id, with the file that each is from.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &str, &Place)> {
        self.texts.iter().map(|(id, (text, at))| (*id, text.as_str(), at))
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
pub fn read(file: &str, resource: &[u8], found: &mut Diagnostics) -> Texts {
    let at = Place::file(file);
    let mut texts = Texts::default();
    let table = match MessageTable::parse(resource) {
        Ok(table) => table,
        Err(error) => {
            found.error(&at, "RT_MESSAGETABLE", error.to_string());
            return texts;
        }
    };
    for entry in table.entries() {
        match entry {
            Ok((id, text)) => drop(texts.texts.entry(id).or_insert_with(|| (text.to_string(), at.clone()))),
            Err(error) => found.error(&at, "RT_MESSAGETABLE", error.to_string()),
        }
    }
    texts
}
