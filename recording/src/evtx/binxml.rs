//! Binary XML, as far as records need it: the name of each value of a template. It is not turned into XML.

use std::fmt;

use etw_runtime::{Guid, Utf16};

use crate::bytes::Bytes;

/// The most elements that a template may nest.
const DEPTH: usize = 32;
/// The most tokens of a template. Those of events have a few for each field, and an event has at most 128 fields.
const TOKENS: usize = 8192;
/// The most values of an instance, and the most leaves of a template.
const VALUES: usize = 2048;

/// What can be wrong with the contents of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BinXmlError {
    /// The bytes end too early.
    Ends,
    /// An unknown token, or one in the wrong position.
    Token(u8),
    /// Elements are nested too deeply.
    Depth,
    /// There are too many tokens, values or leaves.
    TooMany,
    /// A name is outside of the chunk.
    Name(u32),
    /// A template is outside of the chunk.
    Template(u32),
}

impl fmt::Display for BinXmlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ends => f.write_str("binary XML ends too soon"),
            Self::Token(token) => write!(f, "binary XML has token {token:#04x}; expected another"),
            Self::Depth => write!(f, "binary XML nests more than {DEPTH} elements"),
            Self::TooMany => write!(f, "binary XML has more than {TOKENS} tokens or {VALUES} values"),
            Self::Name(offset) => write!(f, "a name at {offset:#x}; expected one in the chunk"),
            Self::Template(offset) => write!(f, "a template at {offset:#x}; expected one in the chunk"),
        }
    }
}

/// The offset in the chunk, and what is wrong there.
pub(super) type Fault = (usize, BinXmlError);

/// UTF-16 text in a chunk: where it is, and how many bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Text {
    at: usize,
    length: usize,
}

impl Text {
    pub(super) fn of(self, chunk: &[u8]) -> Utf16<'_> {
        Bytes(chunk).get(self.at, self.length).and_then(Utf16::new).unwrap_or_default()
    }

    /// Whether it equals a name, which must be ASCII.
    pub(super) fn is(self, chunk: &[u8], name: &str) -> bool {
        let name = name.as_bytes();
        self.length == 2 * name.len()
            && Bytes(chunk).get(self.at, self.length).is_some_and(|bytes| {
                bytes.as_chunks().0.iter().zip(name).all(|(&[low, high], &byte)| low == byte && high == 0)
            })
    }
}

/// The content of an element or attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// The value with this index, of this type.
    Value { index: u16, kind: u8 },
    /// A text of the template.
    Text(Text),
}

/// An element or attribute that has content.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaf {
    /// The child of the outermost element that it is, or is inside of.
    pub(super) section: Option<Text>,
    pub(super) element: Text,
    pub(super) attribute: Option<Text>,
    /// The attribute `Name` of the element.
    pub(super) label: Option<Text>,
    pub(super) content: Content,
}

/// Elements and the values in them: the definition of a template, or a fragment without a template.
#[derive(Clone, Debug, Default)]
pub(super) struct Template {
    pub(super) guid: Guid,
    /// The outermost element.
    pub(super) root: Option<Text>,
    pub(super) leaves: Vec<Leaf>,
    /// For each value, the leaf that it is in.
    by_index: Vec<Option<u16>>,
    /// The offset after it.
    pub(super) end: usize,
}

/// The size of what comes before the fragment in a definition, in bytes.
const DEFINITION: usize = 24;

impl Template {
    /// The definition at an offset of the chunk.
    pub(super) fn parse(chunk: &[u8], at: usize) -> Result<Self, Fault> {
        let b = Bytes(chunk);
        let outside = (at, BinXmlError::Template(u32::try_from(at).unwrap_or(u32::MAX)));
        let guid = b.guid(at + 4).ok_or(outside)?;
        let size = b.u32(at + 20).ok_or(outside)? as usize;
        let start = at + DEFINITION;
        let end = start.checked_add(size).filter(|&end| end <= chunk.len()).ok_or(outside)?;
        let mut template = Self::parse_fragment(chunk, start, end)?;
        template.guid = guid;
        template.end = end;
        Ok(template)
    }

