//! Recordings of Windows events, read on any system: traces (`.etl`) by [`etl`], event logs (`.evtx`) by [`evtx`].
//!
//! Both hand out [`Record`]s: provider, event, time, process and payload, borrowed from the file. The crate knows no
//! provider and no schema: what a payload means is for a crate that was generated from the provider's manifest, which takes
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
//! Nothing in a file is believed: whatever cannot be read is an [`Error`] that says where and what was expected, costs as
//! little as possible, and is counted. Memory does not follow a number in the file, only bytes that are there.
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
