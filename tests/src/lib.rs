//! Test data and helpers for the tests of the whole workspace.

pub mod documented;
