//! `smbetw completions` and `smbetw man`: input for shells and `man`, made from the same definitions as `--help`.

use std::io;

use clap_complete::Shell;

use super::Done;
use crate::output::sink::Sink;

/// Prints a completion script for a shell.
#[derive(clap::Args)]
#[command(after_long_help = "\
Examples:
  smbetw completions bash > ~/.local/share/bash-completion/completions/smbetw
  smbetw completions powershell >> $PROFILE
")]
pub(crate) struct CompletionArgs {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

/// Prints a manual page, in the form that `man` reads.
#[derive(clap::Args)]
#[command(after_long_help = "\
Examples:
  smbetw man > smbetw.1
  smbetw man read | man -l -
")]
pub(crate) struct ManArgs {
    /// The command to describe; without it the page is about the whole tool
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

/// Runs `completions`.
pub(crate) fn completions(args: &CompletionArgs, mut cli: clap::Command) -> io::Result<Done> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut cli, "smbetw", &mut script);
    print(&script)
}

/// Runs `man`.
pub(crate) fn man(args: &ManArgs, mut cli: clap::Command) -> io::Result<Done> {
    cli.build();
    let man = match &args.command {
        None => clap_mangen::Man::new(cli),
        Some(name) => {
            let found = cli.find_subcommand(name).cloned();
            let unknown = || io::Error::new(io::ErrorKind::NotFound, format!("there is no command {name}"));
            clap_mangen::Man::new(found.ok_or_else(unknown)?).title(format!("smbetw-{name}"))
        }
    };
    let mut page = Vec::new();
    man.render(&mut page)?;
    print(&page)
}

fn print(bytes: &[u8]) -> io::Result<Done> {
    let mut output = Sink::new(io::stdout().lock());
    output.write(bytes)?;
    output.flush()?;
    Ok(Done::AllDecoded)
}
