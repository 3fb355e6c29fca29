//! What the command `etw-codegen` and the tasks of this repository share: [`captures`] as people give them,
//! [`diagnostics`] as people read them, [`files`] that are written whole or not at all, and the command's own parts,
//! [`generate`], [`schema`], [`compile`] and [`diff`].

pub mod captures;
pub mod compile;
pub mod diagnostics;
pub mod diff;
pub mod document;
pub mod failure;
pub mod files;
pub mod generate;
pub mod print;
pub mod schema;

pub use failure::{Failure, Result};
