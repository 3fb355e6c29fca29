//! `generate`: a typed crate for any provider.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use etw_codegen::names_lock::NamesLock;
use etw_codegen::overrides;
use etw_codegen::scaffold::{self, Crate};
use etw_codegen::{Files, Generator, HEADER, Output, Setting};
use etw_schema::combine::{CapturedProvider, Contradiction, combine};
use etw_schema::diagnostic::Diagnostics;
use etw_schema::model::Provider;
use etw_schema::model::schema::Build;
use etw_schema::visible::visible;

use crate::captures;
use crate::diagnostics::{DiagnosticOptions, Report};
use crate::failure::{EXIT_CODES, counted};
use crate::files::{self, Change, Changes, Folder};
use crate::{Failure, Result, print};

/// Generates a typed crate for any provider, from captures in any format.
///
/// A capture is an instrumentation manifest (.man), a dump of a registered one (PerfView), a listing of WEPExplorer,
/// a binary with its message table (srv2.sys and en-US/srv2.sys.mui), or a merged trace with its events' schema. Several files of one build are combined.
///
/// An event that cannot be generated is reported with its place and left out; the others are generated all the same. A
/// crate that is generated again into the same folder keeps its public names (names.lock). Files of yours in that folder
/// stay; so do Cargo.toml and src/lib.rs once their first line, which says that they are generated, is removed. Files are
/// written all together or not at all.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = after_help())]
pub struct Options {
    /// The captures: FILE, or BUILD=FILE where builds are to be told apart
    #[arg(required = true, value_name = "[BUILD=]FILE")]
    files: Vec<String>,
    /// The folder of the crate: a new one, an empty one, or one that was generated
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
    /// Choices made by hand: modules, names, and which capture to believe (the build is 0 where none was given)
    #[arg(long, value_name = "FILE")]
    overrides: Option<PathBuf>,
    /// Where etw-runtime comes from: a version, or the path of its folder [default: the checkout of its repository that the
    /// working directory is in, else the version of this command]
    #[arg(long, value_name = "VERSION|PATH")]
    runtime: Option<String>,
    /// Fail if anything had to be left out, or a message has an insert past the last field
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    diagnostics: DiagnosticOptions,
}

fn after_help() -> String {
    format!("{EXAMPLES}\n\n{EXIT_CODES}")
}

const EXAMPLES: &str = "\
Examples:
  etw-codegen generate my-provider.man --out ../my-provider-etw
  etw-codegen generate srv2.sys en-US/srv2.sys.mui --build 26100 --out ../srv2-etw
  etw-codegen generate 19041=old.xml 26100=new.man --out ../kernel-etw \\
      --provider Microsoft-Windows-Kernel-Process";

/// Where the names of a crate are, and its root, by which a generated one is known.
const NAMES: &str = "names.lock";
const LIB: &str = "src/lib.rs";
const CARGO: &str = "Cargo.toml";

/// Runs the command.
///
/// # Errors
/// A file cannot be read or written, nothing could be generated, or something is wrong and `--strict` was given.
pub fn run(options: &Options) -> Result<()> {
    let start = Instant::now();
    let mut report = Report::new(&options.diagnostics);
    let mut generator = Generator::new();
    if options.strict {
        generator.refuse_unknown_inserts();
    }
    if let Some(name) = &options.crate_name {
        scaffold::check_crate_name(name).map_err(|why| format!("--crate-name {name}: {why}"))?;
    }
    let folder = Folder::open(&options.out)?;
    let is_ours = is_generated(&folder, &options.out)?;
    if is_ours {
        add_names(&folder, &options.out, &mut generator, &mut report)?;
    }
    let decisions = match &options.overrides {
        Some(path) => add_overrides(path, &mut generator, &mut report)?,
        None => Vec::new(),
    };
    let (providers, mut found) = read(options, &decisions, &mut report)?;
    let provider_name = providers.first().map_or_else(String::new, |(_, provider)| provider.name.clone());
    let name = options.crate_name.clone().unwrap_or_else(|| scaffold::crate_name(&provider_name));
    generator.for_crate(&name);
    for (build, provider) in providers {
        generator.add_provider(build, provider);
    }
    let output = generator.generate();
    found.append(output.diagnostics.clone());
    report.print(&found)?;
    if output.files.0.is_empty() {
        return Err(Failure::found("nothing could be generated"));
    }
    let runtime = runtime(options.runtime.as_deref(), &options.out)?;
    let files = scaffold::crate_files(&output, &Crate { name: &name, runtime: &runtime });
    let (changes, notes) = changes(&folder, &options.out, &files, is_ours)?;
    folder.apply(&changes)?;
    summarize(&name, &output, &files, start)?;
    print::line(&format!("{}{}", written(&changes), notes.concat()))?;
    match found.error_count() {
        n if options.strict && n > 0 => Err(Failure::found(format!("{} (--strict)", counted(n, "error")))),
        _ => Ok(()),
    }
}

