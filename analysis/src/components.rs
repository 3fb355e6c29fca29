//! Where the server spent a request's time, as its response says.

use std::fmt;

/// A part of the server that a request passes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Component {
    /// SMB's own work.
    Processing,
    /// Waiting for a thread.
    Queue,
    /// The file system, where it answered at once.
    FileSystemFast,
    /// The file system, where it answered later.
    FileSystemSlow,
    /// Sending, where it ended at once.
    TransportFast,
    /// Sending, where it ended later.
    TransportSlow,
    /// Sending on the data plane: READ and WRITE from build 26100 on.
    TransportDp,
    /// Signing and encryption.
    Security,
}

/// So many there are.
pub(crate) const COUNT: usize = 8;

impl Component {
    /// All of them, in the order of a response's fields.
    pub const ALL: [Self; COUNT] = [
        Self::Processing,
        Self::Queue,
        Self::FileSystemFast,
        Self::FileSystemSlow,
        Self::TransportFast,
        Self::TransportSlow,
        Self::TransportDp,
        Self::Security,
    ];

    /// The name, as the fields begin: `FileSystemSlow` of `FileSystemSlowHits`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Processing => "Processing",
            Self::Queue => "Queue",
            Self::FileSystemFast => "FileSystemFast",
            Self::FileSystemSlow => "FileSystemSlow",
            Self::TransportFast => "TransportFast",
            Self::TransportSlow => "TransportSlow",
            Self::TransportDp => "TransportDP",
            Self::Security => "Security",
        }
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How the manifest ends the names of the fields that hold time. Their unit differs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Spelling {
    /// `ProcessingCycles`: builds up to 22631.
    #[default]
    Cycles,
    /// `ProcessingTime`, and `TotalTime`: from 26100 on.
    Time,
}

/// A response's components, in raw units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Components {
    pub(crate) hits: [u32; COUNT],
    pub(crate) time: [u64; COUNT],
    pub(crate) total: Option<u64>,
    pub(crate) spelling: Spelling,
}

impl Components {
    /// How often the request came to the component.
    pub fn hits(&self, component: Component) -> u32 {
        self.hits[component as usize]
    }

    /// How long it was there, in the raw unit.
    pub fn time(&self, component: Component) -> u64 {
        self.time[component as usize]
    }

    /// `TotalTime`, which builds up to 22631 have not got.
    pub fn total_time(&self) -> Option<u64> {
        self.total
    }

    /// What all components took together.
    pub fn sum(&self) -> u64 {
        sum(&self.time)
    }

    /// How the fields are named.
    pub fn spelling(&self) -> Spelling {
        self.spelling
    }

    /// The component that took the most; none if all took nothing.
    pub fn dominating(&self) -> Option<Component> {
        dominating(&self.time)
    }

    pub(crate) fn set_transport_dp(&mut self, hits: Option<u32>, time: Option<u64>) {
        self.hits[Component::TransportDp as usize] = hits.unwrap_or(0);
        self.time[Component::TransportDp as usize] = time.unwrap_or(0);
    }
}

/// What all components took together.
pub(crate) fn sum(time: &[u64; COUNT]) -> u64 {
    time.iter().fold(0, |sum, time| sum.saturating_add(*time))
}

/// The component that took the most; none if all took nothing.
pub(crate) fn dominating(time: &[u64; COUNT]) -> Option<Component> {
    let some = Component::ALL.into_iter().zip(time).filter(|(_, time)| **time > 0);
    some.max_by_key(|(_, time)| **time).map(|(component, _)| component)
}
