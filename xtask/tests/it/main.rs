//! The tasks as people and scripts run them.

mod history;
mod import;
mod root;
