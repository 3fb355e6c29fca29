//! Typed attributes: each is taken from its element, read, and reported where it is missing or makes no sense.

use std::fmt::Display;

use super::PLACEHOLDER;
use super::scope::PROVENANCE_PREFIX;
use super::value::{self, BadNumber, clip};
use super::xml::{Cursor, Element};
use crate::model::{Guid, Size};

/// The longest name, in bytes. Real ones are far shorter; without a bound, a name that many items repeat (a task's in
/// each of its opcodes) would let the memory grow with the square of the file.
const LONGEST_NAME: usize = 1024;

impl Cursor<'_> {
    /// An attribute that must be there and hold something.
    pub(super) fn required(&mut self, element: &mut Element, attribute: &str) -> Option<String> {
        match element.take(attribute) {
            Some(value) if !value.trim().is_empty() => return Some(value),
            Some(_) => self.attribute_error(element, attribute, format!("the attribute `{attribute}` is empty")),
            None => self.error(element, format!("the attribute `{attribute}` is missing")),
        }
        None
    }

    /// A name that other items may refer to.
    pub(super) fn required_name(&mut self, element: &mut Element, attribute: &str) -> Option<String> {
        let name = self.required(element, attribute)?;
        self.checked_name(element, attribute, &name)
    }

    /// The name of an item of a kind that has predefined ones, in canonical form.
    pub(super) fn required_item(&mut self, element: &mut Element, attribute: &str) -> Option<String> {
        self.required_name(element, attribute).map(|name| self.scopes().item_name(&name))
    }

    /// A reference to such an item.
    pub(super) fn item(&mut self, element: &mut Element, attribute: &str) -> Option<String> {
        self.name(element, attribute).map(|name| self.scopes().item_name(&name))
    }

    /// A C symbol; an empty one counts as absent.
    pub(super) fn symbol(&mut self, element: &mut Element) -> Option<String> {
        let symbol = element.text("symbol")?;
        self.checked_name(element, "symbol", &symbol)
    }

    /// A reference to a named item.
    pub(super) fn name(&mut self, element: &mut Element, attribute: &str) -> Option<String> {
        let name = element.take(attribute)?;
        self.checked_name(element, attribute, &name)
    }

    /// References to such items, separated by white space.
    pub(super) fn items(&mut self, element: &mut Element, attribute: &str) -> Vec<String> {
        let list = element.take(attribute).unwrap_or_default();
        let names = list.split_ascii_whitespace().filter_map(|name| self.checked_name(element, attribute, name));
        let names: Vec<String> = names.collect();
        names.iter().map(|name| self.scopes().item_name(name)).collect()
    }

    /// A number that must be there.
    pub(super) fn required_number<T: TryFrom<u64>>(
        &mut self,
        element: &mut Element,
        attribute: &str,
        max: u64,
    ) -> Option<T> {
        let text = self.required(element, attribute)?;
        self.checked_number(element, attribute, &text, max)
    }

    /// A number that may be absent (`Some(None)`); `None` where it is there and wrong.
    #[expect(clippy::option_option, reason = "absent and wrong are not the same")]
    pub(super) fn number<T: TryFrom<u64>>(
        &mut self,
        element: &mut Element,
        attribute: &str,
        max: u64,
    ) -> Option<Option<T>> {
        match element.take(attribute) {
            Some(text) => self.checked_number(element, attribute, &text, max).map(Some),
            None => Some(None),
        }
    }

    /// A boolean that may be absent.
    pub(super) fn boolean(&mut self, element: &mut Element, attribute: &str) -> Option<bool> {
        let text = element.take(attribute)?;
        let value = value::boolean(&text);
        if value.is_none() {
            let text = clip(&text);
            let expected = "expected true, false, 1 or 0";
            self.attribute_error(element, attribute, format!("{attribute}=\"{text}\" is not a boolean; {expected}"));
        }
        value
    }

    /// Whether the element's `value` is noted to be made up.
    pub(super) fn is_placeholder(&mut self, element: &mut Element) -> bool {
        let attribute = format!("{PROVENANCE_PREFIX}value");
        let Some(text) = element.take(&attribute) else { return false };
        let is_placeholder = text.trim() == PLACEHOLDER;
        if !is_placeholder {
            let text = clip(&text);
            let message = format!("{attribute}=\"{text}\" is unknown; expected {PLACEHOLDER}");
            self.attribute_error(element, "value", message);
        }
        is_placeholder
    }

    /// A GUID; `None` where it is malformed.
    pub(in crate::source) fn guid(&mut self, element: &mut Element, attribute: &str, text: &str) -> Option<Guid> {
        let guid = text.trim().parse().ok();
        if guid.is_none() {
            let text = clip(text);
            let expected = "expected {xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}, the braces optional";
            self.attribute_error(element, attribute, format!("{attribute}=\"{text}\" is not a GUID; {expected}"));
        }
        guid
    }

    /// One of a few words.
    pub(super) fn word<T: Copy + Display>(
        &mut self,
        element: &mut Element,
        attribute: &str,
        words: &[T],
        from_word: fn(&str) -> Option<T>,
    ) -> Option<T> {
        let text = element.take(attribute)?;
        let known = from_word(text.trim());
        if known.is_none() {
            let words: Vec<String> = words.iter().map(T::to_string).collect();
            let expected = words.join(", ");
            let message = format!("unknown {attribute} \"{}\"; expected one of {expected}", clip(&text));
            self.attribute_warning(element, attribute, message);
        }
        known
    }

    /// A length or count that may be absent (`Some(None)`); `None` where it is there and wrong.
    #[expect(clippy::option_option, reason = "absent and wrong are not the same")]
    pub(super) fn size(&mut self, element: &mut Element, attribute: &str) -> Option<Option<Size>> {
        let Some(mut text) = element.take(attribute) else { return Some(None) };
        if self.is_dump() {
            // The tool takes these characters out of the names of fields, and not out of what refers to them.
            text.retain(|c| c.is_ascii_alphanumeric() || c == '_');
        }
        match value::size(&text) {
            Ok(Size::Field(field)) if field.name().is_empty() => {
                self.attribute_error(
                    element,
                    attribute,
                    format!("the attribute `{attribute}` is empty; expected a number or a field's name"),
                );
                None
            }
            Ok(Size::Field(field)) if field.name().len() > LONGEST_NAME => {
                self.checked_name(element, attribute, field.name());
                None
            }
            Ok(size) => {
                if size == Size::Fixed(0) {
                    let message = format!("{attribute}=\"0\" makes the field empty");
                    self.attribute_warning(element, attribute, message);
                }
                Some(Some(size))
            }
            Err(_) => {
                self.bad_number(element, attribute, &text, u64::from(u16::MAX), BadNumber::OutOfRange);
                None
            }
        }
    }

    fn checked_name(&mut self, element: &Element, attribute: &str, name: &str) -> Option<String> {
        let name = name.trim();
        if name.is_empty() {
            return None;
        }
        if name.len() > LONGEST_NAME {
            let message = format!("{attribute}= holds {} bytes; expected a name of at most {LONGEST_NAME}", name.len());
            self.attribute_error(element, attribute, message);
            return None;
        }
        Some(name.to_owned())
    }

    fn checked_number<T: TryFrom<u64>>(
        &mut self,
        element: &Element,
        attribute: &str,
        text: &str,
        max: u64,
    ) -> Option<T> {
        match value::number(text, max) {
            Ok(n) => T::try_from(n).ok(),
            Err(why) => {
                self.bad_number(element, attribute, text, max, why);
                None
            }
        }
    }

    fn bad_number(&mut self, element: &Element, attribute: &str, text: &str, max: u64, why: BadNumber) {
        let why = match why {
            BadNumber::Malformed => "is not a number",
            BadNumber::OutOfRange => "is out of range",
        };
        let text = clip(text);
        let message = format!("{attribute}=\"{text}\" {why}; expected 0 to {max}, decimal or 0x hex");
        self.attribute_error(element, attribute, message);
    }
}
