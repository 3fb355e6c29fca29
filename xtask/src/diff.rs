//! `diff`: what changed between two builds, and whether it breaks a consumer.

use std::path::Path;
use std::process::ExitCode;

use clap::ValueEnum;
use etw_codegen::semver::Semver;
use etw_schema::diff::{Diff, Snapshot, Verdict, markdown, text};
use etw_schema::model::schema::Schema;
use etw_schema::source;

use crate::Result;
use crate::captures;
use crate::manifests;
use crate::print;

/// Says what changed between two builds, and what each change means for a consumer.
///
/// A change is breaking if the same id and version has other bytes; it needs attention if payloads still decode, but
/// filters, expected events or texts may not be what they were; anything else is compatible. The last line says what
/// release of the generated crate takes the new side in. docs/diff-json.md describes the JSON.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The older side: a build number, or a manifest or capture in any format
    old: String,
    /// The newer side
    new: String,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Exit with 1 if there is such a change
    #[arg(long, value_enum, value_name = "WHAT")]
    fail_on: Option<FailOn>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// For a terminal
    Text,
    /// For a pull request
    Markdown,
    /// For programs
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// The same id and version with other bytes
    Breaking,
    /// Any change at all
    Any,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let mut schema = None;
    let old = side(&options.old, &mut schema)?;
    let new = side(&options.new, &mut schema)?;
    let diff = Diff::new(&old, &new);
    let semver = Semver::from_diff(&diff, &old, &new);
    let text = match options.format {
        Format::Text => text(&diff, &print::PALETTE, &semver.remark()),
        Format::Markdown => markdown(&diff, 2, &semver.remark()),
        Format::Json => {
            let json = semver.add_to_json(&diff).and_then(|json| serde_json::to_string_pretty(&json));
            json.map_err(|error| error.to_string())? + "\n"
        }
    };
    print::out(|out| out.write_all(text.as_bytes()))?;
    let fails = match options.fail_on {
        None => false,
        Some(FailOn::Breaking) => diff.with(Verdict::Breaking).next().is_some(),
        Some(FailOn::Any) => !diff.changes.is_empty(),
    };
    Ok(if fails { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// One side: a number is a build of the checked-in schema, anything else a file.
fn side(argument: &str, schema: &mut Option<Schema>) -> Result<Snapshot> {
    let Ok(build) = argument.parse::<u32>() else { return of_file(argument) };
    let schema = match schema {
        Some(schema) => schema,
        None => schema.insert(manifests::checked_in()?.0),
    };
    let known: Vec<String> = schema.builds.iter().map(|build| build.number.to_string()).collect();
    let Some(capture) = schema.capture_for(build) else {
        return Err(format!("build {build} is older than every capture; captured are {}", known.join(", ")));
    };
    if capture != build {
        eprintln!("build {build} was not captured; comparing the nearest below it, {capture}");
    }
    Ok(Snapshot::from_build(schema, capture).with_formats(&[source::Format::Man]))
}

fn of_file(path: &str) -> Result<Snapshot> {
    let captures = captures::read(&[path]).map_err(|error| {
        format!("{error}; expected a build number, as `cargo xtask builds` lists them, or a capture")
    })?;
    manifests::report(&captures.diagnostics)?;
    let label = Path::new(path).file_name().map_or(path.into(), |name| name.to_string_lossy());
    let part = captures.parts.first().ok_or_else(|| format!("{path}: it declares no provider"))?;
    Ok(Snapshot::from_provider(&label, &part.provider).with_formats(&[part.format]))
}
