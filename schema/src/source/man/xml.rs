//! The cursor over the XML: elements one after another, each with its line, its attributes and what its prefixes
//! mean. Malformed XML ends here; the parsers above see no more elements and never loop.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use quick_xml::Reader;
use quick_xml::errors::{Error, IllFormedError};
use quick_xml::events::attributes::AttrError;
use quick_xml::events::{BytesDecl, BytesStart, Event};

use super::Dialect;
use super::encoding::{self, Decoded, Encoding, line_breaks};
use super::scope::{Namespace, PROVENANCE_PREFIX, Scopes};
use super::value::{clip, reference};
use crate::diagnostic::{Diagnostics, Severity};
use crate::model::Place;

/// A start tag.
pub(in crate::source) struct Element {
    /// The name without its prefix.
    pub(in crate::source) name: String,
    /// How a diagnostic points at it: `<data>`, or better once its name is known.
    pub(in crate::source) what: String,
    /// The line of the start tag.
    pub(in crate::source) at: Place,
    /// Whether its attributes contradict one another or could not all be read.
    pub(in crate::source) broken: bool,
    /// The attributes not yet taken.
    attributes: Vec<(String, String)>,
    /// The number of open elements, this one included.
    depth: usize,
}

impl Element {
    /// Takes an attribute. Attributes that are not taken are reported as unknown.
    pub(in crate::source) fn take(&mut self, name: &str) -> Option<String> {
        let position = self.attributes.iter().position(|(key, _)| key == name)?;
        Some(self.attributes.remove(position).1)
    }

    /// Whether an attribute is there and not yet taken.
    pub(in crate::source) fn has(&self, name: &str) -> bool {
        self.attributes.iter().any(|(key, _)| key == name)
    }

    /// Takes plain text; an empty one counts as absent.
    pub(in crate::source) fn text(&mut self, name: &str) -> Option<String> {
        self.take(name).filter(|text| !text.is_empty())
    }

    /// Takes attributes that the schema allows but that say nothing about events.
    pub(in crate::source) fn discard(&mut self, names: &[&str]) {
        self.attributes.retain(|(key, _)| !names.contains(&key.as_str()));
    }
}

/// What the file holds next.
enum Token<'i> {
    Start(BytesStart<'i>, Place),
    End,
    Text(String),
    /// A reference that was reported, unchanged.
    BadReference(String),
}

/// An element whose end tag was not seen yet.
struct Open {
    name: String,
    line: u32,
}

/// Reads a file from start to end, once.
pub(in crate::source) struct Cursor<'i> {
    text: &'i str,
    encoding: Encoding,
    cut: bool,
    reader: Reader<&'i [u8]>,
    file: Arc<str>,
    open: Vec<Open>,
    scopes: Scopes,
    /// The bytes whose line breaks [`Cursor::line`] counts.
    counted: usize,
    line: u32,
    /// Whether the text is only a part of the file, so that its bytes are not counted from the file's start.
    is_part: bool,
    failed: bool,
    noted: HashSet<String>,
    dialect: Dialect,
    found: Diagnostics,
}

impl<'i> Cursor<'i> {
    pub(in crate::source) fn new(
        file: &Arc<str>,
        decoded: &'i Decoded<'_>,
        dialect: Dialect,
        found: Diagnostics,
    ) -> Self {
        let mut reader = Reader::from_str(&decoded.text);
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.check_comments = true;
        let mut cursor = Self {
            text: &decoded.text,
            encoding: decoded.encoding,
            cut: decoded.cut,
            reader,
            file: Arc::clone(file),
            open: Vec::new(),
            scopes: Scopes::default(),
            counted: 0,
            line: 1,
            is_part: false,
            failed: false,
            noted: HashSet::new(),
            dialect,
            found,
        };
        cursor.check_characters();
        cursor
    }

    /// What was found so far, to add to it.
    pub(in crate::source) fn found_mut(&mut self) -> &mut Diagnostics {
        &mut self.found
    }

