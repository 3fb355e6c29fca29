//! `smbetw`: for people who have events of Microsoft-Windows-SMBServer and want to know what they say.
//!
//! One module a subcommand (`decode`), and below them what they share: where events come from (`input`, `request`,
//! `hex`), what was made of one (`outcome`), what there is to say of its fields (`fields`), and how that is written
//! (`text` for people, `json` for programs). A new source of events makes [`outcome::Outcome`]s; a new form of output
//! writes them; neither knows of the other.

mod decode;
mod fields;
mod help;
mod hex;
mod input;
mod json;
mod message_table;
mod outcome;
mod request;
mod text;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Decodes events of the Windows file server (Microsoft-Windows-SMBServer, srv2.sys).
#[derive(Parser)]
#[command(name = "smbetw", version, after_help = help::EXIT_CODES, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Decode(decode::Args),
}

/// The exit code of a usage error is clap's own: 2 as well.
const CANNOT_RUN: u8 = 2;

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Decode(args) => decode::run(&args),
    };
    match done {
        Ok(decode::Done::AllDecoded) => ExitCode::SUCCESS,
        Ok(decode::Done::SomeFailed) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("smbetw: {error}");
            ExitCode::from(CANNOT_RUN)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        super::Cli::command().debug_assert();
    }
}
