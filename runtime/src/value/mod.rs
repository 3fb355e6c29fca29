//! The values that an event's fields hold, as they lie in the payload.
//!
//! Every type here is `Copy`, borrows the payload if it has more than a few bytes, allocates nothing and accepts any
//! bytes without a panic. The docs of each type say what its `Display` prints, mostly the text of Windows' XML
//! rendering. [`Value`] holds any of them, for code that knows a field only at run time.

mod ansi;
mod array;
mod binary;
mod erased;
mod guid;
mod hex;
mod ipv4;
mod ipv6;
mod list;
mod number;
mod reflect;
#[cfg(feature = "serde")]
mod ser;
mod sid;
mod socket;
mod structure;
mod text;
mod time;
mod types;
mod utf16;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use self::{
    ansi::Ansi,
    array::{Array, ArrayIter, Element},
    binary::Binary,
    erased::{ArrayValue, ArrayValueIter},
    guid::{Guid, ParseGuidError},
    ipv4::Ipv4,
    ipv6::Ipv6,
    list::{Extent, Item, ItemKind, List, ListIter, ListValue, ListValueIter},
    number::{Bool32, HexInt32, HexInt64, Pointer},
    reflect::Value,
    sid::{Sid, SubAuthorities},
    socket::{NotAnIpAddress, SocketAddr},
    structure::{Nested, Struct, StructInfo, StructValue},
    time::{FileTime, SystemTime},
    types::{InType, OutType},
    utf16::{Chars, CharsChecked, Units, Utf16},
};

pub(crate) use self::erased::read_fixed;
#[cfg(feature = "serde")]
#[doc(hidden)]
pub use self::structure::serialize_struct;
#[doc(hidden)]
pub use self::structure::{debug_struct, display_struct, hash_struct, member_of, structs_are_equal};
#[cfg(feature = "std")]
pub use self::time::TimeRangeError;
