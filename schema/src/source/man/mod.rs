//! Reads instrumentation manifests, the `.man` files that the compiler of message files (`mc.exe`) takes.
//!
//! The reader takes the manifests of any author, not only well-formed ones: whatever can be understood is returned,
//! and everything else is reported with its line. It never panics and never expands an entity, and both its time and
//! its memory grow with the size of the file only.
//!
//! Each `parse_x` owns the loop over the children of its element. What an element's own attributes cannot show
//! (references between items, duplicates, strings) is looked at when the file was read to its end.
//!
//! Choices where the schema or the compiler leave one:
//!
//! - A length or count that is a number is a number, even where a field has that number for a name.
//! - A template with an unreadable field is left out: the rest would be laid out wrongly.
//! - A length or count of a struct's member names a member of the same struct. Microsoft's page on structs speaks of names
//!   outside of a struct for the count of the struct itself only, and wants members to be integers. No public manifest or binary
//!   has such a member; one that names a field outside leaves its event out, with an error.
//! - Ids of strings compare with regard to case, as everywhere in XML; names of types without.
//! - `$(string.ID)` is replaced anywhere in a text. Other `$(…)` stay, with a note. Texts of the string
//!   table are taken as they are: `%n`, `%1` and `%%` are a later step's.
//! - A string's text may also be the content of its element; blanks around it are dropped then.
//! - `provenance:value="placeholder"` on a task, of the namespace `urn:etw-schema:provenance`, says that its number is made up.
//! - Other attributes of other namespaces are ignored; elements of other namespaces are ignored with a note.

mod attributes;
mod check;
mod dialect;
mod draft;
mod encoding;
mod event;
mod localization;
mod localized;
mod map;
mod provider;
mod scope;
mod template;
mod value;
mod write;
mod xml;

use std::sync::Arc;

/// What `provenance:value` says of a number that is made up.
const PLACEHOLDER: &str = "placeholder";

pub(super) use dialect::Dialect;
use draft::Draft;
pub(super) use encoding::{Decoded, decode};
use localization::{Culture, Texts, parse_localization};
pub use localized::{Localized, Translation, read_localized};
use provider::parse_provider;
pub(super) use template::parse_fields;
pub(super) use value::clip;
pub(crate) use value::reference;
pub(super) use write::escaped;
pub use write::write;
pub(super) use xml::{Cursor, Element};

use crate::diagnostic::Diagnostics;
use crate::model::{Manifest, Message, Place, Provider};

/// What the caller may choose.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// The culture whose texts to take; none: `en-US` if there, else the first.
    pub culture: Option<String>,
}

/// What a file declares, before references and texts are looked up.
#[derive(Default)]
struct Parts {
    drafts: Vec<Draft>,
    messages: Vec<Message>,
    cultures: Vec<Culture>,
}

/// The text of a file.
pub(super) fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    decode(&Arc::from(""), bytes, &mut Diagnostics::new()).text
}

/// Reads a whole `.man` file. Returns everything that could be understood, and every diagnostic, in the order of
/// the lines.
///
/// A reference to something unknown is reported as an error and stays as it is in the manifest.
pub fn read(file_name: &str, bytes: &[u8], options: &ReadOptions) -> (Manifest, Diagnostics) {
    let file: Arc<str> = Arc::from(file_name);
    let mut found = Diagnostics::new();
    let decoded = decode(&file, bytes, &mut found);
    let cursor = Cursor::new(&file, &decoded, Dialect::Written, found);
    parse(cursor).finish(options.culture.as_deref())
}

/// Reads all elements of a file.
pub(super) fn parse(mut cursor: Cursor<'_>) -> Parsed {
    let mut parts = Parts::default();
    if let Some(root) = cursor.root_named(&["instrumentationManifest", "assembly"]) {
        parse_root(&mut cursor, &root, &mut parts);
        cursor.finish();
    }
    // After malformed XML, a missing thing may be in the part that was not read.
    let complete = !cursor.failed();
    let at = Place::new(cursor.file(), 0);
    let size = cursor.text_size();
    let found = cursor.into_found();
    Parsed { parts, complete, leave_texts: false, size, at, found }
}

