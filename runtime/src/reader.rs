//! The checked reader: takes fields off the front of a payload.
//!
//! Every method names the field it reads (its index in the layout), so that an error can name the field that did not
//! fit. A method that fails consumes nothing.

use crate::segment::Segment;
use crate::value::Element;
use crate::value::Extent;
use crate::value::Item;
use crate::value::Nested;
use crate::value::Struct;
use crate::{Ansi, Array, Binary, Fault, FaultKind, List, PointerSize, Sid, Utf16};

/// A payload that is being read from front to back.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    size: usize,
    pointers: PointerSize,
    tolerant: bool,
    unterminated: bool,
}

impl<'a> Reader<'a> {
    /// A reader at the start of a payload.
    #[inline]
    pub fn new(payload: &'a [u8]) -> Self {
        Self { rest: payload, size: payload.len(), pointers: PointerSize::Bits64, tolerant: false, unterminated: false }
    }

    /// The same reader for a payload with pointers of this size.
    #[must_use]
    #[inline]
    pub fn with_pointers(mut self, size: PointerSize) -> Self {
        self.pointers = size;
        self
    }

    /// The same reader, but one that accepts a string without its NUL at the end of the payload. Some providers write
    /// their last string like that; but a payload that was cut inside its last string looks the same.
    #[must_use]
    #[inline]
    pub fn tolerant(mut self) -> Self {
        self.tolerant = true;
        self
    }

    /// The bytes read so far.
    #[inline]
    pub fn offset(&self) -> usize {
        self.size - self.rest.len()
    }

    /// The bytes not yet read.
    #[inline]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether a string ended with the payload instead of a NUL (see [`Reader::tolerant`]).
    #[inline]
    pub fn unterminated(&self) -> bool {
        self.unterminated
    }

    #[inline]
    fn fault(&self, field: u16, kind: FaultKind) -> Fault {
        fault(field, self.offset(), kind)
    }

    /// The same reader, but one that accepts no string without its NUL.
    pub(crate) fn strict(&self) -> Self {
        Self { tolerant: false, ..*self }
    }

    /// The size of the payload's pointers.
    pub(crate) fn pointers(&self) -> PointerSize {
        self.pointers
    }

