//! The filter of records. It is applied before a record is read in full and, if possible, before its buffer is
//! unpacked.

use std::ops::RangeInclusive;

use etw_runtime::{FileTime, Guid};

/// Which records are wanted. An empty filter lets all records pass. A record must meet all conditions.
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
    /// A filter that lets all records pass.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only lets events of this provider pass. Each call adds a provider.
    #[must_use]
    pub fn provider(mut self, provider: Guid) -> Self {
        self.providers.push(provider);
        self
    }

    /// Only lets events with these ids pass. Each call adds a range. Records without an id do not pass.
    #[must_use]
    pub fn ids(mut self, ids: RangeInclusive<u16>) -> Self {
        self.ids.push(ids);
        self
    }

    /// Only lets events from this time or later pass. Records without a time do not pass.
    #[must_use]
    pub fn since(mut self, time: FileTime) -> Self {
        self.since = Some(time);
        self
    }

    /// Only lets events from before this time pass. Records without a time do not pass.
    #[must_use]
    pub fn until(mut self, time: FileTime) -> Self {
        self.until = Some(time);
        self
    }

    /// Whether events of this provider with this id pass, apart from their time.
    pub fn admits_event(&self, provider: Guid, id: u16) -> bool {
        self.admits_provider(provider) && self.admits_id(Some(id))
    }

    /// Whether events of this time pass, apart from provider and id.
    pub fn admits_time(&self, time: Option<FileTime>) -> bool {
        match time {
            Some(time) => self.since.is_none_or(|since| since <= time) && self.until.is_none_or(|until| time < until),
            None => self.since.is_none() && self.until.is_none(),
        }
    }

    /// Whether all records pass.
    pub(crate) fn is_empty(&self) -> bool {
        self.providers.is_empty() && self.ids.is_empty() && !self.asks_time()
    }

    /// Whether there is a condition on the time.
    pub(crate) fn asks_time(&self) -> bool {
        self.since.is_some() || self.until.is_some()
    }

    pub(crate) fn admits_provider(&self, provider: Guid) -> bool {
        self.providers.is_empty() || self.providers.contains(&provider)
    }

    pub(crate) fn admits_id(&self, id: Option<u16>) -> bool {
        self.ids.is_empty() || id.is_some_and(|id| self.ids.iter().any(|range| range.contains(&id)))
    }

    /// Whether no record up to this time passes.
    pub(crate) fn refuses_all_until(&self, last: FileTime) -> bool {
        self.since.is_some_and(|since| last < since)
    }
}