/// Whether a crate of the generator is in the folder. One that holds something else is left alone.
fn is_generated(folder: &Folder, out: &Path) -> Result<bool> {
    match folder.read(LIB)? {
        Some(bytes) if bytes.starts_with(HEADER.as_bytes()) => Ok(true),
        // The root may be the user's by now; the lock is the generator's for all time.
        _ if folder.read(NAMES)?.is_some_and(|bytes| NamesLock::is_lock(&bytes)) => Ok(true),
        _ if folder.is_empty()? => Ok(false),
        _ => {
            let message = "it is neither empty nor was it generated; choose another folder";
            Err(Failure::cannot_run(format!("{}: {message}", out.display())))
        }
    }
}

/// Tells the generator of the names that were published. With a lock that cannot be read to its end nothing is written.
fn add_names(folder: &Folder, out: &Path, generator: &mut Generator, report: &mut Report) -> Result<()> {
    let Some(text) = folder.read_text(NAMES)? else { return Ok(()) };
    let name = out.join(NAMES).to_string_lossy().into_owned();
    let (_, found) = NamesLock::read(&name, &text);
    generator.configure(Setting::Names, &name, &text);
    report.add(&name, text.into_bytes());
    report.check(&found, &format!("{name}; nothing was written"))
}

/// Tells the generator of the choices in a file, and returns those that are about captures.
fn add_overrides(path: &Path, generator: &mut Generator, report: &mut Report) -> Result<Vec<Contradiction>> {
    let name = path.to_string_lossy();
    let text = files::read_text(path)?;
    let (overrides, found) = overrides::read(&name, &text);
    generator.configure(Setting::Overrides, &name, &text);
    report.add(&name, text.into_bytes());
    report.check(&found, &name)?;
    Ok(overrides.contradictions)
}

/// The provider as each build has it.
type Providers = Vec<(u32, Provider)>;

fn read(options: &Options, decisions: &[Contradiction], report: &mut Report) -> Result<(Providers, Diagnostics)> {
    let mut by_build: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for argument in &options.files {
        let (build, path) = match argument.split_once('=') {
            Some((build, path)) if build.parse::<u32>().is_ok() => (build.parse().unwrap_or(options.build), path),
            _ => (options.build, argument.as_str()),
        };
        by_build.entry(build).or_default().push(path);
    }
    let mut found = Diagnostics::new();
    let mut parts = Vec::new();
    for (build, paths) in by_build {
        let captures = captures::read(&paths, report)?;
        found.append(captures.diagnostics);
        parts.extend(captures.parts.into_iter().map(|part| (build, part)));
    }
    let parts = match captures::choose(parts, options.provider.as_deref()) {
        Ok(parts) => parts,
        Err(failure) => {
            // What the readers found may be the reason.
            report.print(&found)?;
            return Err(failure);
        }
    };
    let mut chosen: BTreeMap<u32, Vec<CapturedProvider>> = BTreeMap::new();
    for (build, part) in parts {
        chosen.entry(build).or_default().push(part);
    }
    let combined = chosen.into_iter().map(|(build, parts)| {
        let decisions: Vec<_> = decisions.iter().filter(|decision| decision.build == build).cloned().collect();
        let (provider, contradictions) = combine(parts, &decisions);
        found.append(contradictions);
        (build, provider)
    });
    let combined = combined.collect();
    Ok((combined, found))
}

