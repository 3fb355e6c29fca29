//! Security identifiers.

use core::{fmt, slice};

/// The size of what comes before the sub-authorities, in bytes: revision, number of sub-authorities, authority.
const HEADER: usize = 8;

/// Borrowed bytes of a `win:SID`.
///
/// The layout is that of [MS-DTYP] 2.4.2.2: a revision, the number of sub-authorities, the authority in six bytes
/// (high byte first), and the sub-authorities in four each (low byte first). There are at most 15 sub-authorities
/// (`SID_MAX_SUB_AUTHORITIES`), and the revision is 1. Other bytes are not accepted.
///
/// `Display` and `Debug` print `S-1-5-18`. An authority from 2^32 on is hexadecimal, lower-case and unpadded
/// (`S-1-0x100000000-1`), as ConvertSidToStringSid prints it, although [MS-DTYP] 2.4.2.1 asks for twelve digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sid<'a> {
    /// Exactly the header and the number of sub-authorities that it gives.
    bytes: &'a [u8],
}

impl<'a> Sid<'a> {
    /// The most sub-authorities.
    pub const MAX_SUB_AUTHORITIES: u8 = 15;

    /// The SID at the start of `bytes`, and the bytes after it; `None` if there are too few, or its revision or number of sub-authorities is not allowed.
    ///
    /// A SID has 8 bytes, and 4 more for each sub-authority; their number is in the second byte.
    pub fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let [1, count @ 0..=Self::MAX_SUB_AUTHORITIES, ..] = *bytes else { return None };
        let count = usize::from(count);
        let (bytes, rest) = bytes.split_at_checked(HEADER + 4 * count)?;
        Some((Self { bytes }, rest))
    }

    /// The SID that fills `bytes`; `None` if there are too few or too many.
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        Self::split(bytes).and_then(|(sid, rest)| rest.is_empty().then_some(sid))
    }

    /// The bytes as recorded.
    pub const fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// The revision, 1 in every SID so far.
    pub fn revision(self) -> u8 {
        self.bytes.first().copied().unwrap_or_default()
    }

    /// The identifier authority, a number of 48 bits; 5 is NT.
    pub fn authority(self) -> u64 {
        let bytes = self.bytes.get(2..HEADER).unwrap_or_default();
        bytes.iter().fold(0, |value, &byte| value << 8 | u64::from(byte))
    }

    /// The sub-authorities in their order; the last is the relative identifier.
    pub fn sub_authorities(self) -> SubAuthorities<'a> {
        SubAuthorities(self.bytes.get(HEADER..).unwrap_or_default().as_chunks().0.iter())
    }
}

/// The null SID, `S-1-0-0`.
impl Default for Sid<'_> {
    fn default() -> Self {
        Self { bytes: &[1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] }
    }
}

impl fmt::Display for Sid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S-{}-", self.revision())?;
        match self.authority() {
            small @ ..=0xFFFF_FFFF => write!(f, "{small}")?,
            large => write!(f, "{large:#x}")?,
        }
        self.sub_authorities().try_for_each(|sub| write!(f, "-{sub}"))
    }
}

impl fmt::Debug for Sid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The sub-authorities of a [`Sid`].
#[derive(Clone, Debug)]
pub struct SubAuthorities<'a>(slice::Iter<'a, [u8; 4]>);

impl Iterator for SubAuthorities<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        self.0.next().copied().map(u32::from_le_bytes)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl DoubleEndedIterator for SubAuthorities<'_> {
    fn next_back(&mut self) -> Option<u32> {
        self.0.next_back().copied().map(u32::from_le_bytes)
    }
}

impl ExactSizeIterator for SubAuthorities<'_> {}
impl core::iter::FusedIterator for SubAuthorities<'_> {}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{ToString as _, Vec, format, hex},
        *,
    };

    #[test]
    fn what_is_no_sid_is_refused() {
        let sid = |revision: u8, count: u8| {
            let bytes: Vec<u8> = [revision, count, 0, 0, 0, 0, 0, 5].into_iter().chain([7; 4 * 20]).collect();
            Sid::split(&bytes).map(|(sid, rest)| (sid.sub_authorities().len(), rest.len()))
        };
        assert_eq!(sid(1, 15), Some((15, 20)));
        assert_eq!((sid(1, 16), sid(0, 1), sid(2, 1)), (None, None, None));
    }

    #[test]
    fn sid_prints_as_windows_does() {
        for (bytes, text) in [
            // Vector 56.
            ("010100000000000512000000", "S-1-5-18"),
            ("01020000000000052000000020020000", "S-1-5-32-544"),
            ("010500000000000515000000010000000200000003000000F4010000", "S-1-5-21-1-2-3-500"),
            ("0100000000000005", "S-1-5"),
            ("010100000000000000000000", "S-1-0-0"),
            ("01010000FFFFFFFFFFFFFFFF", "S-1-4294967295-4294967295"),
            ("010100010000000001000000", "S-1-0x100000000-1"),
            ("0101ABCDEF01234501000000", "S-1-0xabcdef012345-1"),
        ] {
            let bytes = hex(bytes);
            let sid = Sid::new(&bytes).unwrap();
            assert_eq!(sid.to_string(), text);
            assert_eq!(format!("{sid:?}"), text);
            assert_eq!(sid.as_bytes(), bytes);
        }
    }

    #[test]
    fn parts_are_reachable() {
        let bytes = hex("01020000000000052000000020020000");
        let sid = Sid::new(&bytes).unwrap();
        assert_eq!((sid.revision(), sid.authority()), (1, 5));
        assert_eq!(sid.sub_authorities().len(), 2);
        assert_eq!(sid.sub_authorities().next_back(), Some(544));
        assert_eq!(sid.sub_authorities().collect::<Vec<_>>(), [32, 544]);
    }

    #[test]
    fn the_second_byte_gives_the_size() {
        let bytes = hex("010100000000000512000000FFFF");
        let (sid, rest) = Sid::split(&bytes).unwrap();
        assert_eq!((sid.as_bytes().len(), rest), (12, &[0xFF, 0xFF][..]));
        assert_eq!(Sid::new(&bytes), None);
        for len in 0..12 {
            assert_eq!(Sid::split(&bytes[..len]), None);
        }
    }
}
