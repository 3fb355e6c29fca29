//! Typed events of `Microsoft-Windows-SMBServer`, the Windows file server (srv2.sys).
//!
//! An ETW payload is bytes; only the manifest registered on the machine that wrote it says what they mean, and every
//! Windows build has another one. This crate holds the manifests of several builds as Rust types, and decodes a
//! payload **for the build that wrote it**:
//!
//! ```
//! use smbserver_etw::{Build, Event, events::request::Smb2RequestEcho};
//!
//! # fn payload() -> Vec<u8> {
//! #     let mut bytes = Vec::new();
//! #     bytes.extend(7u64.to_le_bytes());
//! #     bytes.extend([0; 8 + 8 + 8 + 4 + 4]);
//! #     bytes.extend([0xAB; 16]);
//! #     bytes
//! # }
//! let payload = payload(); // an event's UserData, from a live session or an .etl file
//! let decoded = Event::decode(Build::B26100, 6, 2, &payload)?;
//! match decoded.event {
//!     Event::Smb2RequestEcho(echo) => assert_eq!(echo.session_id(), 7),
//!     other => println!("{other:?}"),
//! }
//! # Ok::<(), smbserver_etw::DecodeError>(())
//! ```
//!
//! # From a live session or a file
//!
//! All that decoding needs stands in Windows' `EVENT_RECORD`; the build is that of the machine that wrote the event. A
//! file says it in its header.
//!
//! ```
//! use smbserver_etw::{Build, Decoder, Event, EventKey, Guid, PointerSize, RawEvent};
//!
//! # fn callback(provider_id: Guid, id: u16, version: u8, flags: u16, user_data: &[u8]) {
//! let decoder = Decoder::new(Build::from_number(26100)); // once; `ver` prints 10.0.26100.6584
//!
//! // In the callback, for each record:
//! let raw = RawEvent::new(provider_id, EventKey::new(id, version), user_data) // UserData, UserDataLength bytes
//!     .with_pointer_size(PointerSize::from_header_flags(flags)); // EventHeader.Flags: 32-bit processes
//! match decoder.decode(&raw) {
//!     Ok(decoded) => println!("{decoded}"),
//!     Err(error) => eprintln!("{error}"), // Event::PROVIDER is the one provider that is decoded
//! }
//! # }
//! # callback(Event::PROVIDER, 1900, 0, 0x40, &[1, 0, 0, 0]);
//! ```
//!
//! `etw-recording` reads `.etl` and `.evtx` files on any system. An event log holds values, not payloads: that crate and
//! `smbetw` make payloads of them again. The examples `live_callback`, `file_loop` and `in_a_test` are whole programs.
//!
//! # Why the build
//!
//! Id and version do not fix a layout. At build 26100 twenty events (101–122, version 2) gained a field in mid-record
//! without a version bump, at 17763 three did (500–502): a decoder that knows only id and version reads garbage latencies there, and
//! says nothing. Here
//!
//! * [`Event::decode`] takes the layout of the build, reads it to the last byte, and refuses anything else. If the
//!   payload is that of another build's layout, the error names it: [`DecodeError::OtherLayout`]. A payload may fit both
//!   (one event, 120, has a variable field that makes it possible): then [`also_fits`](etw_runtime::Decoded::also_fits)
//!   says so.
//! * An event that the build's capture lacks, but exactly one known layout of other builds fits, is decoded, for an update
//!   may have brought it; the [`Basis`] says so and names the builds.
//! * A [`Decoder`] takes events from any source ([`RawEvent`]), without a build too: then it answers only if exactly one
//!   known layout fits. [Leniently](etw_runtime::Decoder::lenient) it reads the front of a longer payload, and hands over
//!   what is left.
//!
//! No error is a string: [`DecodeError`] carries the event, the field and the offset, is `Copy` and allocates nothing.
//!
//! # What is in an event
//!
//! [`Event`] has a variant for each event; each variant's enum (for instance
//! [`Smb2ResponseRead`](events::response::Smb2ResponseRead)) has one for each layout, and accessors for what the
//! layouts share. Where some layout of an event lacks a field, its accessor returns an `Option`; match on the layout for
//! the value itself. A layout's view borrows the payload: it allocates nothing and reads a field when it is asked for.
//!
//! Without knowing the type, [`Record::fields`] goes through names and values:
//!
//! ```
//! use smbserver_etw::{Event, Record};
//!
//! fn print(event: &Event<'_>) {
//!     for (field, value) in event.fields() {
//!         println!("{} = {value}", field.name);
//!     }
//! }
//! ```
//!
//! # The message
//!
//! `Display` of an event is the text that Windows' event viewer shows for it, and that of a [`Decoded`] is the text in
//! the words of its build. The texts of status codes are Windows' own and not free: [`Record::message`] takes a source
//! for them ([`status`] has several); without one, a code is shown by its symbolic name in brackets.
//!
//! # What numbers mean
//!
//! A manifest says that a status is a number, not that it is an NTSTATUS. Where the protocol's specification or the
//! documented schema says more, the accessor returns a type with names ([`meanings`]), and a second one the number:
//!
//! ```
//! use smbserver_etw::events::response::Smb2ResponseRead;
//!
//! fn failed(read: &Smb2ResponseRead<'_>) -> bool {
//!     read.status().is_error() // `status_raw()` is the number
//! }
//! ```
//!
//! Channels, levels, maps and meanings are newtypes over integers with constants, not enums, so that a value that nobody
//! knows survives: a `match` needs an arm `_`.
//!
//! # What the facts rest on
//!
//! Not every fact was captured from the build that it is told of. [`Build`]'s constants say for each kind of fact
//! where it comes from, and the views say it for single events.
//!
//! # Features
//!
//! * `std`: [`FileTime`] from and to the standard library's `SystemTime`.
//!
//! * `alloc`: the type `OwnedEvent`, an event with its payload, to be kept or sent to another thread.
//!
//! * `serde`: `Serialize` for events, views and values, and for [`Decoded`] and [`DecodeError`], whose objects are those
//!   that `smbetw` prints. Field names are the manifest's; integers are numbers, `HexInt`
//!   are `"0x…"` strings, GUIDs `"{…}"`, binary is upper-case hex, times are ISO 8601 in UTC.
//!
//! * `encode`: payloads from typed values (the module `encode`), to test what consumes events.
//!
#![cfg_attr(feature = "encode", doc = "```")]
#![cfg_attr(not(feature = "encode"), doc = "```ignore")]
//! use smbserver_etw::{Build, Encode, Event, encode::request::Smb2RequestNegotiateV2};
//!
//! let payload = Smb2RequestNegotiateV2 {
//!     session_id: 7,
//!     dialects: (&[0x0300, 0x0311]).into(), // `DialectCount` is what the data says
//!     ..Default::default()
//! }
//! .encode()?;
//! let decoded = Event::decode(Build::B26100, 1, 2, &payload)?;
//! # assert!(matches!(decoded.event, Event::Smb2RequestNegotiate(event) if event.dialect_count() == 2));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! * `status-names`, on by default: the names of NTSTATUS codes, some 2,850 of them. Without it a status is a number.
//!
//! * `dll` and `system-messages`: Windows' texts for status codes, from an ntdll.dll that you have read or from the
//!   Windows that the program runs on ([`status`]).
//!
//! Types that are seldom named, such as the error of `encode`, stand in [`etw_runtime`], on which the crate rests. It is
//! `no_std` and holds no `unsafe`.

