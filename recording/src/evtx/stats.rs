//! What was read of a log, and what was not.

/// What was read of a log, and what was not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Chunks found.
    pub chunks: u64,
    /// Records that were returned.
    pub records: u64,
    /// Those of them that the log has deleted.
    pub recovered: u64,
    /// Records that the filter refused.
    pub filtered: u64,
    /// Errors that were returned.
    pub errors: u64,
    /// Checksums that are wrong. The first few are errors too; what they are of is read all the same.
    pub wrong_checksums: u64,
    /// Bytes that could not be read, of chunks and of records.
    pub unread_bytes: u64,
    /// Bytes of chunks that were never used: all zero.
    pub empty_bytes: u64,
}
