//! The binary XML of a template with `<UserData>`, back to the XML that its author wrote: `%1` is the first field.

use super::bytes::{Bytes, utf16};
use super::man;

/// The flag of an element with attributes, and of an attribute that others follow.
const MORE: u8 = 0x40;

/// An element whose end was not seen yet.
struct Open {
    name: String,
    /// Whether its start tag is ended.
    is_ended: bool,
}

struct Reader<'b> {
    bytes: Bytes<'b>,
    at: usize,
    open: Vec<Open>,
    roots: usize,
    xml: String,
}

/// Reads the body of a template.
///
/// # Errors
/// What is wrong with it, or what in it XML with fields cannot say.
pub(super) fn read(body: &[u8]) -> Result<String, String> {
    let mut reader = Reader { bytes: Bytes(body), at: 4, open: Vec::new(), roots: 0, xml: String::new() };
    if reader.bytes.get(0, 4) != Some(&[0x0F, 1, 1, 0]) {
        return Err("it begins with no fragment".to_owned());
    }
    while reader.step()? {}
    match (reader.roots, reader.open.len()) {
        (1, 0) => Ok(reader.xml),
        (roots, open) => Err(format!("it holds {roots} elements, of which {open} do not end; expected one")),
    }
}

impl Reader<'_> {
    /// Reads a token; false at the end.
    fn step(&mut self) -> Result<bool, String> {
        let at = self.at;
        match self.u8()? {
            0x00 => return Ok(false),
            token @ (0x01 | 0x41) => self.start(token & MORE != 0)?,
            0x02 => self.end_start_tag(">")?,
            0x03 => {
                self.end_start_tag("/>")?;
                self.open.pop();
            }
            0x04 => self.end()?,
            0x05 => {
                let text = self.text()?;
                self.content(&text)?;
            }
            0x0D | 0x0E => {
                let insert = self.insert()?;
                self.content(&insert)?;
            }
            token => return Err(format!("its token {token:#04x} at {at:#x} is unknown")),
        }
        Ok(true)
    }

    fn start(&mut self, has_attributes: bool) -> Result<(), String> {
        if self.open.last().is_some_and(|open| !open.is_ended) {
            return Err("an element begins inside of a start tag".to_owned());
        }
        self.roots += usize::from(self.open.is_empty());
        self.skip(6)?;
        let name = self.name()?;
        self.xml.push('<');
        self.xml += &name;
        self.open.push(Open { name, is_ended: false });
        if has_attributes {
            self.skip(4)?;
            while matches!(self.bytes.u8(self.at), Some(0x06 | 0x46)) {
                self.at += 1;
                let name = self.name()?;
                let value = self.value()?;
                self.xml += &format!(" {name}=\"{value}\"");
            }
        }
        Ok(())
    }

    /// The texts and fields of an attribute.
    fn value(&mut self) -> Result<String, String> {
        let mut value = String::new();
        loop {
            match self.bytes.u8(self.at) {
                Some(0x05) => {
                    self.at += 1;
                    value += &self.text()?;
                }
                Some(0x0D | 0x0E) => {
                    self.at += 1;
                    value += &self.insert()?;
                }
                _ => return Ok(value),
            }
        }
    }

    fn end_start_tag(&mut self, end: &str) -> Result<(), String> {
        let open = self.open.last_mut().filter(|open| !open.is_ended).ok_or("a start tag ends that did not begin")?;
        open.is_ended = true;
        self.xml += end;
        Ok(())
    }

    fn end(&mut self) -> Result<(), String> {
        let open = self.open.pop().filter(|open| open.is_ended).ok_or("an element ends that did not begin")?;
        self.xml += &format!("</{}>", open.name);
        Ok(())
    }

    fn content(&mut self, text: &str) -> Result<(), String> {
        if !self.open.last().is_some_and(|open| open.is_ended) {
            return Err("it holds text outside of its element".to_owned());
        }
        self.xml += text;
        Ok(())
    }

    /// A text as it stands in XML.
    fn text(&mut self) -> Result<String, String> {
        let kind = self.u8()?;
        if kind != 0x01 {
            return Err(format!("a value in it has the type {kind:#04x}; expected a text"));
        }
        let units = usize::from(self.u16()?);
        let text = self.units(units)?;
        let is_insert = |pair: &[u8]| pair[0] == b'%' && pair[1].is_ascii_digit();
        if text.as_bytes().windows(2).any(is_insert) {
            return Err("a text in it looks like a field".to_owned());
        }
        if text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r')) {
            return Err("a text in it has a control character".to_owned());
        }
        Ok(man::escaped(&text))
    }

    fn insert(&mut self) -> Result<String, String> {
        let index = self.u16()?;
        self.skip(1)?;
        // A digit right after it would become part of its number.
        let next = self.bytes.u16(self.at + 4).filter(|_| self.bytes.u8(self.at) == Some(0x05));
        if next.is_some_and(|unit| (0x30..0x3A).contains(&unit)) {
            return Err("a text after a field begins with a digit".to_owned());
        }
        Ok(format!("%{}", u32::from(index) + 1))
    }

    /// A name: its hash, the number of its units, the units, a NUL.
    fn name(&mut self) -> Result<String, String> {
        self.skip(2)?;
        let units = usize::from(self.u16()?);
        let name = self.units(units)?;
        self.skip(2)?;
        let is_proper = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
        if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') || !name.chars().all(is_proper) {
            return Err("a name in it is none of XML".to_owned());
        }
        Ok(name)
    }

    fn units(&mut self, units: usize) -> Result<String, String> {
        let bytes = self.bytes.get(self.at, units * 2).ok_or_else(ends)?;
        self.at += units * 2;
        Ok(utf16(bytes))
    }

    fn u8(&mut self) -> Result<u8, String> {
        let value = self.bytes.u8(self.at).ok_or_else(ends)?;
        self.at += 1;
        Ok(value)
    }

    fn u16(&mut self) -> Result<u16, String> {
        let value = self.bytes.u16(self.at).ok_or_else(ends)?;
        self.at += 2;
        Ok(value)
    }

    fn skip(&mut self, bytes: usize) -> Result<(), String> {
        self.bytes.get(self.at, bytes).ok_or_else(ends)?;
        self.at += bytes;
        Ok(())
    }
}

fn ends() -> String {
    "it ends too soon".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_such_xml_is_refused() {
        for (body, expected) in [
            (&[][..], "begins with no fragment"),
            (&[0x0F, 1, 1, 0], "ends too soon"),
            (&[0x0F, 1, 1, 0, 0], "holds 0 elements"),
            (&[0x0F, 1, 1, 0, 2], "start tag ends"),
            (&[0x0F, 1, 1, 0, 4], "element ends"),
            (&[0x0F, 1, 1, 0, 9], "token 0x09 at 0x4"),
            (&[0x0F, 1, 1, 0, 0x0D, 0, 0, 1], "text outside"),
            (&[0x0F, 1, 1, 0, 0x0D, 0, 0, 1, 5, 1, 1, 0, b'0', 0], "begins with a digit"),
            (&[0x0F, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, b'<', 0, 0, 0], "a name in it"),
            (&[0x0F, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, b'A', 0, 0, 0, 2, 0], "1 do not end"),
        ] {
            let problem = read(body).unwrap_err();
            assert!(problem.contains(expected), "{body:?}: {problem}");
        }
    }
}
