//! Extended items: what a session adds between an event's header and its payload.

use crate::bytes::Bytes;
use crate::error::ErrorKind;

/// The size of an item's header, in bytes.
const HEADER: usize = 8;

/// The kind of an extended item: `EVENT_HEADER_EXT_TYPE_…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemKind(pub u16);

impl ItemKind {
    /// The GUID of a related activity.
    pub const RELATED_ACTIVITYID: Self = Self(1);
    /// The user's SID.
    pub const SID: Self = Self(2);
    /// The terminal session's number.
    pub const TS_ID: Self = Self(3);
    /// The instance of a transaction.
    pub const INSTANCE_INFO: Self = Self(4);
    /// A call stack of a 32-bit process: a match id, and addresses of 4 bytes.
    pub const STACK_TRACE32: Self = Self(5);
    /// A call stack of a 64-bit process: a match id, and addresses of 8 bytes.
    pub const STACK_TRACE64: Self = Self(6);
    /// The index of a sample of processor events (PEBS).
    pub const PEBS_INDEX: Self = Self(7);
    /// Values of the processor's performance counters.
    pub const PMC_COUNTERS: Self = Self(8);
    /// The key of a packaged application.
    pub const PSM_KEY: Self = Self(9);
    /// The event's key.
    pub const EVENT_KEY: Self = Self(10);
    /// The fields' names and types of a TraceLogging event.
    pub const EVENT_SCHEMA_TL: Self = Self(11);
    /// The provider's traits: its name first.
    pub const PROV_TRAITS: Self = Self(12);
    /// The start key of the process.
    pub const PROCESS_START_KEY: Self = Self(13);
    /// The GUID by which the provider was enabled.
    pub const CONTROL_GUID: Self = Self(14);
    /// A delta of the performance counter.
    pub const QPC_DELTA: Self = Self(15);
    /// The container.
    pub const CONTAINER_ID: Self = Self(16);
    /// The key of a call stack of a 32-bit process.
    pub const STACK_KEY32: Self = Self(17);
    /// The key of a call stack of a 64-bit process.
    pub const STACK_KEY64: Self = Self(18);
}

/// An extended item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Item<'a> {
    /// Its kind.
    pub kind: ItemKind,
    /// Its bytes.
    pub data: &'a [u8],
}

/// The extended items of an event, in their order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Items<'a> {
    /// Checked: complete items, of which the last says that no other follows.
    bytes: &'a [u8],
}

impl<'a> Items<'a> {
    /// The items at the front of `bytes`. An error comes with the offset of the wrong item.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, (usize, ErrorKind)> {
        let mut at = 0;
        loop {
            let (step, linked) = measure(bytes.get(at..).unwrap_or_default()).map_err(|kind| (at, kind))?;
            at += step;
            if !linked {
                return Ok(Self { bytes: bytes.get(..at).unwrap_or_default() });
            }
        }
    }

    /// The items in these bytes, which [`parse`](Self::parse) has checked before.
    pub(super) fn checked(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// The size of the items, in bytes.
    pub(super) fn len(self) -> usize {
        self.bytes.len()
    }

    /// The data of the first item of a kind.
    pub fn find(self, kind: ItemKind) -> Option<&'a [u8]> {
        self.into_iter().find(|item| item.kind == kind).map(|item| item.data)
    }
}

/// The size of the item at the start of `bytes`, and whether another follows.
fn measure(bytes: &[u8]) -> Result<(usize, bool), ErrorKind> {
    let most = bytes.len();
    let wrong = |size: usize, least: usize| {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        ErrorKind::ItemSize { size: number(size), least: number(least), most: number(most) }
    };
    let Some(header) = ItemHeader::parse(bytes) else { return Err(wrong(most, HEADER)) };
    let size = usize::from(header.size);
    let least = HEADER + usize::from(header.length);
    if size < least || size > most {
        return Err(wrong(size, least));
    }
    Ok((size, header.link & 1 != 0))
}

/// An item's header: its size, its kind, whether another follows, and the size of its data.
#[derive(Clone, Copy)]
struct ItemHeader {
    size: u16,
    kind: u16,
    link: u16,
    length: u16,
}

impl ItemHeader {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let b = Bytes(bytes);
        Some(Self { size: b.u16(0)?, kind: b.u16(2)?, link: b.u16(4)?, length: b.u16(6)? })
    }
}

impl<'a> IntoIterator for Items<'a> {
    type Item = Item<'a>;
    type IntoIter = ItemsIter<'a>;

    fn into_iter(self) -> ItemsIter<'a> {
        ItemsIter(self.bytes)
    }
}

/// Iterator over [`Items`].
#[derive(Clone, Debug)]
pub struct ItemsIter<'a>(&'a [u8]);

impl<'a> Iterator for ItemsIter<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        let header = ItemHeader::parse(self.0)?;
        let data = Bytes(self.0).get(HEADER, header.length.into())?;
        self.0 = self.0.get(usize::from(header.size)..)?;
        Some(Item { kind: ItemKind(header.kind), data })
    }
}
