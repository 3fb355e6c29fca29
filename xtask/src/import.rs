//! `import`: captures of a Windows build become a manifest of this repository.

use std::path::{Path, PathBuf};

use etw_codegen::semver::Semver;
use etw_codegen::{Generator, Setting, overrides};
use etw_codegen_cli::captures::{self, Captures};
use etw_codegen_cli::diagnostics::{DiagnosticOptions, Report};
use etw_codegen_cli::failure::counted;
use etw_codegen_cli::files::{self, Change, Changes, Folder};
use etw_codegen_cli::print;
use etw_schema::combine::{self, Imported, provenance};
use etw_schema::diagnostic::Diagnostics;
use etw_schema::diff::{Diff, Snapshot, text};
use etw_schema::model::{Provider, guid_text};
use etw_schema::settings;
use etw_schema::source::{Format, Holds};
use etw_schema::visible::is_obeyed;

use crate::manifests::{self, shown};
use crate::{Failure, Result};

/// Takes captures of a Windows build into manifests/smbserver.
///
/// A capture is an instrumentation manifest (.man), a dump of a registered one (PerfView), a listing of WEPExplorer,
/// a binary with its message table (srv2.sys and en-US/srv2.sys.mui), or a merged trace (.etl) with the schema of the events
/// in it. Several are combined: where one is silent the other
/// is believed, and a contradiction is an error until overrides.toml decides it (a `[[contradiction]]`). What no format among
/// them can hold, symbols for instance, comes from the nearest builds, and the row of builds.toml says so.
///
/// Writes BUILD.man and the build's row in builds.toml, and shows what changed against the builds before and after.
/// `cargo xtask regen` is all that is left to do. docs/adding-a-build.md goes through it step by step.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// The captures
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The Windows build that they are from, for instance 26100
    #[arg(long, value_name = "N")]
    build: u32,
    /// What people call the build, for instance "Windows Server 2025"
    #[arg(long, value_name = "PRODUCT")]
    name: Option<String>,
    /// The provider, by name or GUID [default: that of the manifests that are there]
    #[arg(long, value_name = "NAME|GUID")]
    provider: Option<String>,
    /// The folder of the manifests [default: manifests/smbserver]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Replace a build that is there already; give its manifest among the files to add to it
    #[arg(long)]
    replace: bool,
    /// Write nothing, only show what would be new
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    diagnostics: DiagnosticOptions,
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask import srv2.sys en-US/srv2.sys.mui --build 27000 --name \"Windows 11 26H2\"
  cargo xtask import dump.xml --build 14393 --dry-run
  cargo xtask import trace.etl --build 27000 --dry-run
  cargo xtask import manifests/smbserver/22000.man dump.xml --build 22000 --replace";

/// The row of each build.
const ROWS: &str = "builds.toml";

pub(crate) fn run(options: &Options) -> Result<()> {
    let mut report = Report::new(&options.diagnostics);
    let dir = options.dir.clone().map_or_else(manifests::folder, Ok)?;
    let folder = Folder::open(&dir)?;
    let target = format!("{}.man", options.build);
    if folder.read(&target)?.is_some() && !options.replace {
        let message = "the build is there already; --replace replaces it, and its manifest among the files adds to it";
        return Err(Failure::cannot_run(format!("{}: {message}", shown(&dir.join(target)))));
    }
    if options.name.as_ref().is_some_and(|name| name.trim().is_empty() || name.contains(is_obeyed)) {
        return Err(Failure::cannot_run("--name: expected one line of text"));
    }
    let known = known(&dir, options.build, &mut report)?;
    let captures = captures::read(&options.files, &mut report)?;
    report.check(&captures.diagnostics, "the captures")?;
    let formats: Vec<_> = captures.parts.iter().map(|part| part.format).collect();
    let imported = combined(options, captures, &known, &folder, &mut report)?;
    summarize(options.build, &imported)?;
    changes(options.build, &imported, &formats, &known)?;
    let rows = shown(&dir.join(ROWS));
    let old_rows = folder.read_text(ROWS)?.ok_or_else(|| format!("{rows}: there is no such file"))?;
    let new_rows =
        provenance::put_row(&old_rows, options.build, &imported.row(options.build, &product(options, &old_rows)));
    try_out(&folder, &dir, options.build, (&imported.manifest, &new_rows), &mut report)?;
    if options.dry_run {
        return print::line("wrote nothing (--dry-run)");
    }
    let writes = [(target.as_str(), imported.manifest.as_str()), (ROWS, &new_rows)];
    let writes: Changes =
        writes.into_iter().map(|(path, text)| (path.to_owned(), Change::Write(text.as_bytes().to_vec()))).collect();
    folder.apply(&writes)?;
    print::line(&format!("wrote {} and its row in {rows}\n{}", shown(&dir.join(&target)), next(options)))
}

/// The product's name of the build.
fn product(options: &Options, rows: &str) -> String {
    options.name.clone().unwrap_or_else(|| {
        let (builds, _) = settings::read_builds(ROWS, rows);
        let known = builds.get(&options.build).map(|build| build.product.clone());
        known.unwrap_or_else(|| format!("Windows build {}", options.build))
    })
}

