//! Bytes without a known type.

use core::{fmt, ops::Deref};

use super::hex::{self, Case};

/// Borrowed bytes of a `win:Binary`.
///
/// `Display` prints pairs of upper-case digits without a prefix, the text of Windows' XML; `{:#X}` puts `0x` before
/// them, which is the text of a message. `{:x}` and `{:#x}` are the same in lower case. `Debug` prints like `{:#X}`.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Binary<'a> {
    bytes: &'a [u8],
}

impl<'a> Binary<'a> {
    /// The value that `bytes` are.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// The bytes as recorded, with the lifetime of the payload; those of `Deref` have the lifetime of this value.
    pub const fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }
}

impl Deref for Binary<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes
    }
}

impl AsRef<[u8]> for Binary<'_> {
    fn as_ref(&self) -> &[u8] {
        self.bytes
    }
}

impl PartialEq<[u8]> for Binary<'_> {
    fn eq(&self, other: &[u8]) -> bool {
        self.bytes == other
    }
}

impl PartialEq<&[u8]> for Binary<'_> {
    fn eq(&self, other: &&[u8]) -> bool {
        self.bytes == *other
    }
}

/// Writes `bytes`, after `0x` if the format asks for the alternate form.
fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8], case: Case) -> fmt::Result {
    if f.alternate() {
        f.write_str("0x")?;
    }
    hex::write(f, bytes, case)
}

impl fmt::UpperHex for Binary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, self.bytes, Case::Upper)
    }
}

impl fmt::LowerHex for Binary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, self.bytes, Case::Lower)
    }
}

impl fmt::Display for Binary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(f, self.bytes, Case::Upper)
    }
}

impl fmt::Debug for Binary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        hex::write(f, self.bytes, Case::Upper)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{ToString as _, Vec, format, hex},
        *,
    };

    /// Vectors 11 and 12: the security descriptor of the documented event 1006.
    const DESCRIPTOR: &str = concat!(
        "0100048048000000540000000000000014000000020034000200000001001400FF011F0001010000000000010000000000001800",
        "FF011F0001020000000000052000000020020000010100000000000512000000010100000000000512000000",
    );

    #[test]
    fn both_texts_of_windows_are_there() {
        let bytes = hex(DESCRIPTOR);
        let binary = Binary::new(&bytes);
        assert_eq!(binary.len(), 96);
        assert_eq!(binary.to_string(), DESCRIPTOR);
        assert_eq!(format!("{binary:#X}"), format!("0x{DESCRIPTOR}"));
        assert_eq!(format!("{binary:x}"), DESCRIPTOR.to_lowercase());
        assert_eq!(format!("{binary:#x}"), format!("0x{}", DESCRIPTOR.to_lowercase()));
        assert_eq!(format!("{binary:?}"), format!("0x{DESCRIPTOR}"));
    }

    #[test]
    fn every_byte_and_every_length_comes_out() {
        let bytes: Vec<u8> = (0..=255).collect();
        for len in 0..=bytes.len() {
            let text = Binary::new(&bytes[..len]).to_string();
            assert_eq!(hex(&text), &bytes[..len]);
        }
    }

    #[test]
    fn nothing_prints_as_nothing() {
        assert_eq!(Binary::default().to_string(), "");
        assert_eq!(format!("{:?}", Binary::default()), "0x");
        assert!(Binary::default().is_empty() && Binary::default() == *b"".as_slice());
    }
}
