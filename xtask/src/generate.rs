//! `generate`: a typed crate for any provider.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use etw_codegen::overrides;
use etw_codegen::scaffold::{self, Crate};
use etw_codegen::{Files, Generator, HEADER, Output, Setting};
use etw_schema::combine::{Contradiction, Part, combine};
use etw_schema::diagnostic::Diagnostics;
use etw_schema::model::Provider;
use etw_schema::model::schema::Build;

use crate::Result;
use crate::captures;
use crate::manifests::{self, NAMES, root};

/// Generates a typed crate for any provider, from captures in any format.
///
/// A capture is an instrumentation manifest (.man), a dump of a registered one (PerfView), a listing of WEPExplorer, or
/// a binary with its message table (srv2.sys and en-US/srv2.sys.mui). Several files of one build are combined.
///
/// An event that cannot be generated is reported with its place and left out; the others are generated all the same. A
/// crate that is generated again into the same folder keeps its public names (names.lock).
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// The captures: FILE, or BUILD=FILE where builds are to be told apart
    #[arg(required = true, value_name = "[BUILD=]FILE")]
    files: Vec<String>,
    /// The folder of the crate. It is made where it is not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The crate's name [default: the provider's, with `-etw`]
    #[arg(long, value_name = "NAME")]
    crate_name: Option<String>,
    /// The provider, by name or GUID, where the captures hold several
    #[arg(long, value_name = "NAME|GUID")]
    provider: Option<String>,
    /// The build of the files that do not say theirs. Without it one capture serves every build
    #[arg(long, value_name = "N", default_value_t = Build::UNKNOWN, hide_default_value = true)]
    build: u32,
    /// Choices made by hand, in the form of manifests/smbserver/overrides.toml: modules, names, and which capture to
    /// believe (the build is 0 where none was given)
    #[arg(long, value_name = "FILE")]
    overrides: Option<PathBuf>,
    /// Where etw-runtime comes from: a version, or the path of its folder [default: that of this checkout]
    #[arg(long, value_name = "VERSION|PATH")]
    runtime: Option<String>,
    /// Fail if anything had to be left out, or a message has an insert past the last field
    #[arg(long)]
    strict: bool,
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask generate node.man --out ../node-etw
  cargo xtask generate srv2.sys en-US/srv2.sys.mui --build 26100 --out ../srv2-etw
  cargo xtask generate 19041=old.xml 26100=new.man --out ../kernel-etw --provider Microsoft-Windows-Kernel-Process";

pub(crate) fn run(options: &Options) -> Result<()> {
    let start = Instant::now();
    let mut diagnostics = Diagnostics::new();
    let mut generator = Generator::new();
    if options.strict {
        generator.refuse_unknown_inserts();
    }
    let decisions = match &options.overrides {
        Some(path) => add_overrides(path, &mut generator)?,
        None => Vec::new(),
    };
    let providers = read(options, &decisions, &mut diagnostics)?;
    for (build, provider) in providers {
        generator.add_provider(build, provider);
    }
    let lock = options.out.join(NAMES);
    if let Some(text) = existing_names(&options.out)? {
        generator.configure(Setting::Names, &lock.to_string_lossy(), &text);
    }
    let output = generator.generate();
    diagnostics.append(output.diagnostics.clone());
    captures::print(&diagnostics);
    if output.files.0.is_empty() {
        return Err("nothing could be generated".to_owned());
    }
    let name = options.crate_name.clone().unwrap_or_else(|| scaffold::crate_name(&output.schema.provider));
    let runtime = runtime(options.runtime.as_deref());
    let files = scaffold::crate_files(&output, &Crate { name: &name, runtime: &runtime });
    let written = write(&options.out, &files)?;
    summarize(&name, &output, &files, written, start);
    let left_out = diagnostics.errors().count();
    if options.strict && left_out > 0 {
        return Err(format!("{left_out} {} (--strict)", if left_out == 1 { "error" } else { "errors" }));
    }
    Ok(())
}

