//! Which records are wanted: checked before a record is taken apart, and, where possible, before its buffer is unpacked.

use std::ops::RangeInclusive;

use etw_runtime::{FileTime, Guid};

/// Which records are wanted. An empty filter lets all pass; what is asked for must all hold.
///
/// ```
/// use etw_recording::{Filter, Guid};
///
/// let provider = Guid::from_u128(0xd48ce617_33a2_4bc3_a5c7_11aa4f29619e);
/// let filter = Filter::new().provider(provider).ids(551..=551).ids(1000..=1020);
/// assert!(filter.admits_event(provider, 1010));
/// assert!(!filter.admits_event(provider, 4));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Filter {
    providers: Vec<Guid>,
    ids: Vec<RangeInclusive<u16>>,
    since: Option<FileTime>,
    until: Option<FileTime>,
}

impl Filter {
    /// Lets all pass.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets this provider pass; of several calls, each adds one.
    #[must_use]
    pub fn provider(mut self, provider: Guid) -> Self {
        self.providers.push(provider);
        self
    }

    /// Lets events with these ids pass; of several calls, each adds a range. Records without an id do not pass any more.
    #[must_use]
    pub fn ids(mut self, ids: RangeInclusive<u16>) -> Self {
        self.ids.push(ids);
        self
    }

    /// Lets pass what was written at this time or later. Records without a time do not pass any more.
    #[must_use]
    pub fn since(mut self, time: FileTime) -> Self {
        self.since = Some(time);
        self
    }

    /// Lets pass what was written before this time. Records without a time do not pass any more.
    #[must_use]
    pub fn until(mut self, time: FileTime) -> Self {
        self.until = Some(time);
        self
    }

    /// Whether an event of this provider with this id passes, whatever its time.
    pub fn admits_event(&self, provider: Guid, id: u16) -> bool {
        self.admits_provider(provider) && self.admits_id(Some(id))
    }

    /// Whether something written at this time passes, whatever it is.
    pub fn admits_time(&self, time: Option<FileTime>) -> bool {
        match time {
            Some(time) => self.since.is_none_or(|since| since <= time) && self.until.is_none_or(|until| time < until),
            None => self.since.is_none() && self.until.is_none(),
        }
    }

    /// Whether all pass.
    pub(crate) fn is_empty(&self) -> bool {
        self.providers.is_empty() && self.ids.is_empty() && !self.asks_time()
    }

    /// Whether the time matters at all.
    pub(crate) fn asks_time(&self) -> bool {
        self.since.is_some() || self.until.is_some()
    }

    pub(crate) fn admits_provider(&self, provider: Guid) -> bool {
        self.providers.is_empty() || self.providers.contains(&provider)
    }

    pub(crate) fn admits_id(&self, id: Option<u16>) -> bool {
        self.ids.is_empty() || id.is_some_and(|id| self.ids.iter().any(|range| range.contains(&id)))
    }

    /// Whether everything up to this time is unwanted.
    pub(crate) fn refuses_all_until(&self, last: FileTime) -> bool {
        self.since.is_some_and(|since| last < since)
    }
}
