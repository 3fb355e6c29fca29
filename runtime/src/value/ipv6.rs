//! IPv6 addresses, printed as Windows prints them.

use core::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
    ops::Range,
};

/// An IPv6 address, as in a `win:Binary` with outType `win:IPv6` or in a socket address.
///
/// `Display` and `Debug` print the text of RtlIpv6AddressToString. Groups are lower-case without leading zeros; the
/// first of the longest runs of at least two zero groups becomes `::`. The last two groups are dotted decimal in four
/// kinds of address:
///
/// | kind | form | dotted |
/// |---|---|---|
/// | v4-compatible | `::1.2.3.4` | unless the seventh group is zero (`::1`) |
/// | v4-mapped | `::ffff:1.2.3.4` | likewise |
/// | v4-translated | `::ffff:0:1.2.3.4` | likewise |
/// | ISATAP | `fe80::5efe:1.2.3.4`, `fe80::200:5efe:1.2.3.4` | always |
///
/// The standard library's `Ipv6Addr` prints only v4-mapped addresses like that. The rules are those in Wine's
/// conformance tests of ntdll, which were recorded on Windows.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ipv6([u8; 16]);

impl Ipv6 {
    /// From the bytes on the wire, in the order of the text.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes on the wire, in the order of the text.
    pub const fn octets(self) -> [u8; 16] {
        self.0
    }

    /// The address as the type of the standard library.
    pub const fn to_std(self) -> Ipv6Addr {
        Ipv6Addr::from_bits(u128::from_be_bytes(self.0))
    }
}

/// Whether Windows prints the last two groups of the address as an IPv4 address.
const fn has_dotted_tail(groups: [u16; 8]) -> bool {
    match groups {
        // ISATAP; 0x200 is the universal bit of the interface identifier (RFC 5214).
        [_, _, _, _, 0 | 0x200, 0x5EFE, _, _] => true,
        // v4-compatible, v4-mapped, v4-translated.
        [0, 0, 0, 0, 0, 0 | 0xFFFF, high, _] | [0, 0, 0, 0, 0xFFFF, 0, high, _] => high != 0,
        _ => false,
    }
}

/// The first of the longest runs of zero groups; empty if none has two.
fn zeros(groups: &[u16]) -> Range<usize> {
    let mut longest = 0..0;
    let mut start = 0;
    for (at, &group) in groups.iter().enumerate() {
        let end = at + 1;
        if group != 0 {
            start = end;
        } else if end - start > longest.len() {
            longest = start..end;
        }
    }
    if longest.len() < 2 { 0..0 } else { longest }
}

