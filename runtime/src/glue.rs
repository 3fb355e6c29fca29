//! What only generated code calls. It may change in any release: a version of this crate works with the code that the
//! generator of the same version makes.

pub use crate::build::parse_build;
pub use crate::decode::{decode_as, read_as, refuse};
pub use crate::message::{AnyMessageWriter, Conversion, Printf, display_record};
pub use crate::named::{display_flags, display_named};
pub use crate::part::Part;
pub use crate::reader::Reader;
pub use crate::segment::Segment;
#[cfg(feature = "serde")]
pub use crate::value::serialize_struct;
pub use crate::value::{
    Extent, Nested, Struct, debug_struct, display_struct, hash_struct, member_of, structs_are_equal,
};
#[cfg(feature = "serde")]
pub use crate::view::serialize_record;
pub use crate::view::{AnyView, debug_record, hash_record, records_are_equal};
#[cfg(feature = "serde")]
pub use serde;
