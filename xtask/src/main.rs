//! Tasks for people who work on this repository: generate the crate, look at the schema, run what CI runs. What any
//! provider needs is in `etw-codegen-cli`.

mod builds;
mod ci;
mod diff;
mod import;
mod manifests;
mod regen;
mod schema;
mod show;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use etw_codegen_cli::{Failure, Result, failure};

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about, version, after_help = AFTER_HELP)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

const AFTER_HELP: &str = "\
The manifests live in manifests/smbserver, the generated crate in generated/.
After changing a manifest, overrides.toml or the generator, run `cargo xtask regen`
and commit what it wrote. `cargo etw-codegen` serves any other provider.";

#[derive(Subcommand)]
enum Task {
    Regen(regen::Options),
    Schema(schema::Options),
    Diff(diff::Options),
    Show(show::Options),
    Builds(builds::Options),
    Import(import::Options),
    Ci(ci::Options),
}

fn main() -> ExitCode {
    failure::exit(match Arguments::parse().task {
        Task::Diff(options) => diff::run(&options),
        Task::Regen(options) => regen::run(&options).map(|()| ExitCode::SUCCESS),
        Task::Schema(options) => schema::run(&options).map(|()| ExitCode::SUCCESS),
        Task::Show(options) => show::run(&options).map(|()| ExitCode::SUCCESS),
        Task::Builds(options) => builds::run(&options).map(|()| ExitCode::SUCCESS),
        Task::Import(options) => import::run(&options).map(|()| ExitCode::SUCCESS),
        Task::Ci(options) => ci::run(&options).map(|()| ExitCode::SUCCESS).map_err(Failure::found),
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        super::Arguments::command().debug_assert();
    }
}
