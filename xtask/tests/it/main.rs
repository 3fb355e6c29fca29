//! The commands, run as a user runs them.

mod generate;
mod history;
mod import;
