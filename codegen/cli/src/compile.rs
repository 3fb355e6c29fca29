//! `compile`: a manifest in the binary form that Windows registers.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use etw_schema::compile::{Compiled, compile, compile_localized, wrap_languages};
use etw_schema::diagnostic::Diagnostics;
use etw_schema::model::Manifest;
use etw_schema::source::{self, File, Source, detect, man};
use etw_schema::visible::visible;

use crate::diagnostics::{DiagnosticOptions, Report};
use crate::failure::{EXIT_CODES, counted};
use crate::{Failure, Result, files, print};

/// Compiles a manifest to the form that Windows registers: a WEVT_TEMPLATE resource and a message table.
///
/// The output is a DLL with nothing but these resources, as a linker would make it from the output of the manifest compiler.
/// Names of events and templates are not in it: the form has no place for them. Any tool that reads providers reads it;
/// so does `etw-codegen schema`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = after_help())]
pub struct Options {
    /// The manifest, or a capture in any other format
    file: PathBuf,
    /// The file to write; one that was not made by this command stays
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// What to write
    #[arg(long, value_enum, default_value_t = Form::Dll)]
    form: Form,
    /// Replace a file that was not made by this command
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    diagnostics: DiagnosticOptions,
}

fn after_help() -> String {
    format!("{EXAMPLES}\n\n{EXIT_CODES}")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// A DLL with both resources
    Dll,
    /// A DLL with the compiled manifest alone, as srv2.sys is
    Template,
    /// A DLL with the message tables alone, one a culture, as srv2.sys.mui is with one
    Messages,
    /// The bare WEVT_TEMPLATE resource, for a linker
    RawTemplate,
    /// The bare message table of the first culture, for a linker
    RawMessages,
}

const EXAMPLES: &str = "\
Examples:
  etw-codegen compile node.man --out node.dll
  etw-codegen compile driver.man --out driver.sys --form template
  etw-codegen compile driver.man --out driver.sys.mui --form messages
  etw-codegen schema driver.sys driver.sys.mui";

/// Runs the command.
///
/// # Errors
/// The manifest has errors, or a file cannot be read or written.
pub fn run(options: &Options) -> Result<()> {
    let name = options.file.to_string_lossy();
    let mut report = Report::new(&options.diagnostics);
    report.add(&name, files::read(&options.file)?);
    let (sources, diagnostics) = source::read_all(&[File { name: &name, bytes: report.bytes(&name) }]);
    report.check(&diagnostics, "the manifest")?;
    let source = sources.first().filter(|source| !is_empty(&source.manifest));
    let source = source.ok_or_else(|| Failure::found(format!("{name}: it declares no provider and no messages")))?;
    let (compiled, diagnostics) = compile_source(source, report.bytes(&name));
    report.check(&diagnostics, "the manifest")?;
    let template = compiled.template.as_slice();
    let messages = compiled.messages.as_slice();
    let bytes = match options.form {
        Form::Dll => wrap_languages(Some(template), &compiled.tables()).map_err(|error| error.to_string())?,
        Form::Template => wrap_languages(Some(template), &[]).map_err(|error| error.to_string())?,
        Form::Messages => wrap_languages(None, &compiled.tables()).map_err(|error| error.to_string())?,
        Form::RawTemplate => template.to_owned(),
        Form::RawMessages => messages.to_owned(),
    };
    if !options.force {
        check_ours(&options.out, options.form, &bytes)?;
    }
    files::write(&options.out, &bytes)?;
    let providers = &source.manifest.providers;
    let events: usize = providers.iter().map(|provider| provider.events.len()).sum();
    let names: Vec<&str> = providers.iter().map(|provider| provider.name.as_str()).collect();
    print::line(&format!(
        "{}: {} bytes; {} of {} in {} bytes of template and {} of messages",
        visible(&options.out.to_string_lossy()),
        bytes.len(),
        counted(events, "event"),
        visible(&names.join(", ")),
        template.len(),
        messages.len()
    ))
}

/// A written manifest is compiled in all its cultures.
fn compile_source(source: &Source, bytes: &[u8]) -> (Compiled, Diagnostics) {
    if source.format == source::Format::Man {
        let (localized, mut diagnostics) = man::read_localized(&source.file, bytes);
        let (compiled, found) = compile_localized(&localized);
        diagnostics.append(found);
        (compiled, diagnostics)
    } else {
        compile(&source.manifest)
    }
}

fn is_empty(manifest: &Manifest) -> bool {
    manifest.providers.is_empty() && manifest.messages.is_empty()
}

/// Refuses to replace a file that this command did not make. Its own files are recognized by their first bytes: no linker
/// writes the headers of its DLLs, and the bare resources have a form of their own.
fn check_ours(path: &Path, form: Form, new: &[u8]) -> Result<()> {
    if !std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file()) {
        return Ok(()); // there is no file, or it is no regular one, which is not written to anyway
    }
    let old = files::read(path)?;
    let is_ours = match form {
        Form::Dll | Form::Template | Form::Messages => old.len() >= HEADERS && starts_alike(&old, new),
        Form::RawTemplate => old.starts_with(b"CRIM"),
        Form::RawMessages => detect(&old) == Some(source::Format::MessageTable),
    };
    if is_ours || old.is_empty() || old == new {
        return Ok(());
    }
    let message = "it is there and was not made by this command; choose another name, or replace it with --force";
    Err(Failure::cannot_run(format!("{}: {message}", path.display())))
}

/// The DOS header, its stub, and the file header with the fields of the optional header that say which linker it was: a file
/// of this command has the same in any version, whatever its resources are.
const HEADERS: usize = 0x9c;

/// Whether both have the same headers, but for the sizes in them.
fn starts_alike(old: &[u8], new: &[u8]) -> bool {
    old[..HEADERS.min(old.len())] == new[..HEADERS.min(new.len())]
}
