//! The tasks as people and scripts run them.

// The writer that the reader of traces is tested with.
#[path = "../../../recording/tests/it/etl_writer.rs"]
#[allow(dead_code, reason = "its other records are for the reader's own tests")]
mod etl_writer;
mod history;
mod import;
mod root;
