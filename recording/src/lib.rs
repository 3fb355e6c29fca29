//! Recordings of Windows events, read on any system: traces (`.etl`) by [`etl`], event logs (`.evtx`) by [`evtx`].
//!
//! Both return [`Record`]s: provider, event, time, process and payload, borrowed from the file. The crate knows no
//! provider and no schema. A crate that was generated from the provider's manifest decodes the payload: give it
//! [`Record::raw_event`].
//!
//! ```no_run
//! use etw_recording::etl::Trace;
//!
//! let mut trace = Trace::open(std::fs::File::open("trace.etl")?)?;
//! println!("build {:?}", trace.build());
//! let mut records = trace.records_by_time();
//! while let Some(record) = records.next() {
//!     match record {
//!         Ok(record) => println!("{:?} {} {:?}", record.time, record.provider, record.key),
//!         Err(error) => eprintln!("{error}"),
//!     }
//! }
//! println!("{:?}", records.stats());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Files are not trusted. What cannot be read gives an [`Error`] with its location and what was expected; as little as
//! possible is lost by it, and what is lost is counted. Memory is allocated for the bytes of the file, never for a
//! number in it.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod bytes;
mod error;
pub mod etl;
pub mod evtx;
mod filter;
mod record;
mod source;

pub use error::{Error, ErrorKind};
pub use etw_runtime::{EventKey, FileTime, Guid, PointerSize, RawEvent, Sid, Utf16};
pub use filter::Filter;
pub use record::{Place, Record};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
