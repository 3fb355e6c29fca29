//! `compile`: a manifest in the binary form that Windows registers.

use std::fs;
use std::path::PathBuf;

use clap::ValueEnum;
use etw_schema::compile::{compile, wrap};
use etw_schema::source::{self, File};

use crate::Result;
use crate::manifests;

/// Compiles a manifest to the form that Windows registers: a WEVT_TEMPLATE resource and a message table.
///
/// The output is a DLL with nothing but these resources, as a linker would make it from the output of the manifest compiler.
/// Names of events and templates are not in it: the form has no place for them. Any tool that reads providers reads it;
/// so do `cargo xtask schema` and `cargo xtask import`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// The manifest, or a capture in any other format
    file: PathBuf,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// What to write
    #[arg(long, value_enum, default_value_t = Form::Dll)]
    form: Form,
}

#[derive(Clone, Copy, ValueEnum)]
enum Form {
    /// A DLL with both resources
    Dll,
    /// A DLL with the compiled manifest alone, as srv2.sys is
    Template,
    /// A DLL with the message table alone, as srv2.sys.mui is
    Messages,
    /// The bare WEVT_TEMPLATE resource, for a linker
    RawTemplate,
    /// The bare message table, for a linker
    RawMessages,
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask compile node.man --out node.dll
  cargo xtask compile manifests/smbserver/26100.man --out target/srv2.sys --form template
  cargo xtask compile manifests/smbserver/26100.man --out target/srv2.sys.mui --form messages
  cargo xtask schema target/srv2.sys target/srv2.sys.mui";

pub(crate) fn run(options: &Options) -> Result<()> {
    let name = options.file.to_string_lossy();
    let bytes = fs::read(&options.file).map_err(|error| format!("{name}: {error}"))?;
    let (sources, diagnostics) = source::read_all(&[File { name: &name, bytes: &bytes }]);
    manifests::report(&diagnostics)?;
    let source = sources.first().ok_or_else(|| format!("{name}: it holds a message table and no manifest"))?;
    let (compiled, diagnostics) = compile(&source.manifest);
    manifests::report(&diagnostics)?;
    let (template, messages) = (compiled.template.as_slice(), compiled.messages.as_slice());
    let bytes = match options.form {
        Form::Dll => wrap(Some(template), Some(messages)).map_err(|error| error.to_string())?,
        Form::Template => wrap(Some(template), None).map_err(|error| error.to_string())?,
        Form::Messages => wrap(None, Some(messages)).map_err(|error| error.to_string())?,
        Form::RawTemplate => template.to_owned(),
        Form::RawMessages => messages.to_owned(),
    };
    fs::write(&options.out, &bytes).map_err(|error| format!("{}: {error}", options.out.display()))?;
    let events: usize = source.manifest.providers.iter().map(|provider| provider.events.len()).sum();
    println!(
        "{}: {} bytes; {events} events of {} in {} bytes of template and {} of messages",
        options.out.display(),
        bytes.len(),
        source.manifest.providers.iter().map(|provider| provider.name.as_str()).collect::<Vec<_>>().join(", "),
        template.len(),
        messages.len()
    );
    Ok(())
}
