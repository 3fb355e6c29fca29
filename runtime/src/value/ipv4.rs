//! IPv4 addresses in a 32-bit field.

use core::{fmt, net::Ipv4Addr};

/// A `win:UInt32` with outType `win:IPv4`: an address whose first part is the low byte.
///
/// `Display` and `Debug` print `10.2.10.21`.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Ipv4(pub u32);

impl Ipv4 {
    /// The four parts in the order of the text.
    pub const fn octets(self) -> [u8; 4] {
        self.0.to_le_bytes()
    }

    /// The address as the type of the standard library.
    pub const fn to_std(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(u32::from_be_bytes(self.octets()))
    }
}

impl fmt::Display for Ipv4 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.to_std(), f)
    }
}

impl fmt::Debug for Ipv4 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing::ToString as _, *};

    #[test]
    fn the_low_byte_comes_first() {
        // Vector 46.
        let address = Ipv4(u32::from_le_bytes([0x0A, 0x02, 0x0A, 0x15]));
        assert_eq!(address.to_string(), "10.2.10.21");
        assert_eq!(address.to_std(), Ipv4Addr::new(10, 2, 10, 21));
        assert_eq!(Ipv4(u32::MAX).to_string(), "255.255.255.255");
    }
}
