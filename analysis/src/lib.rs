//! What many events of `Microsoft-Windows-SMBServer` say together.
#![doc = include_str!("../docs/definitions.md")]

mod analysis;
mod command;
mod components;
mod distribution;
mod exchange;
mod figures;
mod groups;
mod load;
mod names;
mod pairing;
mod report;
mod settings;
mod slowest;
mod table;
mod unit;

pub use analysis::Analysis;
pub use command::{Command, Commands};
pub use components::{Component, Components, Spelling};
pub use distribution::Distribution;
pub use figures::Figures;
pub use groups::{Dimension, Key, MOST_DIMENSIONS};
pub use load::{Load, Slice};
pub use names::Missing;
pub use report::{CountByKey, EventCounts, Group, Interims, OpenRequest, Owner, Pair, Report, Table, Unknown};
pub use settings::Settings;
pub use unit::{Calibration, Clocks, Inferred, Unit};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
