//! The commands, a module each: their arguments, and what they do.

pub(crate) mod decode;
pub(crate) mod events;
pub(crate) mod info;
pub(crate) mod keywords;
pub(crate) mod read;
pub(crate) mod shell;

use std::{
    io::{self, Write},
    path::PathBuf,
};

use clap::ValueEnum;

use crate::{
    output::json::Integers,
    source::{
        files::{Opened, Opener},
        paths,
    },
};

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// Every event was decoded, every file read.
    AllDecoded,
    /// Some event was not, or one of several files.
    SomeFailed,
}

/// How JSON shows integers.
#[derive(clap::Args, Debug)]
pub(crate) struct IntegerArgs {
    /// Integers in JSON: as the manifest shows them, or all as numbers, so that a key has one type in all events
    #[arg(long, value_name = "FORM", value_enum, default_value_t = IntegerForm::Manifest)]
    integers: IntegerForm,

    /// Integers of 64 bits in JSON; `string` is for readers that lose digits above 2^53, such as jq 1.6
    #[arg(long, value_name = "FORM", value_enum, default_value_t = BigForm::Number)]
    big_integers: BigForm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum IntegerForm {
    /// HexInt as "0x1f", all else as numbers
    Manifest,
    /// All as numbers
    Number,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum BigForm {
    /// As numbers
    Number,
    /// As text in decimal
    String,
}

impl IntegerArgs {
    /// What an output takes.
    pub(crate) fn form(&self) -> Integers {
        Integers {
            hex_as_number: self.integers == IntegerForm::Number,
            big_as_text: self.big_integers == BigForm::String,
        }
    }
}

/// The recordings that a command reads.
#[derive(clap::Args, Debug)]
pub(crate) struct FileArgs {
    /// Traces (.etl), event logs (.evtx), folders with such, patterns (*.evtx); - is standard input, which is held in memory
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// Reads the folders in a folder too
    #[arg(long, short)]
    recursive: bool,

    /// Says nothing on standard error but what ends the command; the exit code tells the rest
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

impl FileArgs {
    /// Opens the files, and says which cannot be opened: how many. An error if it is all of them.
    pub(crate) fn open(&self, finder: &mut Opener) -> io::Result<(Vec<Opened>, usize)> {
        let (files, errors) = paths::expand(&self.files, self.recursive);
        let mut opened = Vec::new();
        let mut said: Vec<String> =
            errors.iter().map(|failed| format!("cannot read {}: {}", failed.path.display(), failed.error)).collect();
        for path in files {
            match finder.open(&path) {
                Ok(file) => opened.push(file),
                Err(error) => said.push(format!("cannot read {}: {error}", path.display())),
            }
        }
        if opened.is_empty() {
            return Err(io::Error::other(said.join("\nsmbetw: ")));
        }
        if !self.quiet {
            for text in &said {
                let _ = writeln!(anstream::stderr(), "smbetw: {text}");
            }
        }
        Ok((opened, said.len()))
    }
}
