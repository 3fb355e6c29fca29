//! Tasks for people who work on this repository: generate the crate, look at the schema, run what CI runs.

mod builds;
mod captures;
mod ci;
mod compile;
mod diff;
mod generate;
mod import;
mod listing;
mod manifests;
mod print;
mod regen;
mod schema;
mod show;

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
    /// Prints the merged schema as one build sees it, or all that captures hold
    Schema(schema::Options),
    /// Says what changed between two builds or manifests, and whether it breaks a consumer
    Diff(diff::Options),
    /// Tells the history of one event through all builds
    Show(show::Options),
    /// Lists the captured builds and where their facts come from
    Builds(builds::Options),
    /// Generates a typed crate for any provider, from captures in any format
    Generate(generate::Options),
    /// Takes captures of a Windows build into manifests/smbserver
    Import(import::Options),
    /// Compiles a manifest to the binary form that Windows registers
    Compile(compile::Options),
    /// Runs what CI runs: formatting, freshness, lints, tests, docs, other targets, packages
    Ci(ci::Options),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Diff(options) => diff::run(&options),
        Task::Regen(options) => regen::run(&options).map(|()| ExitCode::SUCCESS),
        Task::Schema(options) => schema::run(&options).map(|()| ExitCode::SUCCESS),
        Task::Show(options) => show::run(&options).map(|()| ExitCode::SUCCESS),
        Task::Builds(options) => builds::run(&options).map(|()| ExitCode::SUCCESS),
        Task::Generate(options) => generate::run(&options).map(|()| ExitCode::SUCCESS),
        Task::Compile(options) => compile::run(&options).map(|()| ExitCode::SUCCESS),
        Task::Import(options) => import::run(&options).map(|()| ExitCode::SUCCESS),
        Task::Ci(options) => ci::run(&options).map(|()| ExitCode::SUCCESS),
    };
    match done {
        Ok(code) => code,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
