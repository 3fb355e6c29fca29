//! How answers are written: as text for people, as JSON and tables for programs. Outputs do not depend on the source of
//! events.

pub(crate) mod csv;
pub(crate) mod header;
pub(crate) mod json;
pub(crate) mod json_text;
pub(crate) mod latency;
pub(crate) mod lines;
pub(crate) mod sink;
pub(crate) mod text;
pub(crate) mod timesketch;
