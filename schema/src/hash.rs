//! FNV-1a: stable for all time and simple. It guards against slips, not against malice.

/// The hash of nothing.
pub const FNV_SEED: u64 = 0xcbf2_9ce4_8422_2325;

/// The hash of the bytes hashed so far, followed by these bytes.
pub fn fnv_1a(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