    /// What was found.
    pub(in crate::source) fn into_found(self) -> Diagnostics {
        self.found
    }

    /// The same cursor over a text whose first line is that one of the file.
    pub(in crate::source) fn at_line(mut self, line: u32) -> Self {
        self.line = line;
        self.is_part = true;
        self
    }

    /// Whether the XML was malformed, so that open elements are incomplete.
    pub(in crate::source) fn failed(&self) -> bool {
        self.failed
    }

    /// The same cursor over a text whose bytes are not those of the file, but whose lines are.
    pub(in crate::source) fn without_spans(mut self) -> Self {
        self.is_part = true;
        self
    }

    /// Who wrote the file.
    pub(in crate::source) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Whether a tool wrote the file out of a registered manifest.
    pub(in crate::source) fn is_dump(&self) -> bool {
        self.dialect == Dialect::Registered
    }

    /// Reports what a person got wrong, and only notes what the tool always writes so.
    pub(in crate::source) fn error_unless_dump(&mut self, element: &Element, message: impl Into<String>) {
        if self.is_dump() {
            self.found.note(&element.at, element.what.clone(), message);
        } else {
            self.error(element, message);
        }
    }

    /// The file's name.
    pub(in crate::source) fn file(&self) -> &Arc<str> {
        &self.file
    }

    /// The bytes of the text.
    pub(in crate::source) fn text_size(&self) -> usize {
        self.text.len()
    }

    /// The prefixes in force.
    pub(in crate::source) fn scopes(&self) -> &Scopes {
        &self.scopes
    }

    pub(in crate::source) fn error(&mut self, element: &Element, message: impl Into<String>) {
        self.found.error(&element.at, element.what.clone(), message);
    }

    /// An error in an attribute, at its place.
    pub(in crate::source) fn attribute_error(
        &mut self,
        element: &Element,
        attribute: &str,
        message: impl Into<String>,
    ) {
        self.found.error(&self.place_of(element, attribute), element.what.clone(), message);
    }

    /// A warning about an attribute, at its place.
    pub(in crate::source) fn attribute_warning(
        &mut self,
        element: &Element,
        attribute: &str,
        message: impl Into<String>,
    ) {
        self.found.warning(&self.place_of(element, attribute), element.what.clone(), message);
    }

    /// The place of an attribute; that of the start tag where it is not found, as in one longer than any of a person's.
    pub(in crate::source) fn place_of(&self, element: &Element, attribute: &str) -> Place {
        let found = || {
            let span = element.at.span.as_ref()?;
            let start = usize::try_from(span.start).ok()?;
            let tag = self.text.get(start..usize::try_from(span.end).ok()?)?;
            let within = find_attribute(Some(tag).filter(|tag| tag.len() <= LONGEST_TAG)?, attribute)?;
            let line = element.at.line.saturating_add(line_breaks(&tag[..within.start]));
            Some(Place::new(&self.file, line).spanning(start + within.start..start + within.end))
        };
        found().unwrap_or_else(|| element.at.clone())
    }

    pub(in crate::source) fn warning(&mut self, element: &Element, message: impl Into<String>) {
        self.found.warning(&element.at, element.what.clone(), message);
    }

    /// The root element, which is to have one of these names. `None`, and an error, where it has not.
    pub(in crate::source) fn root_named(&mut self, names: &[&str]) -> Option<Element> {
        let name = names.first().copied().unwrap_or_default();
        loop {
            match self.advance() {
                Some(Token::Start(tag, at)) => {
                    let element = self.enter(&tag, at);
                    let namespace = self.namespace(&tag);
                    if names.contains(&element.name.as_str())
                        && matches!(namespace, Some(Namespace::Events | Namespace::None))
                    {
                        return Some(element);
                    }
                    let expected = format!("expected <{name}> of the namespace of Windows events");
                    self.error(&element, format!("is not the root of a manifest; {expected}"));
                    return None;
                }
                Some(Token::Text(text)) if !is_blank(&text) => {
                    let at = Place::new(&self.file, self.line_of(&text));
                    self.found.error(&at, "XML", "text before the root element");
                }
                Some(_) => {}
                None => {
                    if !self.failed && !self.cut {
                        self.fail(self.line, format!("there is no root element; expected <{name}>"));
                    }
                    self.failed = true;
                    return None;
                }
            }
        }
    }

