//! What was read of a trace, and what was not.

/// What was read of a trace, what was not, and what the session lost.
///
/// For an uncompressed file that was read to its end, `header_bytes`, `record_bytes`, `filler_bytes`, `skipped_bytes`,
/// `unread_bytes` and `preallocated_bytes` add up to its size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Buffers found.
    pub buffers: u64,
    /// Those of them that are compressed.
    pub compressed_buffers: u64,
    /// Buffers that the filter made unnecessary to read.
    pub skipped_buffers: u64,
    /// Records that were returned.
    pub records: u64,
    /// Records that the filter refused, without those of skipped buffers.
    pub filtered: u64,
    /// Errors that were returned.
    pub errors: u64,
    /// Records with an earlier time than the one before them of the same processor.
    pub out_of_order: u64,
    /// Bytes of buffers' headers.
    pub header_bytes: u64,
    /// Bytes of records with their padding, unpacked.
    pub record_bytes: u64,
    /// Bytes of buffers after the end of their data.
    pub filler_bytes: u64,
    /// Bytes of skipped buffers, without their headers.
    pub skipped_bytes: u64,
    /// Bytes that could not be read.
    pub unread_bytes: u64,
    /// Zeros after the last buffer: space that the session never used.
    pub preallocated_bytes: u64,
    /// Events that the session lost, as the log file header counts them.
    pub events_lost: u64,
    /// Buffers that the session lost, as the log file header counts them.
    pub buffers_lost: u64,
    /// Buffers that are marked as the first one after a loss.
    pub loss_marks: u64,
}
