//! Socket addresses, as Windows' sockaddr structures.

use core::{
    fmt,
    net::{self, Ipv4Addr, SocketAddrV4, SocketAddrV6},
};

use super::{binary::Binary, ipv6::Ipv6};

/// `AF_INET`.
const IPV4: u16 = 2;
/// `AF_INET6` of Windows; other systems have other numbers.
const IPV6: u16 = 23;

/// Borrowed bytes of a `win:Binary` with outType `win:SocketAddress`: a sockaddr, and any bytes that were recorded
/// after it.
///
/// SMBServer records 16, 28 or 128 bytes; bytes after the structure of the address family are not part of the address.
///
/// `Display` prints the text of a message: `1.2.3.4:445`, `[fe80::1%5]:445`. Without a port there are no colon and no
/// brackets, and a scope of zero is left out. Another family than IPv4 and IPv6, or too few bytes for the family, is
/// printed as `0x0100AABB`; no bytes are printed as an empty text. (The text of XML is that of [`Binary`]: the bytes in
/// hexadecimal.) `Debug` prints the same, with `0x` for no bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct SocketAddr<'a> {
    bytes: &'a [u8],
}

impl<'a> SocketAddr<'a> {
    /// The address in `bytes`. Any bytes are accepted.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// The bytes as recorded.
    pub const fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// The bytes as recorded, for their hexadecimal text.
    pub const fn as_binary(self) -> Binary<'a> {
        Binary::new(self.bytes)
    }

    /// The address family by Windows' numbers: 2 for IPv4, 23 for IPv6. `None` if there are fewer than two bytes.
    pub fn family(self) -> Option<u16> {
        self.bytes.first_chunk().copied().map(u16::from_le_bytes)
    }

    /// The address as the type of the standard library, with flow information and scope.
    ///
    /// `None` for another family, for fewer than 8 bytes of IPv4 (`sockaddr_in` without its padding) and for fewer than
    /// 28 of IPv6 (`sockaddr_in6`).
    pub fn to_std(self) -> Option<net::SocketAddr> {
        match self.family()? {
            IPV4 => self.to_v4().map(net::SocketAddr::V4),
            IPV6 => self.to_v6().map(net::SocketAddr::V6),
            _ => None,
        }
    }

    /// The IP address, without port and scope; `None` if [`SocketAddr::to_std`] is.
    pub fn ip(self) -> Option<net::IpAddr> {
        self.to_std().map(|address| address.ip())
    }

    fn to_v4(self) -> Option<SocketAddrV4> {
        let &[_, _, p0, p1, a, b, c, d] = self.bytes.first_chunk()?;
        Some(SocketAddrV4::new(Ipv4Addr::new(a, b, c, d), u16::from_be_bytes([p0, p1])))
    }

    fn to_v6(self) -> Option<SocketAddrV6> {
        let (_family, rest) = self.bytes.split_first_chunk::<2>()?;
        let (&port, rest) = rest.split_first_chunk()?;
        let (&flow, rest) = rest.split_first_chunk()?;
        let (&address, rest) = rest.split_first_chunk::<16>()?;
        let &scope = rest.first_chunk()?;
        // Port and address are in network byte order, the scope is little-endian. The standard library takes the flow
        // information as it is in memory.
        let port = u16::from_be_bytes(port);
        let flow = u32::from_le_bytes(flow);
        Some(SocketAddrV6::new(address.into(), port, flow, u32::from_le_bytes(scope)))
    }
}

/// The bytes are not an address of IPv4 or IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NotAnIpAddress(());

impl fmt::Display for NotAnIpAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an address of IPv4 or IPv6")
    }
}

impl core::error::Error for NotAnIpAddress {}

/// As [`SocketAddr::to_std`].
impl TryFrom<SocketAddr<'_>> for net::SocketAddr {
    type Error = NotAnIpAddress;

    fn try_from(address: SocketAddr<'_>) -> Result<Self, NotAnIpAddress> {
        address.to_std().ok_or(NotAnIpAddress(()))
    }
}

/// As [`SocketAddr::ip`].
impl TryFrom<SocketAddr<'_>> for net::IpAddr {
    type Error = NotAnIpAddress;

    fn try_from(address: SocketAddr<'_>) -> Result<Self, NotAnIpAddress> {
        address.ip().ok_or(NotAnIpAddress(()))
    }
}

/// Writes the text of an IPv4 address and port.
fn write_v4(f: &mut fmt::Formatter<'_>, address: SocketAddrV4) -> fmt::Result {
    match (address.ip(), address.port()) {
        (ip, 0) => write!(f, "{ip}"),
        (ip, port) => write!(f, "{ip}:{port}"),
    }
}

/// Writes the text of an IPv6 address, scope and port.
fn write_v6(f: &mut fmt::Formatter<'_>, address: SocketAddrV6) -> fmt::Result {
    let ip = Ipv6::from_bytes(address.ip().octets());
    match (address.scope_id(), address.port()) {
        (0, 0) => write!(f, "{ip}"),
        (0, port) => write!(f, "[{ip}]:{port}"),
        (scope, 0) => write!(f, "{ip}%{scope}"),
        (scope, port) => write!(f, "[{ip}%{scope}]:{port}"),
    }
}

