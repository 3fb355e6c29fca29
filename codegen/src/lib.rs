//! From ETW instrumentation manifests to a typed Rust crate.
//!
//! A [`Generator`] takes bytes and makes [`Files`]; it touches no disk. `cargo xtask regen` and the command `etw-codegen`
//! are callers of it. A `build.rs` needs one call, [`build::compile_manifest`].
//!
//! The flow: [`etw_schema`] reads captures and joins the builds into a [`Schema`](etw_schema::model::schema::Schema),
//! whose unit is (id, version, layout) with the builds in which it holds; a plan decides names, types and modules;
//! emitters write it down. Everything that is wrong is reported as a
//! [`Diagnostic`](etw_schema::diagnostic::Diagnostic) with file, line and element.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod build;
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
