//! GUIDs in the byte order of the wire.

use core::{cmp::Ordering, fmt, str::FromStr};

use super::hex::Case;

/// A GUID, kept as its 16 bytes on the wire: the first three fields low byte first, the last eight bytes in order.
///
/// `Display` and `Debug` print `{d48ce617-33a2-4bc3-a5c7-11aa4f29619e}`, as Windows does in messages and in XML.
/// The order is that of the printed text.
///
/// A constant is made from the digits of the text, and converts to the type of the crate `uuid` through them:
///
/// ```
/// use etw_runtime::Guid;
///
/// const PROVIDER: Guid = Guid::from_u128(0xd48ce617_33a2_4bc3_a5c7_11aa4f29619e);
/// assert_eq!(PROVIDER.to_string(), "{d48ce617-33a2-4bc3-a5c7-11aa4f29619e}");
/// // uuid::Uuid::from_u128(PROVIDER.to_u128())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Guid([u8; 16]);

impl Guid {
    /// All zero, `GUID_NULL`.
    pub const NIL: Self = Self([0; 16]);

    /// From the bytes on the wire.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// From the fields of the C struct `GUID`: `Data1`, `Data2`, `Data3`, `Data4`.
    pub const fn from_fields(data1: u32, data2: u16, data3: u16, data4: [u8; 8]) -> Self {
        let [a0, a1, a2, a3] = data1.to_le_bytes();
        let [b0, b1] = data2.to_le_bytes();
        let [c0, c1] = data3.to_le_bytes();
        let [d0, d1, d2, d3, d4, d5, d6, d7] = data4;
        Self([a0, a1, a2, a3, b0, b1, c0, c1, d0, d1, d2, d3, d4, d5, d6, d7])
    }

    /// From the number whose 32 hexadecimal digits are those of the text, from left to right.
    pub const fn from_u128(value: u128) -> Self {
        Self(swap_fields(value.to_be_bytes()))
    }

    /// The bytes on the wire.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// The number whose 32 hexadecimal digits are those of the text, from left to right.
    pub const fn to_u128(self) -> u128 {
        u128::from_be_bytes(swap_fields(self.0))
    }

    /// The text that `Display` prints, as ASCII: for a writer of bytes.
    pub fn to_ascii(self) -> [u8; 38] {
        let mut text = *b"{00000000-0000-0000-0000-000000000000}";
        let pairs = swap_fields(self.0).map(|byte| Case::Lower.pair(byte));
        for (at, pair) in PAIRS.into_iter().zip(pairs) {
            if let Some(place) = text.get_mut(at..at + 2) {
                place.copy_from_slice(&pair);
            }
        }
        text
    }

    /// Whether all bytes are zero.
    pub const fn is_nil(self) -> bool {
        self.to_u128() == 0
    }
}

/// The offset of each pair of digits in the text.
const PAIRS: [usize; 16] = [1, 3, 5, 7, 10, 12, 15, 17, 20, 22, 25, 27, 29, 31, 33, 35];

/// Converts between the byte order of the wire and that of the text: the first three fields are reversed.
const fn swap_fields(bytes: [u8; 16]) -> [u8; 16] {
    let [a0, a1, a2, a3, b0, b1, c0, c1, d0, d1, d2, d3, d4, d5, d6, d7] = bytes;
    [a3, a2, a1, a0, b1, b0, c1, c0, d0, d1, d2, d3, d4, d5, d6, d7]
}

impl Ord for Guid {
    fn cmp(&self, other: &Self) -> Ordering {
        self.to_u128().cmp(&other.to_u128())
    }
}

