//! What ETW manifests say, as data: readers of every form in which they are met, one schema over many builds, and what
//! changed between them. The crate knows no Rust code and touches no disk.
//!
//! [`source`] reads a capture into a [`model::Manifest`]; [`combine`] puts several captures of one build together;
//! [`merge`](mod@merge) joins the builds of a provider into a [`model::schema::Schema`], whose unit is (id, version,
//! layout) with the builds in which it holds; [`validate`](mod@validate) reports what only shows across builds;
//! [`diff`] compares two builds or files; [`compile`] makes the binary form that Windows registers. Everything that is
//! wrong is reported as a [`diagnostic::Diagnostic`] with file, line and element.
//!
//! ```
//! use etw_schema::source::{self, File};
//!
//! let manifest = br#"<instrumentationManifest xmlns="http://schemas.microsoft.com/win/2004/08/events">
//!   <instrumentation><events>
//!     <provider name="Example" guid="{01234567-89ab-cdef-0123-456789abcdef}" symbol="EXAMPLE"
//!         resourceFileName="example.dll" messageFileName="example.dll">
//!       <events><event value="1" symbol="Started" level="win:Informational"/></events>
//!     </provider>
//!   </events></instrumentation>
//! </instrumentationManifest>"#;
//! let (sources, diagnostics) = source::read_all(&[File { name: "example.man", bytes: manifest }]);
//! assert!(diagnostics.is_empty(), "{diagnostics}");
//! assert_eq!(sources[0].manifest.providers[0].events[0].id, 1);
//! ```
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod combine;
pub mod compile;
pub mod diagnostic;
pub mod diff;
pub mod hash;
pub mod merge;
pub mod message;
pub mod model;
pub mod schema_file;
pub mod settings;
pub mod source;
pub mod validate;
pub mod visible;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
