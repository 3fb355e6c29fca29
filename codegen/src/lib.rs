//! From ETW instrumentation manifests to a typed Rust crate.
//!
//! The library touches no disk: bytes go in, [`Files`] come out. `cargo xtask regen` is a thin caller of it, and a
//! `build.rs` can be another:
//!
//! ```no_run
//! // build.rs, with etw-codegen as a build-dependency and etw-runtime as a dependency
//! use std::{env, fs, path::Path};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let manifest = "my-provider.man";
//!     println!("cargo::rerun-if-changed={manifest}");
//!     let mut generator = etw_codegen::Generator::new();
//!     generator.add_manifest(manifest, 26100, &fs::read(manifest)?);
//!     let output = generator.generate_single_file();
//!     for diagnostic in output.diagnostics.all() {
//!         println!("cargo::warning={diagnostic}");
//!     }
//!     fs::write(Path::new(&env::var("OUT_DIR")?).join("my_provider.rs"), &output.files.0[etw_codegen::SINGLE_FILE])?;
//!     Ok(())
//! }
//! ```
//!
//! ```ignore
//! // lib.rs
//! pub mod my_provider {
//!     include!(concat!(env!("OUT_DIR"), "/my_provider.rs"));
//! }
//! ```
//!
//! The flow: [`etw_schema`] reads captures and joins the builds into a [`Schema`](etw_schema::model::schema::Schema),
//! whose unit is (id, version, layout) with the builds in which it holds; a plan decides names, types and modules;
//! emitters write it down. Everything that is wrong is reported as a
//! [`Diagnostic`](etw_schema::diagnostic::Diagnostic) with file, line and element.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod emit;
mod format;
mod generator;
pub mod history;
mod identifier;
pub mod meanings;
pub mod names_lock;
pub mod overrides;
mod plan;
pub mod scaffold;
pub mod semver;

pub use etw_schema;
pub use format::HEADER;
pub use generator::{Files, Generator, Output, SINGLE_FILE, Setting};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
