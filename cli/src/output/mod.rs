//! How answers are written: as text for people, as JSON and tables for programs. No output knows where events come from.

pub(crate) mod csv;
pub(crate) mod header;
pub(crate) mod json;
pub(crate) mod lines;
pub(crate) mod sink;
pub(crate) mod text;
pub(crate) mod timesketch;
