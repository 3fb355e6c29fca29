//! Readers: one module a capture format, each from bytes to [`crate::model::Manifest`].

pub mod man;