impl PartialOrd for Guid {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // By hand, because `write!` of the five parts takes several times as long, and payloads are full of GUIDs.
        let text = self.to_ascii();
        // The text is ASCII only.
        f.write_str(core::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Guid {
    type Err = ParseGuidError;

    /// Reads `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` in either case, with both braces or none.
    fn from_str(text: &str) -> Result<Self, ParseGuidError> {
        let bare = match text.strip_prefix('{') {
            Some(rest) => rest.strip_suffix('}').ok_or(ParseGuidError(()))?,
            None => text,
        };
        if bare.len() != 36 {
            return Err(ParseGuidError(()));
        }
        let mut value = 0;
        for (at, char) in bare.char_indices() {
            match (at, char) {
                (8 | 13 | 18 | 23, '-') => {}
                (8 | 13 | 18 | 23, _) => return Err(ParseGuidError(())),
                _ => value = value << 4 | u128::from(char.to_digit(16).ok_or(ParseGuidError(()))?),
            }
        }
        Ok(Self::from_u128(value))
    }
}

/// The text is not a GUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ParseGuidError(());

impl fmt::Display for ParseGuidError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a GUID: expected 8-4-4-4-12 hexadecimal digits, with both braces or none")
    }
}

impl core::error::Error for ParseGuidError {}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{ToString as _, format, hex},
        *,
    };

    const SMB_SERVER: Guid =
        Guid::from_fields(0xd48c_e617, 0x33a2, 0x4bc3, [0xa5, 0xc7, 0x11, 0xaa, 0x4f, 0x29, 0x61, 0x9e]);

    #[test]
    fn text_is_lower_case_in_braces() {
        // Vectors 19 and 20.
        for (bytes, text) in [
            ("3A7404D6C1BF0900D40913D6C1BFDC01", "{d604743a-bfc1-0009-d409-13d6c1bfdc01}"),
            ("6F2BACCB3414AA4FA9C3597B17C1DFA3", "{cbac2b6f-1434-4faa-a9c3-597b17c1dfa3}"),
        ] {
            let guid = Guid::from_bytes(hex(bytes).try_into().unwrap());
            assert_eq!(guid.to_string(), text);
            assert_eq!(format!("{guid:?}"), text);
            assert_eq!(text.parse(), Ok(guid));
            assert_eq!(hex(bytes), guid.to_bytes());
        }
        assert_eq!(Guid::NIL.to_string(), "{00000000-0000-0000-0000-000000000000}");
    }

    #[test]
    fn every_way_in_leads_to_the_same_bytes() {
        assert_eq!(Guid::from_u128(0xd48c_e617_33a2_4bc3_a5c7_11aa_4f29_619e), SMB_SERVER);
        assert_eq!(SMB_SERVER.to_u128(), 0xd48c_e617_33a2_4bc3_a5c7_11aa_4f29_619e);
        for text in [
            "d48ce617-33a2-4bc3-a5c7-11aa4f29619e",
            "{d48ce617-33a2-4bc3-a5c7-11aa4f29619e}",
            "{D48CE617-33A2-4BC3-A5C7-11AA4F29619E}",
        ] {
            assert_eq!(text.parse(), Ok(SMB_SERVER));
        }
        assert!(Guid::NIL.is_nil() && Guid::default().is_nil() && !SMB_SERVER.is_nil());
    }

    #[test]
    fn what_is_not_a_guid_is_refused() {
        for text in [
            "",
            "{}",
            "{",
            "{d48ce617-33a2-4bc3-a5c7-11aa4f29619e",
            "d48ce617-33a2-4bc3-a5c7-11aa4f29619e}",
            "d48ce61733a24bc3a5c711aa4f29619e",
            "d48ce617-33a2-4bc3-a5c7-11aa4f29619",
            "d48ce617-33a2-4bc3-a5c7-11aa4f29619e0",
            "d48ce617-33a2-4bc3-a5c7+11aa4f29619e",
            "+48ce617-33a2-4bc3-a5c7-11aa4f29619e",
            "d48ce617-33a2-4bc3-a5c7-11aa4f29619g",
            "d48ce6é-33a2-4bc3-a5c7-11aa4f29619e",
            "d48ce61é33a2-4bc3-a5c7-11aa4f29619e0",
        ] {
            assert!(text.parse::<Guid>().is_err(), "{text}");
        }
    }

    #[test]
    fn order_is_that_of_the_text() {
        let low = Guid::from_fields(1, 0, 0, [0; 8]);
        let high = Guid::from_fields(0x100, 0, 0, [0; 8]);
        assert!(low < high && low.to_string() < high.to_string());
    }
}
