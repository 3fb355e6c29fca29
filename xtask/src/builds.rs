//! `builds`: the captured builds and where their facts come from.

use std::io::{self, Write};

use etw_codegen_cli::print;
use etw_schema::model::FactStatus;
use etw_schema::model::schema::{Build, Schema};

use crate::{Failure, Result, manifests};

/// Lists the captured builds: product, number of events and layouts, and where the facts come from.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Show the sources of this build alone, in full
    #[arg(value_name = "BUILD")]
    build: Option<u32>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let (schema, _) = manifests::checked_in()?;
    let Some(number) = options.build else { return print::out(|out| list(out, &schema)) };
    let build = schema.builds.iter().find(|build| build.number == number);
    let message = || format!("build {number} was not captured; `cargo xtask builds` lists those that were");
    let build = build.ok_or_else(|| Failure::cannot_run(message()))?;
    print::out(|out| one(out, build))
}

fn list(out: &mut dyn Write, schema: &Schema) -> io::Result<()> {
    let bold = print::PALETTE.heading;
    let reset = print::PALETTE.reset;
    let width = schema.builds.iter().map(|build| build.product.chars().count()).max().unwrap_or(0);
    writeln!(out, "{bold}build  events  new layouts  {:width$}  facts captured / mixed / inferred{reset}", "product")?;
    for build in &schema.builds {
        let held = || schema.layouts().filter(|(.., layout)| layout.builds.contains(build.number));
        let events = held().count();
        let new = held().filter(|(.., layout)| layout.builds.first() == Some(build.number)).count();
        let count = |status| build.facts.values().filter(|fact| fact.status == status).count();
        let captured = count(FactStatus::Captured);
        let facts = format!("{captured} / {} / {}", count(FactStatus::Mixed), count(FactStatus::Inferred));
        writeln!(out, "{:5}  {events:6}  {new:11}  {:width$}  {facts}", build.number, build.product)?;
    }
    writeln!(out, "\n`cargo xtask builds BUILD` shows the source of each kind of fact.")
}

fn one(out: &mut dyn Write, build: &Build) -> io::Result<()> {
    let bold = print::PALETTE.heading;
    let reset = print::PALETTE.reset;
    writeln!(out, "{bold}{} {}{reset}", build.number, build.product)?;
    if !build.binary_version.is_empty() {
        writeln!(out, "binary: {}", build.binary_version)?;
    }
    let width = build.facts.keys().map(|kind| kind.word().len()).max().unwrap_or(0);
    for (kind, fact) in &build.facts {
        writeln!(out, "  {kind:width$}  {:8}  {}", fact.status, fact.source)?;
    }
    if !build.exceptions.is_empty() {
        writeln!(out, "\n{bold}single events that differ{reset}")?;
    }
    for exception in &build.exceptions {
        writeln!(out, "  {} of {}: {}", exception.fact, exception.events.join(", "), exception.note)?;
    }
    Ok(())
}
