//! The tests of the crate's public surface, in one binary: it links once.

mod meanings;
mod names;
