//! The binary XML of a template with `<UserData>`: the elements that its author wrote, with the fields in their places. The
//! event log puts it inside of an element `UserData` itself.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::binxml::{
    ATTRIBUTE, CLOSE_START_TAG, END_ELEMENT, END_OF_FILE, FRAGMENT, OPEN, OPEN_WITH_ATTRIBUTES, STRING, SUBSTITUTION,
    VALUE, name, value_type,
};
use super::out::{Later, Out};
use crate::model::Field;
use crate::source::man::reference;

/// The flag of an attribute that others follow.
const MORE: u8 = 0x40;

/// An element whose end tag was not seen yet: the place of its size, and where the counted bytes begin.
struct Open {
    size: Later,
    start: usize,
    is_empty: bool,
}

struct UserDataWriter<'w> {
    out: &'w mut Out,
    fields: &'w [Field],
    open: Vec<Open>,
    /// Text that is not written yet.
    text: String,
    roots: usize,
}

/// Writes the body of a template, filled up to four bytes. `xml` holds one element, and `%1` in it is the first field.
///
/// # Errors
/// It is no such XML, or has an insert that is no field's.
pub(super) fn write(out: &mut Out, xml: &str, fields: &[Field]) -> Result<(), String> {
    out.bytes(&FRAGMENT);
    let mut writer = UserDataWriter { out, fields, open: Vec::new(), text: String::new(), roots: 0 };
    let mut reader = Reader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(tag) => writer.start(&tag)?,
            Event::End(_) => writer.end()?,
            Event::Text(text) => writer.text += &text.xml10_content(),
            Event::CData(text) => writer.text += &text.xml10_content(),
            Event::GeneralRef(entity) => {
                let c = reference(&entity).ok_or_else(|| format!("`&{};` is not defined", &*entity))?;
                writer.text.push(c);
            }
            Event::Eof => break,
            Event::Empty(_) | Event::Comment(_) | Event::PI(_) | Event::Decl(_) | Event::DocType(_) => {}
        }
    }
    writer.flush()?;
    if writer.roots != 1 || !writer.open.is_empty() {
        return Err(format!("it holds {} elements; expected one", writer.roots));
    }
    out.u8(END_OF_FILE);
    out.align(4);
    Ok(())
}

