//! How the types of one generated crate belong together.

use core::fmt::{Debug, Display};
use core::hash::Hash;

use crate::reader::Reader;
use crate::{DecodeError, Decoded, Fault, ProviderInfo, Record};

/// A provider: its schema, and the types that a generated crate has for it.
///
/// Only generated code implements it; a later version may have more required items.
pub trait Provider: Copy + Debug + Default + Ord + Hash + Send + Sync + 'static {
    /// The schema.
    const INFO: &'static ProviderInfo;

    /// The enum over all its events.
    type Event<'a>: Events<'a, Provider = Self>;
    /// A Windows build.
    type Build: Copy + Debug + Display + From<u32> + Into<u32>;
    /// The channel that an event is written to.
    type Channel: Copy + Debug + Display + From<u8>;
    /// The severity of an event.
    type Level: Copy + Debug + Display + From<u8>;
    /// The step of an activity that an event reports.
    type Opcode: Copy + Debug + Display + From<u8>;
    /// The component or activity that an event belongs to.
    type Task: Copy + Debug + Display + From<u16>;
    /// The groups that an event belongs to.
    type Keywords: Copy + Debug + Display + From<u64> + Into<u64>;

    /// Whether some of these keywords have a name.
    #[doc(hidden)]
    fn names_keyword(keywords: Self::Keywords) -> bool;

    /// What Windows shows for an opcode in an event of this task.
    #[doc(hidden)]
    fn name_opcode(opcode: Self::Opcode, task: Self::Task) -> Option<&'static str>;
}

/// Every event of a provider, as one generated enum.
///
/// Only generated code implements it; a later version may have more required items.
pub trait Events<'a>: Record<'a> {
    /// The provider.
    type Provider: Provider;

    /// Decodes a payload of a known build, to its last byte: a generated `match` that calls `decode_as` for a layout
    /// that the build has, and `refuse` for everything else.
    #[doc(hidden)]
    fn decode(build: u32, id: u16, version: u8, payload: &'a [u8]) -> Result<Decoded<'a, Self>, DecodeError>;

    /// Reads the view of the layout with this index.
    #[doc(hidden)]
    fn read(index: u16, reader: &mut Reader<'a>) -> Result<Self, Fault>;
}
