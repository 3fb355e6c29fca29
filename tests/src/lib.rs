//! Test data and helpers for the tests of the whole workspace.
//!
//! Decoding is compared with independent code here: an [`encoder`] and a [`walk`] over payloads, written from the
//! manifests' model and the rules of the wire format. Neither uses the runtime or generated code.

pub mod documented;
pub mod encoder;
pub mod manifests;
pub mod random;
pub mod reflected;
pub mod walk;
