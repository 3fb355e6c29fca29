//! What the readers find in files: in files that others recorded, compared with the output of an independent reader,
//! and in our own, from writers that were written from the descriptions of the formats and share no code with the
//! readers.

mod corpus;
mod etl_corpus;
mod etl_made;
mod etl_writer;
mod evtx_corpus;
mod evtx_made;
mod evtx_writer;
mod hostile;
