//! The tests of the whole workspace, in one binary, which has to be linked only once.

mod allocation;
mod constructs;
mod corpus;
mod diff;
mod documented_schema;
mod encode;
mod examples;
mod freshness;
mod generated_code;
mod history_counts;
mod message_table_from_dll;
mod messages;
mod names_lock;
mod never_silently_wrong;
mod odd_manifest;
mod recorded;
mod round_trip;
mod schema_file;
mod types;
mod vectors;
