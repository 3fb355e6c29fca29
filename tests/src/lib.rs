//! Test data and helpers for the tests of the whole workspace.
//!
//! What decoding is held against is written anew here, from the manifests' model and the rules of the wire: an
//! [`encoder`] and a [`walk`] over payloads. Neither calls the runtime or looks at generated code.

pub mod documented;
pub mod encoder;
pub mod manifests;
pub mod random;
pub mod reflected;
pub mod walk;
