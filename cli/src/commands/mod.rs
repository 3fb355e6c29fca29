//! The commands, one module for each: their arguments, and what they do.

pub(crate) mod decode;
pub(crate) mod events;
pub(crate) mod info;
pub(crate) mod keywords;
pub(crate) mod latency;
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

/// The result of a command that could run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// Every event was decoded, every file read.
    AllDecoded,
    /// Some event was not decoded, or one of several files was not read.
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
    /// HexInt as "0x1f", everything else as numbers
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
    /// The same for an output.
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
    /// Traces (.etl), event logs (.evtx), folders of these, patterns (*.evtx); - is standard input, which is held in
    /// memory
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// Also reads the folders inside a folder
    #[arg(long, short)]
    recursive: bool,

    /// Writes nothing to standard error, except why the command ended early; the exit code says the rest
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

impl FileArgs {
    /// Opens the files and reports those that cannot be opened, with their number. An error if none can be opened.
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
            return Err(io::Error::other(said.join("\nerror: ")));
        }
        if !self.quiet {
            for text in &said {
                let _ = writeln!(anstream::stderr(), "error: {text}");
            }
        }
        Ok((opened, said.len()))
    }
}