    /// The next child element of `parent`, whose start tag was returned before. What is left of the child before it
    /// is skipped. `None` at the parent's end tag.
    pub(in crate::source) fn child(&mut self, parent: &Element) -> Option<Element> {
        while !self.failed && self.open.len() >= parent.depth {
            match self.advance()? {
                Token::Start(tag, at) if self.open.len() == parent.depth + 1 => {
                    let element = self.enter(&tag, at);
                    match self.namespace(&tag) {
                        Some(Namespace::Events | Namespace::None) => return Some(element),
                        Some(_) if element.name == "counters" => {
                            self.note_ignored(&element, "declares performance counters and no events");
                        }
                        Some(_) => self.note_ignored(&element, "belongs to another namespace"),
                        None => self.error(&element, "has a prefix that is bound to no namespace; it is skipped"),
                    }
                }
                // PerfView closes a task's start tag twice.
                Token::Text(text) if self.is_dump() && text.trim() == ">" => {}
                Token::Text(text) if self.open.len() == parent.depth && !is_blank(&text) => {
                    self.warning(parent, format!("holds the text `{}`; expected elements only", clip(text.trim())));
                }
                _ => {}
            }
        }
        None
    }

    /// The text of an element, all its pieces joined, up to its end tag.
    pub(in crate::source) fn text_of(&mut self, element: &Element) -> String {
        let mut joined = String::new();
        while !self.failed && self.open.len() >= element.depth {
            match self.advance() {
                Some(Token::Text(text) | Token::BadReference(text)) if self.open.len() == element.depth => {
                    joined.push_str(&text);
                }
                Some(Token::Start(tag, at)) if self.open.len() == element.depth + 1 => {
                    let child = self.enter(&tag, at);
                    self.unknown(&child, element);
                }
                Some(_) => {}
                None => break,
            }
        }
        joined
    }

