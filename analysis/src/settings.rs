//! What an analysis is asked for.

use crate::{
    command::Commands,
    groups::Dimension,
    unit::{Clocks, Unit},
};

/// What an [`Analysis`](crate::Analysis) is asked for.
#[derive(Clone, Debug)]
pub struct Settings {
    pub(crate) slice: u64,
    pub(crate) slowest: usize,
    pub(crate) slower_than: u64,
    pub(crate) commands: Commands,
    pub(crate) groupings: Vec<Vec<Dimension>>,
    pub(crate) clocks: Clocks,
    pub(crate) unit: Option<Unit>,
}

impl Default for Settings {
    /// The twenty slowest pairs, slices of a second, and groups by command, status, client, user, share and file.
    fn default() -> Self {
        use Dimension::{Client, Command, File, Share, Status, User};
        let groupings = [&[Command][..], &[Status, Command], &[Client], &[User], &[Share], &[File]];
        Self {
            slice: 10_000_000,
            slowest: 20,
            slower_than: 0,
            commands: Commands::ALL,
            groupings: groupings.map(<[Dimension]>::to_vec).to_vec(),
            clocks: Clocks::default(),
            unit: None,
        }
    }
}

impl Settings {
    /// The default.
    pub fn new() -> Self {
        Self::default()
    }

    /// The width of the slices of [`Load`](crate::Load), in ticks of 100 ns.
    #[must_use]
    pub fn with_slice(mut self, ticks: u64) -> Self {
        self.slice = ticks;
        self
    }

    /// How many of the slowest pairs are listed: 10,000 at most.
    #[must_use]
    pub fn with_slowest(mut self, most: usize) -> Self {
        self.slowest = most;
        self
    }

    /// Lists only pairs among the slowest that took so many ticks of 100 ns.
    #[must_use]
    pub fn with_slower_than(mut self, ticks: u64) -> Self {
        self.slower_than = ticks;
        self
    }

    /// Counts records of these commands only. Names are taken from all.
    #[must_use]
    pub fn with_commands(mut self, commands: Commands) -> Self {
        self.commands = commands;
        self
    }

    /// Groups records in this way too, by at most [`MOST_DIMENSIONS`](crate::MOST_DIMENSIONS) at once.
    #[must_use]
    pub fn with_grouping(mut self, dimensions: &[Dimension]) -> Self {
        let dimensions = dimensions.to_vec();
        if !dimensions.is_empty() && !self.groupings.contains(&dimensions) {
            self.groupings.push(dimensions);
        }
        self
    }

    /// The rates of the machine's clocks, which the unit of the components may be.
    #[must_use]
    pub fn with_clocks(mut self, clocks: Clocks) -> Self {
        self.clocks = clocks;
        self
    }

    /// The unit of the components, where somebody knows it.
    #[must_use]
    pub fn with_unit(mut self, unit: Unit) -> Self {
        self.unit = Some(unit);
        self
    }
}
