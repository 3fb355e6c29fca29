//! Three layouts as they would be written by hand, for one build each, without this project.
//!
//! Plain safe Rust, and the fastest that is still careful: one bounds check for each run of fixed fields, fields read
//! when they are asked for, nothing left over at the end. They say less than the generated views: a payload that does
//! not fit is `None`, whatever the reason.

/// The bytes of a field. `at` is a literal wherever this is called, so the check is gone after inlining.
#[inline]
fn bytes<const SIZE: usize, const N: usize>(from: &[u8; N], at: usize) -> [u8; SIZE] {
    let mut out = [0; SIZE];
    out.copy_from_slice(&from[at..at + SIZE]);
    out
}

/// Getters of little-endian integers: name, type and offset.
macro_rules! integers {
    ($part:ident: $($name:ident: $type:ident = $at:literal),+ $(,)?) => {
        $(#[inline] pub(crate) fn $name(&self) -> $type { $type::from_le_bytes(bytes(self.$part, $at)) })+
    };
}

/// Getters of GUIDs: name and offset.
macro_rules! guids {
    ($part:ident: $($name:ident = $at:literal),+ $(,)?) => {
        $(#[inline] pub(crate) fn $name(&self) -> [u8; 16] { bytes(self.$part, $at) })+
    };
}

/// Getters of Win32's BOOL: name and offset.
macro_rules! booleans {
    ($part:ident: $($name:ident = $at:literal),+ $(,)?) => {
        $(#[inline] pub(crate) fn $name(&self) -> bool { u32::from_le_bytes(bytes(self.$part, $at)) != 0 })+
    };
}

/// Getters of what the parser has already found.
macro_rules! slices {
    ($($name:ident),+ $(,)?) => {
        $(#[inline] pub(crate) fn $name(&self) -> &'a [u8] { self.$name })+
    };
}

/// A `u16` and as many elements of `size` bytes.
#[inline]
fn counted(from: &[u8], size: usize) -> Option<(&[u8], &[u8])> {
    let (count, rest) = from.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_le_bytes(*count)) * size)
}

/// The number of UTF-16 units; a `u16` counted them.
#[inline]
fn units(text: &[u8]) -> u16 {
    count(text.len() / 2)
}

#[inline]
fn count(len: usize) -> u16 {
    u16::try_from(len).unwrap_or(u16::MAX)
}

/// Event 111, version 2, of build 26100: all fixed.
pub(crate) struct ResponseRead<'a> {
    all: &'a [u8; 228],
}

impl<'a> ResponseRead<'a> {
    #[inline]
    pub(crate) fn parse(payload: &'a [u8]) -> Option<Self> {
        Some(Self { all: payload.try_into().ok()? })
    }

    integers! { all:
        session_id: u64 = 0,
        process_id: u32 = 8,
        tree_id: u32 = 12,
        message_id: u64 = 16,
        master_message_id: u64 = 24,
        command: u16 = 32,
        credits_granted: u16 = 34,
        flags: u32 = 36,
        status: u32 = 40,
        srv2_instance: u32 = 44,
        processing_hits: u32 = 48,
        processing_time: u64 = 52,
        queue_hits: u32 = 60,
        queue_time: u64 = 64,
        file_system_fast_hits: u32 = 72,
        file_system_fast_time: u64 = 76,
        file_system_slow_hits: u32 = 84,
        file_system_slow_time: u64 = 88,
        transport_fast_hits: u32 = 96,
        transport_fast_time: u64 = 100,
        transport_slow_hits: u32 = 108,
        transport_slow_time: u64 = 112,
        transport_dp_hits: u32 = 120,
        transport_dp_time: u64 = 124,
        security_hits: u32 = 132,
        security_time: u64 = 136,
        total_time: u64 = 144,
        length_read: u32 = 152,
        file_id: u64 = 220,
    }

    guids! { all: connection_guid = 156, session_guid = 172, tree_connect_guid = 188, file_guid = 204 }
}

/// Event 4, version 2: a counted string in the middle.
pub(crate) struct TreeConnect<'a> {
    head: &'a [u8; 42],
    path: &'a [u8],
    tail: &'a [u8; 32],
}

impl<'a> TreeConnect<'a> {
    #[inline]
    pub(crate) fn parse(payload: &'a [u8]) -> Option<Self> {
        let (head, rest) = payload.split_first_chunk::<42>()?;
        let units = u16::from_le_bytes(bytes(head, 40));
        let (path, tail) = rest.split_at_checked(usize::from(units) * 2)?;
        Some(Self { head, path, tail: tail.try_into().ok()? })
    }

    integers! { head:
        session_id: u64 = 0,
        process_id: u32 = 8,
        tree_id: u32 = 12,
        message_id: u64 = 16,
        master_message_id: u64 = 24,
        command: u16 = 32,
        credits_requested: u16 = 34,
        flags: u32 = 36,
        path_length: u16 = 40,
    }

    slices! { path }

    guids! { tail: connection_guid = 0, session_guid = 16 }
}

/// Event 1016, version 0: five counted fields.
pub(crate) struct ReopenFailure<'a> {
    head: &'a [u8; 32],
    client_name: &'a [u8],
    client_address: &'a [u8],
    share_name: &'a [u8],
    user_name: &'a [u8],
    session: &'a [u8; 8],
    file_name: &'a [u8],
    tail: &'a [u8; 32],
}

impl<'a> ReopenFailure<'a> {
    #[inline]
    pub(crate) fn parse(payload: &'a [u8]) -> Option<Self> {
        let (head, rest) = payload.split_first_chunk::<32>()?;
        let (client_name, rest) = counted(rest, 2)?;
        let (client_address, rest) = counted(rest, 1)?;
        let (share_name, rest) = counted(rest, 2)?;
        let (user_name, rest) = counted(rest, 2)?;
        let (session, rest) = rest.split_first_chunk::<8>()?;
        let (file_name, tail) = counted(rest, 2)?;
        let tail = tail.try_into().ok()?;
        Some(Self { head, client_name, client_address, share_name, user_name, session, file_name, tail })
    }

    integers! { head: status: u32 = 0, translated_status: u32 = 4, rkf_status: u32 = 8, translated_rkf_status: u32 = 12 }

    guids! { head: connection_guid = 16 }

    #[inline]
    pub(crate) fn client_name_length(&self) -> u16 {
        units(self.client_name)
    }

    #[inline]
    pub(crate) fn client_address_length(&self) -> u16 {
        count(self.client_address.len())
    }

    #[inline]
    pub(crate) fn share_name_length(&self) -> u16 {
        units(self.share_name)
    }

    #[inline]
    pub(crate) fn user_name_length(&self) -> u16 {
        units(self.user_name)
    }

    #[inline]
    pub(crate) fn file_name_length(&self) -> u16 {
        units(self.file_name)
    }

    slices! { client_name, client_address, share_name, user_name, file_name }

    integers! { session: session_id: u64 = 0 }

    booleans! { tail: durable_handle = 0, resilient_handle = 4, persistent_handle = 8 }

    guids! { tail: resume_key = 12 }

    integers! { tail: reason: u32 = 28 }
}