/// The next steps. `regen` only reads the manifests of the repository.
fn next(options: &Options) -> String {
    match &options.dir {
        None => "next: cargo xtask regen".to_owned(),
        Some(dir) => {
            let dir = dir.display();
            format!("next: cargo xtask regen, once the files of {dir} are in manifests/smbserver")
        }
    }
}

/// A build that is there already.
struct Known {
    build: u32,
    provider: Provider,
}

/// The builds of the folder but the one to import, nearest first.
fn known(folder: &Path, build: u32, report: &mut Report) -> Result<Vec<Known>> {
    let mut known = Vec::new();
    for (number, path) in manifests::of_folder(folder)? {
        if number == build {
            continue;
        }
        let captures = captures::read(&[&path], report)?;
        report.check(&captures.diagnostics, &shown(&path))?;
        known.extend(captures.parts.into_iter().next().map(|part| Known { build: number, provider: part.provider }));
    }
    // Of two at the same distance, the older: a build takes after the one before it.
    known.sort_by_key(|known| (known.build.abs_diff(build), known.build));
    Ok(known)
}

fn combined(
    options: &Options,
    captures: Captures,
    known: &[Known],
    folder: &Folder,
    report: &mut Report,
) -> Result<Imported> {
    let usual = known.first().map(|known| guid_text(known.provider.guid));
    let wanted = options.provider.clone().or(usual);
    let parts = captures.parts.into_iter().map(|part| ((), part)).collect();
    let parts = captures::choose(parts, wanted.as_deref())?.into_iter().map(|((), part)| part).collect();
    let file = Setting::Overrides.file_name();
    let text = folder.read_text(file)?.unwrap_or_default();
    let (overrides, found) = overrides::read(file, &text);
    report.add(file, text.into_bytes());
    report.check(&found, file)?;
    let mut decisions = overrides.contradictions;
    decisions.retain(|decision| decision.build == options.build);
    let (imported, found) = combine::import(combine::Captures {
        build: options.build,
        parts,
        texts: captures.texts,
        decisions: &decisions,
        neighbours: known.iter().map(|known| (known.build, &known.provider)).collect(),
    });
    report.print(&found)?;
    match found.error_count() {
        0 => Ok(imported),
        n => Err(Failure::found(counted(n, "contradiction"))),
    }
}

fn summarize(build: u32, imported: &Imported) -> Result<()> {
    let p = &imported.provider;
    print::out(|out| {
        writeln!(out, "build {build}: {} {}", p.name, p.guid)?;
        let events = p.events.len();
        let templates = p.templates.len();
        let tasks = p.tasks.len();
        let keywords = p.keywords.len();
        let maps = p.maps.len();
        writeln!(out, "{events} events, {templates} templates, {tasks} tasks, {keywords} keywords, {maps} maps")?;
        imported
            .facts
            .iter()
            .try_for_each(|(kind, fact)| writeln!(out, "  {kind:30} {:9} {}", fact.status, fact.source))
    })
}

/// Shows what is new against the build before and the build after.
fn changes(build: u32, imported: &Imported, formats: &[Format], known: &[Known]) -> Result<()> {
    let before = known.iter().filter(|known| known.build < build).max_by_key(|known| known.build);
    let after = known.iter().filter(|known| known.build > build).min_by_key(|known| known.build);
    let mut new = Snapshot::from_provider(&format!("build {build}"), &imported.provider);
    if !formats.iter().any(|format| format.holds(Holds::EventList)) {
        // What it does not tell of is not gone.
        new = new.with_formats(formats);
        let message = "a trace holds only the events that were recorded: the build may have others";
        print::line(message)?;
    }
    let of = |known: &Known| Snapshot::from_provider(&format!("build {}", known.build), &known.provider);
    let pairs = [before.map(|old| (of(old), new.clone())), after.map(|later| (new.clone(), of(later)))];
    print::out(|out| {
        for (old, new) in pairs.iter().flatten() {
            let diff = Diff::new(old, new);
            let semver = Semver::from_diff(&diff, old, new);
            write!(out, "\n{}", text(&diff, &print::PALETTE, &semver.remark()))?;
        }
        writeln!(out)
    })
}

/// Runs the checks of `regen`, so that nothing is written that `regen` would refuse.
fn try_out(folder: &Folder, dir: &Path, build: u32, (manifest, rows): (&str, &str), report: &mut Report) -> Result<()> {
    let mut generator = Generator::new();
    for (number, path) in manifests::of_folder(dir)?.into_iter().filter(|(number, _)| *number != build) {
        generator.add_manifest(&shown(&path), number, &files::read(&path)?);
    }
    generator.add_manifest(&format!("{build}.man"), build, manifest.as_bytes());
    for setting in Setting::ALL {
        let text = match setting {
            Setting::Builds => Some(rows.to_owned()),
            _ => folder.read_text(setting.file_name())?,
        };
        if let Some(text) = text {
            generator.configure(setting, setting.file_name(), &text);
            report.add(setting.file_name(), text.into_bytes());
        }
    }
    let (_, found): (_, Diagnostics) = generator.plan_names();
    report.check(&found, "the manifests").map_err(|failure| failure.with("; nothing was written"))
}
