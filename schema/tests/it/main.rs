//! The tests of the crate's public surface, in one binary: it links once.

mod combine;
mod common;
mod compile;
mod compiled_faults;
mod faults;
mod man_diagnostics;
mod man_read;
mod man_write;
mod memory;
mod no_rust;
mod pe_corpus;
mod pe_hostile;
mod registered;
mod wepexplorer;
