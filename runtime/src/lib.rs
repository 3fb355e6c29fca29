//! What code generated from ETW manifests calls: a checked reader, borrowed value types, typed errors, the rules
//! for choosing a layout, and reflection.
//!
//! The crate knows no provider. It is `no_std`, holds no `unsafe`, allocates nothing and depends on nothing, unless a
//! feature asks for it: the feature `serde` adds `Serialize` for the value types and for generated records, the feature
//! `system-messages` asks Windows for the texts of status codes, the feature `dll` finds them in an ntdll.dll
//! ([`status`]).
//!
//! Start at the generated crate; come here for the types that its accessors return ([`Utf16`], [`Guid`],
//! [`SocketAddr`] …), for the errors ([`DecodeError`]) and for reflection ([`Record`], [`Value`], [`FieldInfo`]).

#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod build;
mod decode;
mod decoded;
mod decoder;
#[cfg(feature = "encode")]
pub mod encode;
mod error;
#[doc(hidden)]
pub mod glue;
mod info;
mod meaning;
mod message;
mod named;
#[cfg(feature = "alloc")]
mod owned;
mod part;
mod provider;
mod raw;
mod reader;
mod segment;
#[cfg(feature = "serde")]
mod serialize;
pub mod status;
pub mod value;
mod view;

pub use build::ParseBuildError;
pub use decoded::{Basis, Decoded};
pub use decoder::Decoder;
pub use error::{Candidates, Consulted, DecodeError, Fault, FaultKind, Mismatch, MismatchKind};
pub use info::{
    BuildRange, EventInfo, FieldInfo, HeaderInfo, LEVELS, LayoutInfo, MapEntry, MapInfo, ProviderInfo, Size,
    VersionInfo,
};
pub use meaning::{Meaning, NamedValue, NamesInfo, ValueName};
pub use message::{Code, Message, MessageWriter};
#[cfg(feature = "alloc")]
pub use owned::OwnedEvent;
pub use provider::{Events, Provider};
pub use raw::{EventKey, PointerSize, RawEvent};
pub use status::{NtStatus, StatusKind, StatusText, write_status};
pub use value::{
    Ansi, Array, ArrayValue, Binary, Bool32, FileTime, Guid, HexInt32, HexInt64, InType, Ipv4, Ipv6, List, ListValue,
    OutType, Pointer, Sid, SocketAddr, StructInfo, StructValue, SystemTime, Utf16, Value,
};
pub use view::{Record, View};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