    /// The first four bytes of the GUID, by which instances refer to their template.
    pub(super) fn id(&self) -> u32 {
        u32::from_le_bytes(*self.guid.to_bytes().first_chunk().unwrap_or(&[0; 4]))
    }

    /// Elements between two offsets of the chunk.
    pub(super) fn parse_fragment(chunk: &[u8], start: usize, end: usize) -> Result<Self, Fault> {
        let mut parser = Parser { chunk, at: start, end, stack: Vec::new(), template: Self::default() };
        parser.run()?;
        let mut template = parser.template;
        template.end = parser.at;
        for (number, leaf) in (0_u16..).zip(&template.leaves) {
            let Content::Value { index, .. } = leaf.content else { continue };
            let index = usize::from(index);
            // No instance has that many values.
            if index >= VALUES {
                continue;
            }
            if index >= template.by_index.len() {
                template.by_index.resize(index + 1, None);
            }
            if let Some(place @ None) = template.by_index.get_mut(index) {
                *place = Some(number);
            }
        }
        Ok(template)
    }

    /// Its size in memory, counted in leaves and values.
    pub(super) fn weight(&self) -> usize {
        1 + self.leaves.len() + self.by_index.len()
    }

    /// The leaf that a value is in.
    pub(super) fn leaf(&self, index: usize) -> Option<&Leaf> {
        self.leaves.get(usize::from((*self.by_index.get(index)?)?))
    }
}

/// An element that is open.
#[derive(Clone, Copy, Debug)]
struct Open {
    name: Text,
    label: Option<Text>,
    /// The number of leaves before it. Its attribute `Name` is the label of the leaves from there on.
    first: usize,
}

struct Parser<'c> {
    chunk: &'c [u8],
    at: usize,
    end: usize,
    stack: Vec<Open>,
    template: Template,
}

impl Parser<'_> {
    fn run(&mut self) -> Result<(), Fault> {
        let mut attribute = None;
        for _ in 0..TOKENS {
            let token_at = self.at;
            if self.at >= self.end {
                return Ok(());
            }
            let token = self.u8()?;
            match token & !MORE {
                // The end of the fragment.
                0x00 => return Ok(()),
                0x01 => {
                    attribute = None;
                    self.open(token & MORE != 0)?;
                }
                0x02 => attribute = None,
                0x03 | 0x04 => {
                    attribute = None;
                    self.stack.pop();
                }
                0x05 => self.value(attribute)?,
                0x06 => attribute = Some(self.name()?),
                // CDATA, and the data of a processing instruction.
                0x07 | 0x0B => self.skip_text()?,
                // A character reference.
                0x08 => self.skip(2)?,
                // An entity reference, and the target of a processing instruction.
                0x09 | 0x0A => {
                    self.name()?;
                }
                0x0D | 0x0E => {
                    let index = self.u16()?;
                    let kind = self.u8()?;
                    self.leaf(attribute, Content::Value { index, kind })?;
                }
                0x0F => self.skip(3)?,
                _ => return Err((token_at, BinXmlError::Token(token))),
            }
        }
        Err((self.at, BinXmlError::TooMany))
    }

    fn open(&mut self, has_attributes: bool) -> Result<(), Fault> {
        if self.stack.len() >= DEPTH {
            return Err((self.at, BinXmlError::Depth));
        }
        // The dependency, and the size of what follows, which is read and not skipped.
        self.skip(2 + 4)?;
        let name = self.name()?;
        if has_attributes {
            self.skip(4)?;
        }
        self.template.root.get_or_insert(name);
        self.stack.push(Open { name, label: None, first: self.template.leaves.len() });
        Ok(())
    }

    /// A text in an element or attribute.
    fn value(&mut self, attribute: Option<Text>) -> Result<(), Fault> {
        let kind_at = self.at;
        let kind = self.u8()?;
        if kind != 1 {
            return Err((kind_at, BinXmlError::Token(kind)));
        }
        let length = 2 * usize::from(self.u16()?);
        let text = Text { at: self.at, length };
        self.skip(length)?;
        if attribute.is_some_and(|name| name.is(self.chunk, "Name"))
            && let Some(open) = self.stack.last_mut()
        {
            open.label = Some(text);
            for leaf in self.template.leaves.iter_mut().skip(open.first) {
                leaf.label = Some(text);
            }
        }
        self.leaf(attribute, Content::Text(text))
    }

    fn leaf(&mut self, attribute: Option<Text>, content: Content) -> Result<(), Fault> {
        if self.template.leaves.len() >= VALUES {
            return Err((self.at, BinXmlError::TooMany));
        }
        let Some(open) = self.stack.last() else { return Ok(()) };
        let section = self.stack.get(1).map(|open| open.name);
        self.template.leaves.push(Leaf { section, element: open.name, attribute, label: open.label, content });
        Ok(())
    }

    /// A name: its offset, followed by the name itself where it is first used.
    fn name(&mut self) -> Result<Text, Fault> {
        let offset_at = self.at;
        let offset = self.u32()?;
        let at = offset as usize;
        let b = Bytes(self.chunk);
        let outside = (offset_at, BinXmlError::Name(offset));
        let length = 2 * usize::from(at.checked_add(6).and_then(|at| b.u16(at)).ok_or(outside)?);
        let text = Text { at: at + 8, length };
        b.get(text.at, length + 2).ok_or(outside)?;
        if at == self.at {
            self.skip(8 + length + 2)?;
        }
        Ok(text)
    }

    fn skip_text(&mut self) -> Result<(), Fault> {
        let length = usize::from(self.u16()?);
        self.skip(2 * length)
    }

    fn skip(&mut self, bytes: usize) -> Result<(), Fault> {
        let at = self.at + bytes;
        if at > self.end {
            return Err((self.at, BinXmlError::Ends));
        }
        self.at = at;
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let at = self.at;
        self.skip(N)?;
        Bytes(self.chunk).array(at).ok_or((at, BinXmlError::Ends))
    }

    fn u8(&mut self) -> Result<u8, Fault> {
        self.array().map(|[byte]| byte)
    }

    fn u16(&mut self) -> Result<u16, Fault> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Result<u32, Fault> {
        self.array().map(u32::from_le_bytes)
    }
}