impl UserDataWriter<'_> {
    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), String> {
        self.flush()?;
        self.begin_content();
        self.roots += usize::from(self.open.is_empty());
        let mut attributes = Vec::new();
        for attribute in tag.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| error.to_string())?;
            attributes.push((attribute.key.into_inner().to_owned(), unescape(&attribute.value)?));
        }
        self.out.u8(if attributes.is_empty() { OPEN } else { OPEN_WITH_ATTRIBUTES });
        self.out.u16(0xFFFF);
        let size = self.out.later();
        let start = self.out.len();
        self.name(tag.name().into_inner())?;
        if !attributes.is_empty() {
            let size = self.out.later();
            let start = self.out.len();
            let last = attributes.len() - 1;
            for (number, (key, value)) in attributes.iter().enumerate() {
                self.out.u8(if number < last { ATTRIBUTE | MORE } else { ATTRIBUTE });
                self.name(key)?;
                self.content(value)?;
            }
            self.out.set(size, self.out.len() - start);
        }
        self.open.push(Open { size, start, is_empty: true });
        Ok(())
    }

    fn end(&mut self) -> Result<(), String> {
        self.flush()?;
        self.begin_content();
        self.out.u8(END_ELEMENT);
        if let Some(Open { size, start, .. }) = self.open.pop() {
            self.out.set(size, self.out.len() - start);
        }
        Ok(())
    }

    /// Ends the start tag of the innermost element, if nothing follows it yet.
    fn begin_content(&mut self) {
        if let Some(open) = self.open.last_mut().filter(|open| open.is_empty) {
            open.is_empty = false;
            self.out.u8(CLOSE_START_TAG);
        }
    }

    /// Writes the text that was read. What only parts elements is no text.
    fn flush(&mut self) -> Result<(), String> {
        let text = std::mem::take(&mut self.text);
        let text = text.trim();
        if text.is_empty() {
            return Ok(());
        }
        if self.open.is_empty() {
            return Err("it holds text outside of its element".to_owned());
        }
        self.begin_content();
        self.content(text)
    }

    /// Writes texts and, for `%1` and its like, the substitutions.
    fn content(&mut self, text: &str) -> Result<(), String> {
        let mut rest = text;
        let mut literal = String::new();
        while let Some(at) = rest.find('%') {
            literal += &rest[..at];
            let after = &rest[at + 1..];
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            match after[..digits].parse::<u16>() {
                Ok(number) => {
                    self.literal(&std::mem::take(&mut literal))?;
                    self.substitution(number)?;
                }
                Err(_) => literal.push('%'),
            }
            rest = &after[digits..];
        }
        self.literal(&(literal + rest))
    }

    fn literal(&mut self, text: &str) -> Result<(), String> {
        if text.is_empty() {
            return Ok(());
        }
        let units = u16::try_from(text.encode_utf16().count()).map_err(|_| "a text in it is too long")?;
        self.out.u8(VALUE);
        self.out.u8(STRING);
        self.out.u16(units);
        self.out.utf16(text);
        Ok(())
    }

    fn substitution(&mut self, number: u16) -> Result<(), String> {
        let index = number.checked_sub(1);
        let field = index.and_then(|index| self.fields.get(usize::from(index)));
        let (Some(index), Some(field)) = (index, field) else {
            return Err(format!("%{number} in it is none of the {} fields", self.fields.len()));
        };
        self.out.u8(SUBSTITUTION);
        self.out.u16(index);
        self.out.u8(value_type(field));
        Ok(())
    }

    fn name(&mut self, text: &str) -> Result<(), String> {
        if text.encode_utf16().count() > usize::from(u16::MAX) {
            return Err("a name in it is too long".to_owned());
        }
        name(self.out, text);
        Ok(())
    }
}

/// The value of an attribute with its references resolved.
fn unescape(raw: &str) -> Result<String, String> {
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        value += &rest[..at];
        let (entity, after) = rest[at + 1..].split_once(';').ok_or("`&` begins no reference in it")?;
        value.push(reference(entity).ok_or_else(|| format!("`&{entity};` is not defined"))?);
        rest = after;
    }
    Ok(value + rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::InType;

    fn compiled(xml: &str) -> Result<Vec<u8>, String> {
        let mut out = Out::default();
        let fields = [InType::UInt32, InType::UnicodeString].map(|in_type| Field { in_type, ..Field::default() });
        write(&mut out, xml, &fields).map(|()| out.into_bytes())
    }

    #[test]
    fn elements_texts_and_fields_stand_as_written() {
        let bytes = compiled("<A x='1' y='%2'>\n  <B>no. %1</B><C/>\n</A>").unwrap();
        let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        // The fragment: an element with two attributes.
        assert_eq!(bytes[..7], [0x0F, 1, 1, 0, 0x41, 0xFF, 0xFF]);
        let has = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
        assert!(has(&[0x46]) && has(&[&[0x05, 0x01, 1, 0][..], &utf16("1")].concat()));
        assert!(has(&[0x0D, 1, 0, InType::UnicodeString.value(), 0x02]), "%2 ends the attributes");
        let text = [&[0x05, 0x01, 4, 0][..], &utf16("no. "), &[0x0D, 0, 0, InType::UInt32.value(), 0x04]].concat();
        assert!(has(&text), "a text, the first field, the end of B");
        assert_eq!(bytes.len() % 4, 0);
    }

    #[test]
    fn what_is_no_element_with_fields_is_refused() {
        for (xml, expected) in [
            ("<A>%3</A>", "%3 in it is none of the 2 fields"),
            ("<A>%0</A>", "%0 in it is none"),
            ("<A/><B/>", "it holds 2 elements"),
            ("text", "text outside"),
            ("<A>&nbsp;</A>", "`&nbsp;` is not defined"),
            ("<A>", ""),
        ] {
            let problem = compiled(xml).unwrap_err();
            assert!(problem.contains(expected), "{xml}: {problem}");
        }
    }
}
