//! The tests of the crate's public surface, in one binary: it links once.

mod combine;
mod common;
mod compile;
mod compiled_faults;
// The writer that the reader of traces is tested with.
#[path = "../../../recording/tests/it/etl_writer.rs"]
#[allow(dead_code, reason = "its other records are for the reader's own tests")]
mod etl_writer;
mod faults;
mod man_diagnostics;
mod man_read;
mod man_write;
mod memory;
mod no_rust;
mod pe_corpus;
mod pe_hostile;
mod registered;
mod trace;
mod wepexplorer;
