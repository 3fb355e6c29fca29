//! What is counted of records: for all, and for each group of them.

use crate::{
    components::{self, COUNT, Component},
    distribution::Distribution,
    pairing::Answer,
};

/// The figures of some records.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    pub(crate) pairs: u64,
    pub(crate) orphans: u64,
    pub(crate) unanswered: u64,
    pub(crate) interims: u64,
    pub(crate) errors: u64,
    pub(crate) errors_paired: u64,
    pub(crate) bytes_read: u64,
    pub(crate) bytes_written: u64,
    pub(crate) bytes_paired: u64,
    pub(crate) wall: Distribution,
    pub(crate) first: Distribution,
    pub(crate) hits: [u64; COUNT],
    pub(crate) time: [u64; COUNT],
    pub(crate) time_paired: [u64; COUNT],
    pub(crate) total_time: Option<u64>,
}

impl Figures {
    /// Requests.
    pub fn requests(&self) -> u64 {
        self.pairs + self.unanswered
    }

    /// All that was answered: pairs and orphans.
    pub fn count(&self) -> u64 {
        self.pairs + self.orphans
    }

    /// Requests with their final responses.
    pub fn pairs(&self) -> u64 {
        self.pairs
    }

    /// Final responses without a request.
    pub fn orphans(&self) -> u64 {
        self.orphans
    }

    /// Requests without a final response.
    pub fn unanswered(&self) -> u64 {
        self.unanswered
    }

    /// Interim responses to requests that are there.
    pub fn interims(&self) -> u64 {
        self.interims
    }

    /// Errors among [`count`](Self::count): both top bits of the status are set, and it is not
    /// STATUS_MORE_PROCESSING_REQUIRED.
    pub fn errors(&self) -> u64 {
        self.errors
    }

    /// Errors among the pairs.
    pub fn errors_paired(&self) -> u64 {
        self.errors_paired
    }

    /// Bytes read and written, over [`count`](Self::count).
    pub fn bytes(&self) -> u64 {
        self.bytes_read + self.bytes_written
    }

    /// Bytes that READ answered.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Bytes that WRITE took.
    pub fn bytes_written(&self) -> u64 {
        self.bytes_written
    }

    /// Bytes of the pairs.
    pub fn bytes_paired(&self) -> u64 {
        self.bytes_paired
    }

    /// From request to final response, over the pairs.
    pub fn wall(&self) -> &Distribution {
        &self.wall
    }

    /// From request to its first interim response, over the requests that have one.
    pub fn first(&self) -> &Distribution {
        &self.first
    }

    /// How often requests came to the component, over [`count`](Self::count).
    pub fn hits(&self, component: Component) -> u64 {
        self.hits[component as usize]
    }

    /// How long they were there, in the raw unit.
    pub fn time(&self, component: Component) -> u64 {
        self.time[component as usize]
    }

    /// How long the requests of the pairs were there, in the raw unit: what can be held against [`wall`](Self::wall).
    pub fn time_paired(&self, component: Component) -> u64 {
        self.time_paired[component as usize]
    }

    /// What all components took together, in the raw unit.
    pub fn component_sum(&self) -> u64 {
        components::sum(&self.time)
    }

    /// The component that took the most; none if all took nothing.
    pub fn dominating(&self) -> Option<Component> {
        components::dominating(&self.time)
    }

    /// The component's part of what all took; zero if none took anything.
    #[expect(clippy::cast_precision_loss, reason = "it is a part, shown with a few digits")]
    pub fn share(&self, component: Component) -> f64 {
        let sum = self.component_sum();
        if sum == 0 { 0.0 } else { self.time(component) as f64 / sum as f64 }
    }

    /// `TotalTime`, in the raw unit; none where no response had it.
    pub fn total_time(&self) -> Option<u64> {
        self.total_time
    }

    /// A request with its answer, or an answer alone.
    pub(crate) fn add_answer(&mut self, answer: &Answer) {
        let response = &answer.response;
        let is_error = u64::from(answer.is_error());
        match answer.request {
            Some(request) => {
                self.pairs += 1;
                self.errors_paired += is_error;
                self.bytes_paired += answer.bytes();
                self.wall.add(answer.wall());
                add_each(&mut self.time_paired, response.components.time);
                self.add_interims(request.interims, request.first);
            }
            None => self.orphans += 1,
        }
        self.errors += is_error;
        self.bytes_read += u64::from(response.bytes_read);
        self.bytes_written += u64::from(response.bytes_written);
        add_each(&mut self.hits, response.components.hits.map(u64::from));
        add_each(&mut self.time, response.components.time);
        add_known(&mut self.total_time, response.components.total);
    }

    /// A request that nobody answered.
    pub(crate) fn add_unanswered(&mut self, interims: u32, first: Option<u64>) {
        self.unanswered += 1;
        self.add_interims(interims, first);
    }

    fn add_interims(&mut self, interims: u32, first: Option<u64>) {
        self.interims += u64::from(interims);
        if let Some(ticks) = first {
            self.first.add(ticks);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.pairs += other.pairs;
        self.orphans += other.orphans;
        self.unanswered += other.unanswered;
        self.interims += other.interims;
        self.errors += other.errors;
        self.errors_paired += other.errors_paired;
        self.bytes_read += other.bytes_read;
        self.bytes_written += other.bytes_written;
        self.bytes_paired += other.bytes_paired;
        self.wall.merge(&other.wall);
        self.first.merge(&other.first);
        add_each(&mut self.hits, other.hits);
        add_each(&mut self.time, other.time);
        add_each(&mut self.time_paired, other.time_paired);
        add_known(&mut self.total_time, other.total_time);
    }
}

fn add_each(sums: &mut [u64; COUNT], more: [u64; COUNT]) {
    for (sum, more) in sums.iter_mut().zip(more) {
        *sum = sum.saturating_add(more);
    }
}

/// Adds what not every response has. Without any the sum stays none.
pub(crate) fn add_known(sum: &mut Option<u64>, more: Option<u64>) {
    if let Some(more) = more {
        *sum = Some(sum.unwrap_or(0).saturating_add(more));
    }
}