impl fmt::Display for Ipv6 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let groups = self.to_std().segments();
        let is_dotted = has_dotted_tail(groups);
        let printed = groups.get(..if is_dotted { 6 } else { 8 }).unwrap_or_default();
        let zeros = zeros(printed);
        let mut separator = "";
        for (at, group) in printed.iter().enumerate() {
            if !zeros.contains(&at) {
                write!(f, "{separator}{group:x}")?;
                separator = ":";
            } else if at == zeros.start {
                f.write_str("::")?;
                separator = "";
            }
        }
        if is_dotted {
            let tail = Ipv4Addr::from(self.0.last_chunk().copied().unwrap_or([0; 4]));
            write!(f, "{separator}{tail}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Ipv6 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{ToString as _, hex},
        *,
    };

    fn text(groups: [u16; 8]) -> super::super::testing::String {
        Ipv6::from_bytes(Ipv6Addr::from(groups).octets()).to_string()
    }

    #[test]
    fn groups_are_lower_case_and_the_longest_run_of_zeros_goes() {
        // Vector 45.
        let bytes = hex("20010DB8000000000000000000000001");
        assert_eq!(Ipv6::from_bytes(bytes.try_into().unwrap()).to_string(), "2001:db8::1");
        assert_eq!(text([0; 8]), "::");
        assert_eq!(text([0, 0, 0, 0, 0, 0, 0, 1]), "::1");
        assert_eq!(text([1, 0, 0, 0, 0, 0, 0, 0]), "1::");
        assert_eq!(text([0xFFFF; 8]), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
        assert_eq!(text([0x3FFE, 0xB00, 0, 0, 1, 0, 0, 0xA]), "3ffe:b00::1:0:0:a");
        assert_eq!(text([1, 0, 0, 2, 0, 0, 0, 3]), "1:0:0:2::3");
        assert_eq!(text([1, 2, 3, 4, 5, 6, 0, 0]), "1:2:3:4:5:6::");
        // One zero group is not a run.
        assert_eq!(text([0, 1, 2, 3, 4, 5, 6, 7]), "0:1:2:3:4:5:6:7");
        assert_eq!(text([1, 2, 3, 4, 5, 6, 0, 8]), "1:2:3:4:5:6:0:8");
    }

    #[test]
    fn v4_tails_are_dotted_where_the_seventh_group_is_not_zero() {
        assert_eq!(text([0, 0, 0, 0, 0, 0, 0x0D01, 0x4403]), "::13.1.68.3");
        assert_eq!(text([0, 0, 0, 0, 0, 0, 1, 0]), "::0.1.0.0");
        assert_eq!(text([0, 0, 0, 0, 0, 0, 0, 0xFFFF]), "::ffff");
        assert_eq!(text([0, 0, 0, 0, 0, 0xFFFF, 0x0102, 0x0304]), "::ffff:1.2.3.4");
        assert_eq!(text([0, 0, 0, 0, 0, 0xFFFF, 0, 0x4403]), "::ffff:0:4403");
        assert_eq!(text([0, 0, 0, 0, 0, 0xFFFF, 0, 0]), "::ffff:0:0");
        assert_eq!(text([0, 0, 0, 0, 0xFFFF, 0, 0x0D01, 0x4403]), "::ffff:0:13.1.68.3");
        assert_eq!(text([0, 0, 0, 0, 0xFFFF, 0, 1, 0]), "::ffff:0:0.1.0.0");
    }

    #[test]
    fn what_only_resembles_a_v4_form_is_not_dotted() {
        assert_eq!(text([0, 0, 0, 0, 0, 0xFFFE, 0x0D01, 0x4403]), "::fffe:d01:4403");
        assert_eq!(text([0, 0, 0, 0, 0, 1, 0x0D01, 0x4403]), "::1:d01:4403");
        assert_eq!(text([0, 0, 0, 0, 0xFFFF, 0xFFFF, 0x0D01, 0x4403]), "::ffff:ffff:d01:4403");
        assert_eq!(text([0, 0, 0, 0xFFFF, 0, 0, 0x0D01, 0x4403]), "::ffff:0:0:d01:4403");
        assert_eq!(text([1, 0, 0, 0, 0, 0, 0x0102, 0x0304]), "1::102:304");
    }

    #[test]
    fn isatap_is_always_dotted() {
        assert_eq!(text([0, 0, 0, 0, 0, 0x5EFE, 0, 0]), "::5efe:0.0.0.0");
        assert_eq!(text([0x1111, 0, 0, 0, 0, 0x5EFE, 0x8190, 0x3426]), "1111::5efe:129.144.52.38");
        assert_eq!(text([1, 2, 3, 4, 0, 0x5EFE, 0x8190, 0x3426]), "1:2:3:4:0:5efe:129.144.52.38");
        assert_eq!(text([0, 0, 0, 0, 0x200, 0x5EFE, 0x8190, 0x3426]), "::200:5efe:129.144.52.38");
        assert_eq!(text([0, 0, 0, 0, 0x100, 0x5EFE, 0x8190, 0x3426]), "::100:5efe:8190:3426");
        assert_eq!(text([0, 0, 0, 0, 0x300, 0x5EFE, 0x8190, 0x3426]), "::300:5efe:8190:3426");
    }

    /// Every text must read back as the address, for all patterns of zero, one and other groups.
    #[test]
    fn text_reads_back_as_the_address() {
        const GROUPS: [u16; 4] = [0, 0x5EFE, 0xFFFF, 0x12AB];
        for pattern in 0..1_u32 << 16 {
            let mut groups = [0; 8];
            for (at, group) in groups.iter_mut().enumerate() {
                *group = GROUPS[(pattern >> (2 * at) & 3) as usize];
            }
            assert_eq!(text(groups).parse(), Ok(Ipv6Addr::from(groups)));
        }
    }
}
