//! `etw-codegen`: typed Rust crates from the ETW manifests of any provider, and what such manifests say.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use etw_codegen_cli::{compile, diff, failure, generate, schema};

/// Makes typed Rust crates from the ETW manifests of any provider, and shows, compares and compiles such manifests.
#[derive(Parser)]
#[command(name = "etw-codegen", version, after_help = AFTER_HELP)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
A manifest is read in the five shapes in which it is met: a .man as people write it,
a dump of a registered one (PerfView), a listing of WEPExplorer, a binary with the
compiled resource and its .mui, and a merged trace (.etl), which has the schema of its events. At most 100 diagnostics are shown (--max-diagnostics).

Examples:
  etw-codegen schema my-provider.man                           what does it hold?
  etw-codegen generate my-provider.man --out my-provider-etw   a typed crate
  etw-codegen diff old.man new.man --fail-on breaking          may it be released?
  etw-codegen compile my-provider.man --out my-provider.dll    the form that Windows registers

In a build.rs, the library etw-codegen does the same with one call.";

#[derive(Subcommand)]
enum Command {
    Generate(generate::Options),
    Schema(schema::Options),
    Diff(diff::Options),
    Compile(compile::Options),
}

fn main() -> ExitCode {
    failure::exit(match Arguments::parse().command {
        Command::Generate(options) => generate::run(&options).map(|()| ExitCode::SUCCESS),
        Command::Schema(options) => schema::run(&options).map(|()| ExitCode::SUCCESS),
        Command::Diff(options) => diff::run(&options),
        Command::Compile(options) => compile::run(&options).map(|()| ExitCode::SUCCESS),
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