#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[rustfmt::skip]
mod builds;
#[rustfmt::skip]
pub mod descriptor;
#[rustfmt::skip]
mod dispatch;
#[cfg(feature = "encode")]
#[rustfmt::skip]
pub mod encode;
#[rustfmt::skip]
pub mod events;
#[rustfmt::skip]
mod for_each_view;
#[rustfmt::skip]
pub mod maps;
#[rustfmt::skip]
pub mod meanings;
#[rustfmt::skip]
pub mod schema;

pub use builds::Build;
pub use etw_runtime;
#[cfg(feature = "encode")]
pub use etw_runtime::encode::Encode;
pub use etw_runtime::{
    Ansi, Array, ArrayValue, Basis, Binary, BuildRange, Candidates, Consulted, DecodeError, EventInfo, EventKey, Fault,
    FaultKind, FieldInfo, FileTime, Guid, HeaderInfo, InType, LayoutInfo, MapEntry, MapInfo, Meaning, Message,
    Mismatch, MismatchKind, NamedValue, NamesInfo, NtStatus, OutType, PointerSize, ProviderInfo, RawEvent, Record, Sid,
    Size, SocketAddr, StatusKind, StatusText, SystemTime, Utf16, Value, VersionInfo, View, status,
};
pub use events::{Decoded, Decoder, Event, Provider};

/// A decoded event with its payload, to be kept or sent to another thread.
///
/// ```
/// use std::sync::mpsc;
///
/// use smbserver_etw::{Build, Event, OwnedEvent};
///
/// let (sender, receiver) = mpsc::channel::<OwnedEvent>();
/// let worker = std::thread::spawn(move || receiver.iter().map(|kept| kept.event().name()).collect::<Vec<_>>());
/// {
///     let payload = [1, 0, 0, 0]; // gone when the callback returns
///     sender.send(Event::decode(Build::B26100, 1900, 0, &payload)?.into_owned())?;
/// }
/// drop(sender);
/// assert_eq!(worker.join().unwrap(), ["TdiModeEnabled"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg(feature = "alloc")]
pub type OwnedEvent = etw_runtime::OwnedEvent<Provider>;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