/// A token's flag: more of the same kind follow, or attributes.
const MORE: u8 = 0x40;

/// An instance of a template: the template and the values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Instance {
    pub(super) template_id: u32,
    /// The offset of the definition.
    pub(super) template_at: usize,
    /// The offset of the table of sizes and types, its number of entries, and the offset of the values.
    table: usize,
    pub(super) count: usize,
    pub(super) values: usize,
    /// The end of the values.
    pub(super) end: usize,
}

impl Instance {
    /// The instance at an offset of the chunk, which must end before `end`. `None` if there is something else.
    pub(super) fn parse(chunk: &[u8], start: usize, end: usize) -> Result<Option<Self>, Fault> {
        let b = Bytes(chunk.get(..end).unwrap_or_default());
        let mut at = start;
        if b.u8(at) == Some(0x0F) {
            at += 4;
        }
        if b.u8(at) != Some(0x0C) {
            return Ok(None);
        }
        let ends = |at| (at, BinXmlError::Ends);
        let template_id = b.u32(at + 2).ok_or(ends(at))?;
        let template_at = b.u32(at + 6).ok_or(ends(at))? as usize;
        let mut table = at + 10;
        if template_at == table {
            let size = b.u32(template_at + 20).ok_or(ends(table))? as usize;
            table = (table + DEFINITION).checked_add(size).ok_or(ends(table))?;
        }
        let count = b.u32(table).ok_or(ends(table))? as usize;
        if count > VALUES {
            return Err((table, BinXmlError::TooMany));
        }
        table += 4;
        let values = table + 4 * count;
        let sizes = b.get(table, 4 * count).ok_or(ends(table))?.as_chunks().0.iter();
        let size: usize = sizes.map(|&[low, high, _, _]| usize::from(u16::from_le_bytes([low, high]))).sum();
        b.get(values, size).ok_or(ends(values))?;
        Ok(Some(Self { template_id, template_at, table, count, values, end: values + size }))
    }

    /// The sizes and types of the values.
    pub(super) fn table<'c>(&self, chunk: &'c [u8]) -> &'c [[u8; 4]] {
        Bytes(chunk).get(self.table, 4 * self.count).unwrap_or_default().as_chunks().0
    }
}