/// A file's elements, before references and texts are looked up.
pub(super) struct Parsed {
    parts: Parts,
    /// Whether the file was read to its end.
    complete: bool,
    /// Whether references to strings stay as they are.
    leave_texts: bool,
    /// The bytes of the text.
    size: usize,
    at: Place,
    pub(super) found: Diagnostics,
}

impl Parsed {
    /// The providers with what was found about the file.
    pub(super) fn providers_and_found(&mut self) -> (impl Iterator<Item = &mut Provider>, &mut Diagnostics) {
        (self.parts.drafts.iter_mut().map(|draft| &mut draft.provider), &mut self.found)
    }

    /// Looks up references and texts, these in the wanted culture, and reports what only the whole file shows.
    pub(super) fn finish(self, culture: Option<&str>) -> (Manifest, Diagnostics) {
        let Self { parts, complete, leave_texts, size, at, mut found } = self;
        let mut texts = Texts::choose(&parts.cultures, culture, &at, size, complete && !leave_texts, &mut found);
        let mut messages = parts.messages;
        for item in &mut messages {
            let value = item.value;
            texts.resolve(&mut item.message, &item.at, || format!("message {value:#x}"), &mut found);
        }
        let mut manifest = Manifest { providers: Vec::new(), messages };
        for mut draft in parts.drafts {
            check::check_duplicates(&mut draft, &mut found);
            if complete {
                check::check_references(&mut draft, &mut found);
            }
            resolve_texts(&mut draft.provider, &mut texts, &mut found);
            manifest.providers.push(draft.provider);
        }
        check::check_providers(&manifest.providers, &mut found);
        found.sort_by_line();
        (manifest, found)
    }
}

fn parse_root(cursor: &mut Cursor<'_>, root: &Element, parts: &mut Parts) {
    if root.name != "assembly" {
        cursor.check_attributes(root);
    }
    while let Some(part) = cursor.child(root) {
        match part.name.as_str() {
            "instrumentation" => parse_instrumentation(cursor, &part, parts),
            "localization" => parse_localization(cursor, &part, &mut parts.cultures),
            "metadata" => cursor.note_ignored(&part, "defines what Windows itself predefines"),
            // A manifest of a component also says how to install it.
            _ if root.name == "assembly" => {}
            _ => cursor.unknown(&part, root),
        }
    }
    if !cursor.failed() && parts.drafts.is_empty() && parts.messages.is_empty() {
        cursor.warning(root, "declares no provider");
    }
}

fn parse_instrumentation(cursor: &mut Cursor<'_>, element: &Element, parts: &mut Parts) {
    cursor.check_attributes(element);
    while let Some(part) = cursor.child(element) {
        match part.name.as_str() {
            "events" => parse_events(cursor, &part, parts),
            "counters" => cursor.note_ignored(&part, "declares performance counters and no events"),
            _ => cursor.unknown(&part, element),
        }
    }
}

fn parse_events(cursor: &mut Cursor<'_>, element: &Element, parts: &mut Parts) {
    cursor.check_attributes(element);
    while let Some(part) = cursor.child(element) {
        match part.name.as_str() {
            "provider" => parts.drafts.push(parse_provider(cursor, part)),
            "messageTable" => parse_messages(cursor, &part, &mut parts.messages),
            _ => cursor.unknown(&part, element),
        }
    }
}

/// `<messageTable>`: messages under numbers of their own.
fn parse_messages(cursor: &mut Cursor<'_>, list: &Element, messages: &mut Vec<Message>) {
    let message = "holds messages that belong to no event: they are compiled, and no provider shows them";
    cursor.found_mut().note(&list.at, list.what.clone(), message);
    cursor.check_attributes(list);
    while let Some(mut item) = cursor.child(list) {
        if item.name != "message" {
            cursor.unknown(&item, list);
            continue;
        }
        let value = cursor.required_number(&mut item, "value", u64::from(u32::MAX));
        let symbol = cursor.symbol(&mut item);
        let message = cursor.required(&mut item, "message");
        let at = item.at.clone();
        item.take("mid");
        cursor.close(&item);
        messages.extend(value.map(|value| Message { value, symbol, message, at }));
    }
}

/// Puts the strings where the texts of a provider refer to them.
fn resolve_texts(provider: &mut Provider, texts: &mut Texts<'_>, found: &mut Diagnostics) {
    provider.visit_texts(|text, at, owner| texts.resolve(text, at, || clip(&owner()), found));
}
