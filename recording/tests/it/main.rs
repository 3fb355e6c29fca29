//! What the readers make of files: other people's, with the output of an independent reader beside them, and our own, made
//! from the formats' descriptions by writers that share nothing with the readers.

mod corpus;
mod etl_corpus;
mod etl_made;
mod etl_writer;
mod evtx_corpus;
mod evtx_made;
mod evtx_writer;
mod hostile;
