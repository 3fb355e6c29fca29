//! `smbetw`: decodes events of Microsoft-Windows-SMBServer for people.
//!
//! Each command is a module of `commands`. A source (`source`) makes events that are not decoded yet ([`raw::Raw`]), a
//! filter (`filter`) chooses among them, `outcome` decodes them, and an output (`output`) writes the result. Sources
//! and outputs do not depend on each other. An event that cannot be decoded is a [`failure::Failure`].

mod commands;
mod crew;
mod facts;
mod failure;
mod fields;
mod filter;
mod help;
mod message_table;
mod names;
mod outcome;
mod output;
mod progress;
mod raw;
mod source;
mod time;

use std::process::ExitCode;

use clap::{ColorChoice, CommandFactory, Parser, Subcommand};
use commands::{Done, decode, events, info, keywords, latency, read, shell};

/// Reads and decodes events of the Windows file server (Microsoft-Windows-SMBServer, srv2.sys).
#[derive(Parser)]
#[command(name = "smbetw", version, after_help = help::EXIT_CODES, after_long_help = format!("{}\n{}", help::TOP, help::EXIT_CODES))]
struct Cli {
    /// When to use colour; auto means on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_name = "WHEN", default_value_t = ColorChoice::Auto, hide_possible_values = false)]
    color: ColorChoice,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Read(Box<read::Args>),
    Info(info::Args),
    Latency(Box<latency::Args>),
    Decode(decode::Args),
    Events(events::EventsArgs),
    Show(events::ShowArgs),
    Keywords(keywords::KeywordsArgs),
    RecordHelp(keywords::RecordArgs),
    Completions(shell::CompletionArgs),
    Man(shell::ManArgs),
}

/// The exit code of a usage error is clap's own: 2 as well.
const CANNOT_RUN: u8 = 2;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.color {
        // NO_COLOR and CLICOLOR_FORCE decide.
        ColorChoice::Auto => {}
        ColorChoice::Always => anstream::ColorChoice::Always.write_global(),
        ColorChoice::Never => anstream::ColorChoice::Never.write_global(),
    }
    let done = match cli.command {
        Command::Read(args) => read::run(&args),
        Command::Info(args) => info::run(&args),
        Command::Latency(args) => latency::run(&args),
        Command::Decode(args) => decode::run(&args),
        Command::Events(args) => events::list(&args),
        Command::Show(args) => events::show(&args),
        Command::Keywords(args) => keywords::keywords(&args),
        Command::RecordHelp(args) => keywords::record_help(&args),
        Command::Completions(args) => shell::completions(&args, Cli::command()),
        Command::Man(args) => shell::man(&args, Cli::command()),
    };
    match done {
        Ok(Done::AllDecoded) => ExitCode::SUCCESS,
        Ok(Done::SomeFailed) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(CANNOT_RUN)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        super::Cli::command().debug_assert();
    }
}
