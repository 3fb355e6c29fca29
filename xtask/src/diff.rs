//! `diff`: what changed between two builds, and whether it breaks a consumer.

use std::process::ExitCode;

use etw_codegen_cli::diagnostics::{DiagnosticOptions, Report};
use etw_codegen_cli::diff::{self, Output};
use etw_codegen_cli::print;
use etw_schema::diff::Snapshot;
use etw_schema::model::schema::Schema;
use etw_schema::source;

use crate::{Result, manifests};

/// Says what changed between two builds, and what each change means for a consumer.
///
/// A change is breaking if the same id and version has other bytes; it needs attention if payloads still decode, but
/// filters, expected events or texts may not be what they were; anything else is compatible. The last line says what
/// release of the generated crate takes the new side in. docs/diff-json.md describes the JSON.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The older side: a build number, or a manifest or capture in any format
    #[arg(value_name = "OLD")]
    old: String,
    /// The newer side
    #[arg(value_name = "NEW")]
    new: String,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    diagnostics: DiagnosticOptions,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let mut report = Report::new(&options.diagnostics);
    let mut schema = None;
    let old = side(&options.old, &mut schema, &mut report)?;
    let new = side(&options.new, &mut schema, &mut report)?;
    diff::write(&old, &new, &options.output)
}

/// One side: a number is a build of the checked-in schema, anything else a file.
fn side(argument: &str, schema: &mut Option<Schema>, report: &mut Report) -> Result<Snapshot> {
    let Ok(build) = argument.parse::<u32>() else {
        let hint = "; expected a build number, as `cargo xtask builds` lists them, or a capture";
        return diff::snapshot_file(argument, report).map_err(|failure| failure.with(hint));
    };
    let schema = match schema {
        Some(schema) => schema,
        None => schema.insert(manifests::checked_in()?.0),
    };
    let Some(capture) = schema.capture_for(build) else { return Err(manifests::too_old(schema, build)) };
    if capture != build {
        print::err(&format!("build {build} was not captured; comparing the nearest below it, {capture}\n"))?;
    }
    Ok(Snapshot::from_build(schema, capture).with_formats(&[source::Format::Man]))
}
