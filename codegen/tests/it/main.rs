//! The tests of the crate's public surface, in one binary: it links once.

mod emit_reads_ir;
mod hostile_names;
mod meanings;
mod names;
