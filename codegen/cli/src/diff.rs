//! `diff`: what changed between two manifests, and whether it breaks a consumer.

use std::path::Path;
use std::process::ExitCode;

use clap::ValueEnum;
use etw_codegen::semver::Semver;
use etw_schema::diff::{Diff, Snapshot, Verdict, markdown, text};

use crate::diagnostics::{DiagnosticOptions, Report};
use crate::failure::EXIT_CODES;
use crate::{Failure, Result, captures, print};

/// Says what changed between two manifests, and what each change means for a consumer.
///
/// A change is breaking if the same id and version has other bytes; it needs attention if payloads still decode, but
/// filters, expected events or texts may not be what they were; anything else is compatible. The last line says what
/// release of a generated crate takes the new side in.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = after_help())]
pub struct Options {
    /// The older side: a manifest, or a capture in any other format
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

/// How a diff is printed, and when it fails.
#[derive(Clone, Debug, clap::Args)]
pub struct Output {
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Exit with 1 if there is such a change
    #[arg(long, value_enum, value_name = "WHAT")]
    fail_on: Option<FailOn>,
}

fn after_help() -> String {
    format!("{EXAMPLES}\n\n{EXIT_CODES}")
}

const EXAMPLES: &str = "\
Examples:
  etw-codegen diff old.man new.man
  etw-codegen diff released.dll my-provider.man --fail-on breaking
  etw-codegen diff old.man new.man --format markdown >> notes.md";

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For a terminal
    Text,
    /// For a pull request
    Markdown,
    /// For programs
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// The same id and version with other bytes
    Breaking,
    /// Any change at all
    Any,
}

/// Runs the command.
///
/// # Errors
/// A file cannot be read, or has errors.
pub fn run(options: &Options) -> Result<ExitCode> {
    let mut report = Report::new(&options.diagnostics);
    let old = snapshot_file(&options.old, &mut report)?;
    let new = snapshot_file(&options.new, &mut report)?;
    write(&old, &new, &options.output)
}

/// Writes what changed between two sides. The exit code says whether there is a change on which to fail.
///
/// # Errors
/// The output cannot be written.
pub fn write(old: &Snapshot, new: &Snapshot, output: &Output) -> Result<ExitCode> {
    let diff = Diff::new(old, new);
    let semver = Semver::from_diff(&diff, old, new);
    let text = match output.format {
        Format::Text => text(&diff, &print::PALETTE, &semver.remark()),
        Format::Markdown => markdown(&diff, 2, &semver.remark()),
        Format::Json => {
            let json = semver.add_to_json(&diff).and_then(|json| serde_json::to_string_pretty(&json));
            print::escape_json(&json.map_err(|error| error.to_string())?) + "\n"
        }
    };
    print::out(|out| out.write_all(text.as_bytes()))?;
    let fails = match output.fail_on {
        None => false,
        Some(FailOn::Breaking) => diff.with(Verdict::Breaking).next().is_some(),
        Some(FailOn::Any) => !diff.changes.is_empty(),
    };
    Ok(if fails { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What a file declares.
///
/// # Errors
/// It cannot be read, or has errors, or declares no provider.
pub fn snapshot_file(path: &str, report: &mut Report) -> Result<Snapshot> {
    let captures = captures::read(&[path], report)?;
    report.check(&captures.diagnostics, path)?;
    let label = Path::new(path).file_name().map_or(path.into(), |name| name.to_string_lossy());
    let part = captures.parts.first();
    let part = part.ok_or_else(|| Failure::found(format!("{path}: it declares no provider")))?;
    Ok(Snapshot::from_provider(&label, &part.provider).with_formats(&[part.format]))
}