/// Tells the generator of the choices in a file, and returns those that are about captures.
fn add_overrides(path: &Path, generator: &mut Generator) -> Result<Vec<Contradiction>> {
    let name = path.to_string_lossy();
    let text = fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    let (overrides, found) = overrides::read(&name, &text);
    manifests::report(&found)?;
    generator.configure(Setting::Overrides, &name, &text);
    Ok(overrides.contradictions)
}

/// The provider as each build has it.
fn read(options: &Options, decisions: &[Contradiction], diagnostics: &mut Diagnostics) -> Result<Vec<(u32, Provider)>> {
    let mut by_build: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for argument in &options.files {
        let (build, path) = match argument.split_once('=') {
            Some((build, path)) if build.parse::<u32>().is_ok() => (build.parse().unwrap_or(options.build), path),
            _ => (options.build, argument.as_str()),
        };
        by_build.entry(build).or_default().push(path);
    }
    let mut parts = Vec::new();
    for (build, paths) in by_build {
        let captures = captures::read(&paths)?;
        diagnostics.append(captures.diagnostics);
        parts.extend(captures.parts.into_iter().map(|part| (build, part)));
    }
    let mut chosen: BTreeMap<u32, Vec<Part>> = BTreeMap::new();
    for (build, part) in captures::choose(parts, options.provider.as_deref())? {
        chosen.entry(build).or_default().push(part);
    }
    let combined = chosen.into_iter().map(|(build, parts)| {
        let decisions: Vec<_> = decisions.iter().filter(|decision| decision.build == build).cloned().collect();
        let (provider, found) = combine(parts, &decisions);
        diagnostics.append(found);
        (build, provider)
    });
    Ok(combined.collect())
}

/// The published names of a crate that stands in the folder already. A folder that holds something else is left alone.
fn existing_names(out: &Path) -> Result<Option<String>> {
    let lib = out.join("src/lib.rs");
    match fs::read_to_string(&lib) {
        Ok(text) if text.starts_with(HEADER) => fs::read_to_string(out.join(NAMES)).map(Some).or(Ok(None)),
        Ok(_) => Err(format!("{}: it was not generated; choose another folder", lib.display())),
        Err(_) if out.join("Cargo.toml").exists() => {
            Err(format!("{}: another package stands there; choose another folder", out.display()))
        }
        Err(_) => Ok(None),
    }
}

/// The dependency's value in `Cargo.toml`.
fn runtime(given: Option<&str>) -> String {
    let is_version = |text: &str| text.starts_with(|c: char| c.is_ascii_digit() || "=^~<>*".contains(c));
    match given {
        Some(version) if is_version(version) => format!("{version:?}"),
        Some(path) => format!("{{ path = {path:?} }}"),
        None => format!("{{ path = {:?} }}", root().join("runtime").to_string_lossy()),
    }
}

/// Writes the files that differ, removes generated ones that are no longer made, and says how many were written.
fn write(out: &Path, files: &Files) -> Result<usize> {
    let mut written = 0;
    for (path, text) in &files.0 {
        let full = out.join(path);
        if fs::read(&full).is_ok_and(|bytes| bytes == text.as_bytes()) {
            continue;
        }
        let folder = full.parent().map_or(Ok(()), fs::create_dir_all);
        folder.and_then(|()| fs::write(&full, text)).map_err(|error| format!("{}: {error}", full.display()))?;
        written += 1;
    }
    for folder in ["src/encode", "src/events", "src/schema"] {
        for path in crate::regen::files_below(&out.join(folder))? {
            let name = path.strip_prefix(out).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            if !files.0.contains_key(&name) {
                fs::remove_file(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            }
        }
    }
    Ok(written)
}

fn summarize(name: &str, output: &Output, files: &Files, written: usize, start: Instant) {
    let schema = &output.schema;
    let bytes: usize = files.0.values().map(String::len).sum();
    println!("{name}: {} {}", schema.provider, schema.guid);
    println!(
        "made {} events, {} layouts: {} files, {bytes} bytes in {} ms; wrote {written}",
        output.events,
        output.layouts,
        files.0.len(),
        start.elapsed().as_millis(),
    );
    if !output.left_out.is_empty() {
        let left_out: Vec<String> = output.left_out.iter().map(|(id, version)| format!("{id} v{version}")).collect();
        println!("left out {}: {}", left_out.len(), left_out.join(", "));
    }
}