    /// The XML inside of an element, unchanged, up to its end tag.
    pub(in crate::source) fn xml_inside(&mut self, element: &Element) -> &'i str {
        let position = |this: &Self| usize::try_from(this.reader.buffer_position()).unwrap_or(usize::MAX);
        let start = position(self);
        let mut end = start;
        while !self.failed && self.open.len() >= element.depth {
            end = position(self);
            if self.advance().is_none() {
                break;
            }
        }
        self.text.get(start..end).unwrap_or_default()
    }

    /// Reads to the end of the file. Nothing else may follow.
    pub(in crate::source) fn finish(&mut self) {
        let mut told = false;
        while let Some(token) = self.advance() {
            let (what, line) = match token {
                Token::Start(_, at) if self.open.len() == 1 => ("an element", at.line),
                Token::Text(text) if self.open.is_empty() && !is_blank(&text) => ("text", self.line_of(&text)),
                _ => continue,
            };
            if !told {
                told = true;
                let message = format!("{what} after the root element; expected the end of the file");
                self.found.error(&Place::new(&self.file, line), "XML", message);
            }
        }
    }

    /// Reads a list that holds one kind of element.
    pub(super) fn each(&mut self, list: &Element, tag: &str, mut parse: impl FnMut(&mut Self, Element)) {
        self.check_attributes(list);
        while let Some(item) = self.child(list) {
            if item.name == tag { parse(self, item) } else { self.unknown(&item, list) }
        }
    }

    /// Reads to the end of an element that holds no others.
    pub(super) fn close(&mut self, element: &Element) {
        self.check_attributes(element);
        while let Some(child) = self.child(element) {
            self.unknown(&child, element);
        }
    }

    /// Reports an element that the schema does not have.
    pub(in crate::source) fn unknown(&mut self, element: &Element, parent: &Element) {
        let message = format!("is unknown inside <{}>; it is skipped", clip(&parent.name));
        self.warning(element, message);
    }

    /// Says once for each kind of element that it is not read.
    pub(in crate::source) fn note_ignored(&mut self, element: &Element, why: &str) {
        if self.noted.insert(element.name.clone()) {
            self.found.note(&element.at, element.what.clone(), format!("{why}; elements of this kind are not read"));
        }
    }

    /// Reports attributes that were not taken.
    pub(in crate::source) fn check_attributes(&mut self, element: &Element) {
        for (name, _) in &element.attributes {
            self.found.warning(
                &self.place_of(element, name),
                element.what.clone(),
                format!("unknown attribute `{}`; it is ignored", clip(name)),
            );
        }
    }

    /// Reports attributes that were not taken, of an element whose attributes lay out a payload: one that is misspelt would be
    /// missing. False where there is one, or where the attributes contradict one another.
    pub(in crate::source) fn knows_attributes(&mut self, element: &Element) -> bool {
        for (name, _) in &element.attributes {
            let message = format!("unknown attribute `{}`; what it is meant to change is not known", clip(name));
            self.attribute_error(element, name, message);
        }
        element.attributes.is_empty() && !element.broken
    }

    fn enter(&mut self, tag: &BytesStart<'i>, at: Place) -> Element {
        let name = tag.name();
        let name = name.as_ref();
        let depth = self.open.len();
        let local = name.split_once(':').map_or(name, |(_, local)| local);
        let mut element = Element {
            name: local.to_owned(),
            what: format!("<{}>", clip(name)),
            at,
            broken: false,
            attributes: Vec::new(),
            depth,
        };
        if !local.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            self.error(&element, "the tag has no proper name");
            return element;
        }
        self.read_attributes(tag, &mut element);
        element
    }

    fn namespace(&self, tag: &BytesStart<'i>) -> Option<Namespace> {
        match tag.name().as_ref().split_once(':') {
            Some((prefix, _)) => self.scopes.find(prefix).cloned(),
            None => Some(self.scopes.find("").cloned().unwrap_or(Namespace::None)),
        }
    }

    fn read_attributes(&mut self, tag: &BytesStart<'i>, element: &mut Element) {
        let mut seen = HashSet::new();
        // The reader's own check for duplicates can be made quadratic.
        for attribute in tag.attributes().with_checks(false) {
            let attribute = match attribute {
                Ok(attribute) => attribute,
                Err(error) => {
                    let wrong = match error {
                        AttrError::ExpectedEq(_) => "an attribute has no `=`",
                        AttrError::UnquotedValue(_) => "the value of an attribute is not quoted",
                        _ => "an attribute has no value",
                    };
                    self.error(element, format!("{wrong}; expected name=\"value\", and the rest is not read"));
                    element.broken = true;
                    return;
                }
            };
            let name = attribute.key.into_inner();
            if !seen.insert(name) {
                self.error(element, format!("duplicate attribute `{}`; the first value is used", clip(name)));
                element.broken = true;
                continue;
            }
            let value = self.attribute_value(element, name, &attribute.value);
            match name.split_once(':') {
                Some(("xmlns", prefix)) => self.scopes.bind(element.depth, prefix, &value),
                Some((prefix, local)) if self.scopes.find(prefix) == Some(&Namespace::Provenance) => {
                    element.attributes.push((format!("{PROVENANCE_PREFIX}{local}"), value));
                }
                // Attributes of other namespaces (`xsi:schemaLocation`, `xml:space`) are allowed everywhere.
                Some(_) => {}
                None if name == "xmlns" => self.scopes.bind(element.depth, "", &value),
                None => element.attributes.push((name.to_owned(), value)),
            }
        }
    }

    /// The value as XML wants it seen: references resolved, white space characters turned into blanks.
    fn attribute_value(&mut self, element: &Element, name: &str, raw: &str) -> String {
        const SPECIAL: [char; 5] = ['&', '<', '\n', '\r', '\t'];
        if !SPECIAL.iter().any(|&c| raw.contains(c)) {
            return raw.to_owned();
        }
        let mut value = String::with_capacity(raw.len());
        let mut rest = raw;
        while let Some(at) = rest.find(SPECIAL) {
            value.push_str(&rest[..at]);
            let special = &rest[at..];
            let mut length = 1;
            if special.starts_with("\r\n") {
                value.push(' ');
                length = 2;
            } else if special.starts_with('<') {
                self.error_unless_dump(element, format!("the attribute `{}` holds `<`; expected `&lt;`", clip(name)));
                value.push('<');
            } else if let Some(body) = special.strip_prefix('&') {
                // No reference is longer than a name; a search to the end of the value for each `&` would be
                // quadratic.
                let end = body.find([';', '&', ' ', '<', '\n', '\r', '\t']);
                let entity = end.filter(|&end| body[end..].starts_with(';')).map(|end| &body[..end]);
                if let Some(c) = entity.and_then(reference) {
                    value.push(c);
                    length = entity.map_or(1, |e| e.len() + 2);
                } else {
                    self.bad_reference(&element.at.clone(), element.what.clone(), entity);
                    value.push('&');
                }
            } else {
                value.push(' ');
            }
            rest = &special[length..];
        }
        value.push_str(rest);
        value
    }

    fn bad_reference(&mut self, at: &Place, what: String, entity: Option<&str>) {
        let message = match entity {
            Some(entity) => format!(
                "`&{};` is not defined; expected one of &lt; &gt; &amp; &apos; &quot; or a character reference",
                clip(entity)
            ),
            None => "`&` begins no reference; expected `&amp;`".to_owned(),
        };
        self.found.error(at, what, message);
    }

    /// The next start tag, end tag or piece of text. `None` at the end of the file or of what can be read of it.
    fn advance(&mut self) -> Option<Token<'i>> {
        while !self.failed {
            let start = usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX);
            self.count_lines(start);
            match self.reader.read_event() {
                Ok(Event::Start(tag)) => {
                    self.open.push(Open { name: tag.name().into_inner().to_owned(), line: self.line });
                    let end = usize::try_from(self.reader.buffer_position()).unwrap_or(start);
                    let line = Place::new(&self.file, self.line);
                    return Some(Token::Start(tag, if self.is_part { line } else { line.spanning(start..end) }));
                }
                Ok(Event::End(_)) => {
                    self.scopes.leave(self.open.len());
                    self.open.pop();
                    return Some(Token::End);
                }
                Ok(Event::Text(text)) => return Some(Token::Text(text.xml10_content().into_owned())),
                Ok(Event::CData(text)) => return Some(Token::Text(text.xml10_content().into_owned())),
                Ok(Event::GeneralRef(entity)) => {
                    if let Some(c) = reference(&entity) {
                        return Some(Token::Text(c.to_string()));
                    }
                    self.bad_reference(&Place::new(&self.file, self.line), self.innermost(), Some(&entity));
                    return Some(Token::BadReference(format!("&{};", &*entity)));
                }
                Ok(Event::Decl(declaration)) => self.check_declaration(&declaration, start),
                Ok(Event::DocType(_)) => {
                    let message = "a DOCTYPE is not read, and no entity that it defines is expanded";
                    self.found.error(&Place::new(&self.file, self.line), "DOCTYPE", message);
                }
                // Empty tags arrive as start and end.
                Ok(Event::Empty(_) | Event::Comment(_) | Event::PI(_)) => {}
                Ok(Event::Eof) => {
                    self.check_end();
                    return None;
                }
                Err(error) => self.malformed(&error),
            }
        }
        None
    }

    fn check_declaration(&mut self, declaration: &BytesDecl<'i>, start: usize) {
        let at = Place::new(&self.file, self.line);
        if start != 0 {
            self.found.error(&at, "<?xml?>", "the XML declaration is not at the start of the file");
        }
        if let Some(Ok(declared)) = declaration.encoding() {
            match encoding::check_declared(&declared, self.encoding, self.text, self.cut) {
                Some((Severity::Error, message)) => self.found.error(&at, "<?xml?>", message),
                Some((_, message)) => self.found.warning(&at, "<?xml?>", message),
                None => {}
            }
        }
    }

    fn check_end(&mut self) {
        if let Some(open) = self.open.last() {
            let message = format!("the file ends inside <{}>, which line {} opens", clip(&open.name), open.line);
            self.fail(self.line, message);
        }
    }

    fn malformed(&mut self, error: &Error) {
        let position = usize::try_from(self.reader.error_position()).unwrap_or(usize::MAX);
        self.count_lines(position);
        let line = self.line;
        match error {
            Error::IllFormed(IllFormedError::MismatchedEndTag { expected, found }) => {
                let opened = self.open.last().map_or(0, |open| open.line);
                let expected = clip(expected);
                let found = clip(found);
                self.fail(line, format!("</{found}> does not match <{expected}>, which line {opened} opens"));
            }
            Error::IllFormed(IllFormedError::UnmatchedEndTag(name)) => {
                self.fail(line, format!("unmatched closing tag `</{}>`", clip(name)));
            }
            // These two the reader steps over.
            Error::IllFormed(IllFormedError::DoubleHyphenInComment) => {
                self.found.error(&Place::new(&self.file, line), "comment", "`--` inside a comment");
            }
            Error::IllFormed(IllFormedError::UnclosedReference) => {
                self.bad_reference(&Place::new(&self.file, line), self.innermost(), None);
            }
            other => self.fail(line, other.to_string()),
        }
    }

    /// Ends the reading. Where the file could not be decoded to its end, the reason was reported already.
    fn fail(&mut self, line: u32, message: impl Into<String>) {
        if !self.cut {
            self.found.error(&Place::new(&self.file, line), "XML", message);
        }
        self.failed = true;
    }

    /// The line of the first thing to be seen of a text that was just read.
    fn line_of(&self, text: &str) -> u32 {
        let blank = text.len() - text.trim_start().len();
        self.line.saturating_add(line_breaks(&text[..blank]))
    }

    fn innermost(&self) -> String {
        self.open.last().map_or_else(|| "XML".to_owned(), |open| format!("<{}>", clip(&open.name)))
    }

    /// Brings [`Cursor::line`] up to a position, which never lies before the last one.
    fn count_lines(&mut self, position: usize) {
        let position = position.min(self.text.len());
        if let Some(passed) = self.text.get(self.counted..position) {
            self.line = self.line.saturating_add(line_breaks(passed));
            self.counted = position;
        }
    }

    fn check_characters(&mut self) {
        let control = self.text.bytes().position(|b| b < b' ' && !matches!(b, b'\t' | b'\n' | b'\r'));
        let first = [control, self.text.find('\u{FFFE}'), self.text.find('\u{FFFF}')].into_iter().flatten().min();
        if let Some(at) = first {
            let c = self.text[at..].chars().next().unwrap_or_default();
            let line = line_breaks(&self.text[..at]).saturating_add(1);
            let message = format!("holds the character U+{:04X}, which XML does not allow", u32::from(c));
            self.found.error(&Place::new(&self.file, line), "XML", message);
        }
    }
}

/// The longest start tag in which an attribute is looked for: a mistake in each of many attributes takes a look at all.
const LONGEST_TAG: usize = 4096;

/// The place of an attribute in a start tag: its name, the equals sign and the quoted value.
fn find_attribute(tag: &str, wanted: &str) -> Option<Range<usize>> {
    let mut rest = tag.split_once(|c: char| c.is_ascii_whitespace())?.1;
    loop {
        rest = rest.trim_ascii_start();
        let start = tag.len() - rest.len();
        let (name, after) = rest.split_once('=')?;
        let value = after.trim_ascii_start();
        let mark = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (_, after) = value[1..].split_once(mark)?;
        if name.trim_ascii_end() == wanted {
            return Some(start..tag.len() - after.len());
        }
        rest = after;
    }
}

fn is_blank(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_whitespace())
}
