//! An event before it is decoded: what any source of events provides, a recording or a live session.

use core::fmt;

use crate::Guid;

/// Which event a payload belongs to: the id and version in the event's header.
///
/// `Display` prints `event 551 version 2`. The key does not fix the layout: the build is needed as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventKey {
    /// The id.
    pub id: u16,
    /// The version.
    pub version: u8,
}

impl EventKey {
    /// The key of this id and version.
    #[must_use]
    pub const fn new(id: u16, version: u8) -> Self {
        Self { id, version }
    }
}

impl fmt::Display for EventKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event {} version {}", self.id, self.version)
    }
}

/// The size of the pointers in a payload. The event header's 32-bit or 64-bit flag gives it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PointerSize {
    /// 4 bytes: the event header has `EVENT_HEADER_FLAG_32_BIT_HEADER`.
    Bits32,
    /// 8 bytes: the event header has `EVENT_HEADER_FLAG_64_BIT_HEADER`.
    #[default]
    Bits64,
}

impl PointerSize {
    /// `EVENT_HEADER_FLAG_32_BIT_HEADER`.
    const FLAG_32_BIT_HEADER: u16 = 0x0020;

    /// The size by the `Flags` of an `EVENT_HEADER`. Without either flag it is that of a 64-bit process.
    #[must_use]
    pub const fn from_header_flags(flags: u16) -> Self {
        if flags & Self::FLAG_32_BIT_HEADER == 0 { Self::Bits64 } else { Self::Bits32 }
    }

    /// The bytes of one pointer.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::Bits32 => 4,
            Self::Bits64 => 8,
        }
    }
}

/// An event as it was recorded: exactly what decoding needs.
///
/// A reader of files and a live session make one; a decoder takes it. In terms of Windows' `EVENT_RECORD`, `provider` is
/// `EventHeader.ProviderId`, `key` is `EventHeader.EventDescriptor`'s `Id` and `Version`, `pointer_size` follows from
/// `EventHeader.Flags`, and `payload` is `UserData` with its `UserDataLength`.
///
/// ```
/// use etw_runtime::{EventKey, Guid, PointerSize, RawEvent};
///
/// const PROVIDER: Guid = Guid::from_u128(0xd48ce617_33a2_4bc3_a5c7_11aa4f29619e);
/// let raw = RawEvent::new(PROVIDER, EventKey::new(1900, 0), &[1, 0, 0, 0])
///     .with_pointer_size(PointerSize::from_header_flags(0x0240))
///     .with_build(26100);
/// assert_eq!(raw.key.to_string(), "event 1900 version 0");
/// assert_eq!(raw.pointer_size, PointerSize::Bits64);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct RawEvent<'a> {
    /// The provider that wrote it.
    pub provider: Guid,
    /// Its id and version.
    pub key: EventKey,
    /// The size of its pointers: that of the process that wrote it.
    pub pointer_size: PointerSize,
    /// The Windows build that wrote it, if the source knows it.
    pub build: Option<u32>,
    /// The bytes of its fields.
    pub payload: &'a [u8],
}

impl<'a> RawEvent<'a> {
    /// An event of a 64-bit process on an unknown build.
    #[must_use]
    pub const fn new(provider: Guid, key: EventKey, payload: &'a [u8]) -> Self {
        Self { provider, key, pointer_size: PointerSize::Bits64, build: None, payload }
    }

    /// The same event with pointers of this size.
    #[must_use]
    pub const fn with_pointer_size(mut self, pointer_size: PointerSize) -> Self {
        self.pointer_size = pointer_size;
        self
    }

    /// The same event, written by this build.
    #[must_use]
    pub const fn with_build(mut self, build: u32) -> Self {
        self.build = Some(build);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_ordered_by_id_and_then_by_version() {
        assert!(EventKey::new(4, 2) < EventKey::new(5, 0));
        assert!(EventKey::new(5, 0) < EventKey::new(5, 1));
    }

    #[test]
    fn the_flag_of_32_bit_processes_decides_the_pointers() {
        assert_eq!(PointerSize::from_header_flags(0x0020), PointerSize::Bits32);
        assert_eq!(PointerSize::from_header_flags(0x0040), PointerSize::Bits64);
        assert_eq!(PointerSize::from_header_flags(0), PointerSize::Bits64);
    }
}