impl fmt::Display for SocketAddr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_std() {
            Some(net::SocketAddr::V4(address)) => write_v4(f, address),
            Some(net::SocketAddr::V6(address)) => write_v6(f, address),
            None if self.bytes.is_empty() => Ok(()),
            None => write!(f, "{:#X}", self.as_binary()),
        }
    }
}

impl fmt::Debug for SocketAddr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.bytes.is_empty() { f.write_str("0x") } else { fmt::Display::fmt(self, f) }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{String, ToString as _, Vec, format, hex},
        *,
    };

    fn text(bytes: &str) -> String {
        SocketAddr::new(&hex(bytes)).to_string()
    }

    /// The first bytes as given, and zeros up to 128.
    fn storage(bytes: &str) -> Vec<u8> {
        let mut bytes = hex(bytes);
        bytes.resize(128, 0);
        bytes
    }

    #[test]
    fn ipv4_prints_as_windows_does() {
        // Vector 21.
        assert_eq!(text("0200B2AE010203040000000000000000"), "1.2.3.4:45742");
        // Vectors 39 and 40: sockaddr_storage, with leftovers after the address.
        let bytes = storage("0200F00F0A020A0B00000000000000000000FFFF0A020A0B");
        assert_eq!(SocketAddr::new(&bytes).to_string(), "10.2.10.11:61455");
        let bytes = storage("020000000A020A15");
        assert_eq!(SocketAddr::new(&bytes).to_string(), "10.2.10.21");
    }

    #[test]
    fn ipv6_prints_as_windows_does() {
        for (bytes, expected) in [
            // Vectors 1, 41, 42, 43.
            ("1700EDB0000000000000000000000000000000000000000100000000", "[::1]:60848"),
            ("170001BD00000000FE80000000000000000000000000000105000000", "[fe80::1%5]:445"),
            ("170001BD0000000000000000000000000000FFFF0102030400000000", "[::ffff:1.2.3.4]:445"),
            ("17000000000000000000000000000000000000000000000100000000", "::1"),
            // A scope without a port, and the greatest scope and port.
            ("1700000000000000FE80000000000000000000000000000105000000", "fe80::1%5"),
            ("1700FFFFFFFFFFFFFE800000000000000000000000000001FFFFFFFF", "[fe80::1%4294967295]:65535"),
        ] {
            assert_eq!(text(bytes), expected);
            assert_eq!(SocketAddr::new(&storage(bytes)).to_string(), expected);
        }
    }

    #[test]
    fn what_is_no_address_prints_as_bytes() {
        // Vector 44.
        assert_eq!(text("0100AABBCCDDEEFF"), "0x0100AABBCCDDEEFF");
        assert_eq!(text("02"), "0x02");
        assert_eq!(text("0200B2AE010203"), "0x0200B2AE010203");
        let short = "1700EDB00000000000000000000000000000000000000001000000";
        assert_eq!(text(short), format!("0x{short}"));
        assert_eq!(text(""), "");
        assert_eq!(format!("{:?}", SocketAddr::default()), "0x");
    }

    #[test]
    fn the_standard_librarys_address_has_every_part() {
        let bytes = hex("170001BD00000102FE80000000000000000000000000000105000000");
        let address = SocketAddr::new(&bytes);
        assert_eq!(address.family(), Some(23));
        let Some(net::SocketAddr::V6(v6)) = address.to_std() else { panic!("{address}") };
        assert_eq!((v6.port(), v6.scope_id(), v6.flowinfo()), (445, 5, 0x0201_0000));
        assert_eq!(*v6.ip(), "fe80::1".parse::<net::Ipv6Addr>().unwrap());
        // Eight bytes hold a complete IPv4 address.
        let bytes = hex("020001BD01020304");
        assert_eq!(SocketAddr::new(&bytes).to_std(), Some("1.2.3.4:445".parse().unwrap()));
        assert_eq!(SocketAddr::new(&[]).family(), None);
        assert_eq!(SocketAddr::new(&[2]).family(), None);
        assert_eq!(SocketAddr::new(&[1, 2]).family(), Some(0x201));
    }

    #[test]
    fn the_text_of_xml_is_that_of_the_bytes() {
        // Vector 2.
        let bytes = hex("1700EDB0000000000000000000000000000000000000000100000000");
        assert_eq!(
            SocketAddr::new(&bytes).as_binary().to_string(),
            "1700EDB0000000000000000000000000000000000000000100000000"
        );
    }

    #[test]
    fn an_address_is_one_of_the_standard_library_or_none() {
        let bytes = [2, 0, 0xC3, 0x50, 10, 1, 2, 3];
        let address = SocketAddr::new(&bytes);
        assert_eq!(net::SocketAddr::try_from(address), Ok(net::SocketAddr::from(([10, 1, 2, 3], 50000))));
        assert_eq!(net::IpAddr::try_from(address).ok(), address.ip());
        assert!(net::IpAddr::try_from(SocketAddr::new(&[9, 0])).is_err());
    }
}