    /// Moves to the position of `end`, a copy of this reader that has read further. Returns the bytes between.
    pub(crate) fn advance_to(&mut self, end: &Self) -> &'a [u8] {
        let passed = self.rest.len().saturating_sub(end.rest.len());
        let (passed, rest) = self.rest.split_at_checked(passed).unwrap_or((self.rest, &[]));
        self.rest = rest;
        passed
    }

    #[inline]
    pub(crate) fn truncated(&self, field: u16, needed: usize) -> Fault {
        fault(field, self.offset(), FaultKind::Truncated { needed, available: self.rest.len() })
    }

    /// A run of fixed-size fields, the first of which is `field`.
    #[inline]
    pub fn segment<const N: usize>(&mut self, field: u16) -> Result<Segment<'a, N>, Fault> {
        match self.rest.split_first_chunk::<N>() {
            Some((head, rest)) => {
                self.rest = rest;
                Ok(Segment::new(head))
            }
            None => Err(self.truncated(field, N)),
        }
    }

    #[inline]
    fn take(&mut self, field: u16, len: usize) -> Result<&'a [u8], Fault> {
        match self.rest.split_at_checked(len) {
            Some((head, rest)) => {
                self.rest = rest;
                Ok(head)
            }
            None => Err(self.truncated(field, len)),
        }
    }

    /// Elements one after the other. Their total size is checked before any of them is read.
    #[inline]
    fn take_many(&mut self, field: u16, count: u32, size: usize) -> Result<&'a [u8], Fault> {
        self.take(field, to_usize(count).saturating_mul(size))
    }

    /// A `win:UnicodeString` of a given number of UTF-16 units.
    #[inline]
    pub fn utf16(&mut self, field: u16, units: impl Into<u32>) -> Result<Utf16<'a>, Fault> {
        let bytes = self.take_many(field, units.into(), 2)?;
        Ok(Utf16::new(bytes).unwrap_or_default())
    }

    /// A `win:UnicodeString` up to its NUL. The NUL is consumed and is not part of the value.
    #[inline]
    pub fn utf16_until_nul(&mut self, field: u16) -> Result<Utf16<'a>, Fault> {
        let nul = self.rest.chunks_exact(2).position(|unit| unit == [0, 0]);
        let bytes = self.take_until(field, nul.map(|at| at * 2), 2)?;
        Ok(Utf16::new(bytes).unwrap_or_default())
    }

    /// A `win:AnsiString` of a given number of bytes.
    #[inline]
    pub fn ansi(&mut self, field: u16, bytes: impl Into<u32>) -> Result<Ansi<'a>, Fault> {
        self.take_many(field, bytes.into(), 1).map(Ansi::new)
    }

    /// A `win:AnsiString` up to its NUL. The NUL is consumed and is not part of the value.
    #[inline]
    pub fn ansi_until_nul(&mut self, field: u16) -> Result<Ansi<'a>, Fault> {
        let nul = self.rest.iter().position(|&byte| byte == 0);
        self.take_until(field, nul, 1).map(Ansi::new)
    }

    /// Takes what comes before the NUL at `nul`, and the NUL itself, which has `unit` bytes.
    #[inline]
    fn take_until(&mut self, field: u16, nul: Option<usize>, unit: usize) -> Result<&'a [u8], Fault> {
        if let Some(len) = nul {
            let text = self.take(field, len)?;
            self.take(field, unit)?;
            return Ok(text);
        }
        if !self.tolerant {
            return Err(self.fault(field, FaultKind::Unterminated { available: self.rest.len() }));
        }
        self.unterminated = true;
        let whole_units = self.rest.len() - self.rest.len() % unit;
        self.take(field, whole_units)
    }

    /// A `win:Binary` of a given number of bytes.
    #[inline]
    pub fn binary(&mut self, field: u16, bytes: impl Into<u32>) -> Result<Binary<'a>, Fault> {
        self.take_many(field, bytes.into(), 1).map(Binary::new)
    }

    /// An array of a given number of elements of fixed size.
    #[inline]
    pub fn array<T: Element>(&mut self, field: u16, count: impl Into<u32>) -> Result<Array<'a, T>, Fault> {
        let bytes = self.take_many(field, count.into(), T::SIZE)?;
        Ok(Array::new(bytes).unwrap_or_default())
    }

    /// An array of a given number of elements that may differ in size.
    pub fn list<T: Item<'a>>(
        &mut self,
        field: u16,
        count: impl Into<u32>,
        extent: Extent,
    ) -> Result<List<'a, T>, Fault> {
        List::take(self, field, count.into(), extent)
    }

    /// A struct.
    pub fn structure<S: Struct<'a>>(&mut self, field: u16) -> Result<Nested<'a, S>, Fault> {
        Nested::take(self, field)
    }

    /// A `win:SID`: eight bytes and four for each sub-authority.
    #[inline]
    pub fn sid(&mut self, field: u16) -> Result<Sid<'a>, Fault> {
        if let Some((sid, rest)) = Sid::split(self.rest) {
            self.rest = rest;
            return Ok(sid);
        }
        Err(match *self.rest {
            [revision, sub_authorities, ..] if revision != 1 || sub_authorities > Sid::MAX_SUB_AUTHORITIES => {
                self.fault(field, FaultKind::NoSid { revision, sub_authorities })
            }
            _ => self.truncated(field, 8 + 4 * self.rest.get(1).copied().map_or(0, usize::from)),
        })
    }

    /// A `win:Pointer` of the payload's [`PointerSize`].
    #[inline]
    pub fn pointer(&mut self, field: u16) -> Result<u64, Fault> {
        match self.pointers {
            PointerSize::Bits32 => self.segment::<4>(field).map(|s| u64::from(s.u32::<0>())),
            PointerSize::Bits64 => self.segment::<8>(field).map(Segment::u64::<0>),
        }
    }

    /// The bytes after a `u16` that counts them: `win:CountedBinary`.
    #[inline]
    pub fn counted_binary(&mut self, field: u16) -> Result<Binary<'a>, Fault> {
        let start = *self;
        let len = self.segment::<2>(field)?.u16::<0>();
        let bytes = self.take(field, usize::from(len));
        if bytes.is_err() {
            *self = start;
        }
        bytes.map(Binary::new)
    }

    /// A `win:CountedAnsiString`: a `u16` that counts bytes, then the text.
    #[inline]
    pub fn counted_ansi(&mut self, field: u16) -> Result<Ansi<'a>, Fault> {
        self.counted_binary(field).map(|bytes| Ansi::new(bytes.as_bytes()))
    }

    /// A `win:CountedUnicodeString`: a `u16` that counts bytes, then the text.
    #[inline]
    pub fn counted_utf16(&mut self, field: u16) -> Result<Utf16<'a>, Fault> {
        let start = *self;
        let bytes = self.counted_binary(field)?;
        Utf16::new(bytes.as_bytes()).ok_or_else(|| {
            *self = start;
            self.fault(field, FaultKind::OddLength { bytes: bytes.as_bytes().len() })
        })
    }
}

/// Makes a fault. It takes values, not the reader: if nothing takes the address of the reader, it can stay in
/// registers.
#[cold]
fn fault(field: u16, offset: usize, kind: FaultKind) -> Fault {
    Fault { field, offset, kind }
}

/// A count as a `usize`. One that does not fit becomes the maximum, which fails the bounds check like any other count
/// that is too large.
#[inline]
fn to_usize(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
