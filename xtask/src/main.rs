//! Tasks for people who work on this repository: generate the crate, look at the schema, run what CI runs.

mod ci;
mod manifests;
mod regen;
mod schema;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What a task says when it could not do its work: one line or more for a person.
type Result<T> = std::result::Result<T, String>;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about, version, after_help = AFTER_HELP)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

const AFTER_HELP: &str = "\
The manifests live in manifests/smbserver, the generated crate in generated/. After changing a manifest,
overrides.toml or the generator, run `cargo xtask regen` and commit what it wrote.";

#[derive(Subcommand)]
enum Task {
    /// Generates the crate `smbserver-etw` from manifests/smbserver
    Regen(regen::Options),
    /// Prints the merged schema as one build sees it
    Schema(schema::Options),
    /// Runs what CI runs: tests, freshness, formatting, lints, docs
    Ci,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Regen(options) => regen::run(&options),
        Task::Schema(options) => schema::run(&options),
        Task::Ci => ci::run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
