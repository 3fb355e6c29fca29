//! Addresses and blocks of addresses.

use std::net::IpAddr;

/// A block of addresses: those whose first `bits` bits are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Network {
    address: IpAddr,
    bits: u32,
}

/// Reads `10.1.2.3`, `10.0.0.0/8`, `2001:db8::/32`.
pub(super) fn parse(text: &str) -> Result<Network, String> {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let address: IpAddr = address.parse().map_err(|_| format!("`{address}` is not an address"))?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = match bits {
        None => most,
        Some(bits) => bits
            .parse()
            .ok()
            .filter(|bits| *bits <= most)
            .ok_or_else(|| format!("expected a number from 0 to {most} after the /"))?,
    };
    Ok(Network { address, bits })
}

impl Network {
    /// Whether an address is in the block. An IPv4 address may be written as IPv6: `::ffff:10.1.2.3`.
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differing = own.to_bits() ^ other.to_bits();
                differing.leading_zeros() >= self.bits
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => (own.to_bits() ^ other.to_bits()).leading_zeros() >= self.bits,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_holds_what_begins_alike() {
        let holds = |block: &str, address: &str| parse(block).unwrap().contains(address.parse().unwrap());
        for (block, address) in [
            ("10.1.2.3", "10.1.2.3"),
            ("10.0.0.0/8", "10.255.0.1"),
            ("10.1.2.3/8", "::ffff:10.9.9.9"),
            ("0.0.0.0/0", "255.255.255.255"),
            ("2001:db8::/32", "2001:db8:ffff::1"),
            ("::/0", "::1"),
        ] {
            assert!(holds(block, address), "{block} {address}");
        }
        for (block, address) in
            [("10.0.0.0/8", "11.0.0.0"), ("10.1.2.3", "10.1.2.2"), ("::/0", "10.0.0.1"), ("fe80::/10", "2001::1")]
        {
            assert!(!holds(block, address), "{block} {address}");
        }
        for text in ["", "10", "10.0.0.0/33", "::/129", "10.0.0.0/x", "10.0.0.0/"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