/// The dependency's value in `Cargo.toml`.
fn runtime(given: Option<&str>, out: &Path) -> Result<String> {
    let is_version = |text: &str| text.starts_with(|c: char| c.is_ascii_digit() || "=^~<>*".contains(c));
    match given {
        Some(version) if is_version(version) => Ok(quoted(version)),
        Some(path) => {
            let folder = Path::new(path);
            if !is_runtime(folder) {
                return Err(Failure::cannot_run(format!("--runtime {path}: etw-runtime is not there")));
            }
            dependency_by_path(folder, out)
        }
        None => match std::env::current_dir().ok().and_then(|folder| runtime_of_checkout(&folder)) {
            Some(folder) => dependency_by_path(&folder, out),
            None => Ok(quoted(env!("CARGO_PKG_VERSION"))),
        },
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The runtime of the checkout that a folder is in.
fn runtime_of_checkout(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().map(|folder| folder.join("runtime")).find(|runtime| is_runtime(runtime))
}

fn is_runtime(folder: &Path) -> bool {
    let text = std::fs::read_to_string(folder.join(CARGO)).unwrap_or_default();
    let package = toml::from_str::<toml::Table>(&text).ok();
    let name = package.as_ref().and_then(|package| package.get("package")?.get("name")?.as_str());
    name == Some("etw-runtime")
}

/// Relative where the crate is beside or below what the runtime is in: both then move together.
fn dependency_by_path(runtime: &Path, out: &Path) -> Result<String> {
    let runtime = std::fs::canonicalize(runtime).map_err(|error| format!("{}: {error}", runtime.display()))?;
    let out = std::path::absolute(out).map_err(|error| format!("{}: {error}", out.display()))?;
    // What is not there yet has no canonical form, but what is above it has.
    let there = out.ancestors().find_map(|folder| Some((std::fs::canonicalize(folder).ok()?, folder.to_owned())));
    let out = match there {
        Some((real, folder)) => real.join(out.strip_prefix(&folder).unwrap_or(Path::new(""))),
        None => out,
    };
    let path = match runtime.parent().and_then(|checkout| out.strip_prefix(checkout).ok()) {
        Some(below) => {
            let up: PathBuf = below.components().map(|_| "..").collect();
            up.join(runtime.file_name().unwrap_or_default())
        }
        None => runtime,
    };
    let path = path.to_str().ok_or_else(|| format!("{}: the path is not UTF-8", path.display()))?;
    Ok(format!("{{ path = {} }}", quoted(&path.replace('\\', "/"))))
}

/// What is to be written and removed, and what a person is to know about it.
fn changes(folder: &Folder, out: &Path, files: &Files, is_ours: bool) -> Result<(Changes, Vec<String>)> {
    let mut notes = Vec::new();
    let mut kept = Vec::new();
    for path in files.0.keys().filter(|path| is_ours && *path != NAMES) {
        let Some(bytes) = folder.read(path)? else { continue };
        match path.as_str() {
            CARGO | LIB if !is_marked(&bytes) => {
                notes.push(format!("\nkept {path}: it is yours, as its first line says no more that it is generated"));
                kept.push(path);
            }
            path if !is_marked(&bytes) => {
                let message = "it was not generated, and a generated file has its name; move it away";
                return Err(Failure::cannot_run(format!("{}: {message}", out.join(path).display())));
            }
            _ => {}
        }
    }
    let mut changes = folder.differences(files.0.iter().filter(|(path, _)| !kept.contains(path)))?;
    if is_ours {
        for path in folder.generated_below("src")? {
            if !files.0.contains_key(&path) {
                changes.insert(path, Change::Remove);
            }
        }
    }
    Ok((changes, notes))
}

/// Whether the generator wrote the file, in Rust's comments or in TOML's.
fn is_marked(bytes: &[u8]) -> bool {
    bytes.starts_with(HEADER.as_bytes()) || bytes.starts_with(scaffold::TOML_HEADER.as_bytes())
}

fn written(changes: &Changes) -> String {
    let removed = changes.iter().filter(|(_, change)| **change == Change::Remove).map(|(path, _)| path);
    let removed: Vec<String> = removed.map(|path| format!("\nremoved {path}")).collect();
    format!("wrote {}{}", changes.len() - removed.len(), removed.concat())
}

fn summarize(name: &str, output: &Output, files: &Files, start: Instant) -> Result<()> {
    let schema = &output.schema;
    let bytes: usize = files.0.values().map(String::len).sum();
    let mut text = format!("{name}: {} {}\n", visible(&schema.provider), schema.guid);
    text += &format!(
        "made {}, {}: {}, {bytes} bytes in {} ms",
        counted(output.events, "event"),
        counted(output.layouts, "layout"),
        counted(files.0.len(), "file"),
        start.elapsed().as_millis(),
    );
    if !output.left_out.is_empty() {
        let left_out: Vec<String> = output.left_out.iter().map(|key| format!("{} v{}", key.id, key.version)).collect();
        text += &format!("\nleft out {}: {}", left_out.len(), left_out.join(", "));
    }
    print::line(&text)
}
