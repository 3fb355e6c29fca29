//! `import`: captures of a Windows build become a manifest of this repository.

use std::fs;
use std::path::{Path, PathBuf};

use etw_codegen::semver::Semver;
use etw_codegen::{Generator, Setting, overrides};
use etw_schema::combine::{self, Imported, provenance};
use etw_schema::diagnostic::Diagnostics;
use etw_schema::diff::{Diff, Snapshot, text};
use etw_schema::model::{Provider, guid_text};
use etw_schema::settings;

use crate::captures::{self, Captures};
use crate::manifests::{self, shown};
use crate::{Result, print};

/// Takes captures of a Windows build into manifests/smbserver.
///
/// A capture is an instrumentation manifest (.man), a dump of a registered one (PerfView), a listing of WEPExplorer, or
/// a binary with its message table (srv2.sys and en-US/srv2.sys.mui). Several are combined: where one is silent the other
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
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask import srv2.sys en-US/srv2.sys.mui --build 27000 --name \"Windows 11 26H2\"
  cargo xtask import dump.xml --build 14393 --dry-run
  cargo xtask import manifests/smbserver/22000.man dump.xml --build 22000 --replace";

/// A build that is there already.
struct Known {
    build: u32,
    provider: Provider,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let folder = options.dir.clone().unwrap_or_else(manifests::folder);
    let target = folder.join(format!("{}.man", options.build));
    if target.exists() && !options.replace {
        let message = "the build is there already; --replace replaces it, and its manifest among the files adds to it";
        return Err(format!("{}: {message}", shown(&target)));
    }
    let known = known(&folder, options.build)?;
    let captures = captures::read(&options.files)?;
    manifests::report(&captures.diagnostics)?;
    let imported = combined(options, captures, &known, &folder)?;
    summarize(options.build, &imported)?;
    changes(options.build, &imported, &known)?;
    let rows = folder.join("builds.toml");
    let old_rows = fs::read_to_string(&rows).map_err(|error| format!("{}: {error}", shown(&rows)))?;
    let product = match &options.name {
        Some(name) => name.clone(),
        None => settings::read_builds("builds.toml", &old_rows)
            .0
            .get(&options.build)
            .map_or_else(|| format!("Windows build {}", options.build), |build| build.product.clone()),
    };
    let new_rows = provenance::put_row(&old_rows, options.build, &imported.row(options.build, &product));
    try_out(&folder, options.build, &imported, &new_rows)?;
    if options.dry_run {
        return print::out(|out| writeln!(out, "wrote nothing (--dry-run)"));
    }
    for (path, text) in [(&target, &imported.manifest), (&rows, &new_rows)] {
        fs::write(path, text).map_err(|error| format!("{}: {error}", shown(path)))?;
    }
    print::out(|out| writeln!(out, "wrote {} and its row in {}\nnext: cargo xtask regen", shown(&target), shown(&rows)))
}

/// The builds of the folder but the one to import, nearest first.
fn known(folder: &Path, build: u32) -> Result<Vec<Known>> {
    let mut known = Vec::new();
    for (number, path) in manifests::of_folder(folder)? {
        if number == build {
            continue;
        }
        let captures = captures::read(&[&path])?;
        manifests::report(&captures.diagnostics)?;
        known.extend(captures.parts.into_iter().next().map(|part| Known { build: number, provider: part.provider }));
    }
    // Of two at the same distance, the older: a build takes after the one before it.
    known.sort_by_key(|known| (known.build.abs_diff(build), known.build));
    Ok(known)
}

fn combined(options: &Options, captures: Captures, known: &[Known], folder: &Path) -> Result<Imported> {
    let usual = known.first().map(|known| guid_text(known.provider.guid));
    let wanted = options.provider.clone().or(usual);
    let parts = captures.parts.into_iter().map(|part| ((), part)).collect();
    let parts = captures::choose(parts, wanted.as_deref())?.into_iter().map(|((), part)| part).collect();
    let path = folder.join("overrides.toml");
    let text = fs::read_to_string(&path).unwrap_or_default();
    let (overrides, found) = overrides::read(&shown(&path), &text);
    manifests::report(&found)?;
    let mut decisions = overrides.contradictions;
    decisions.retain(|decision| decision.build == options.build);
    let (imported, found) = combine::import(combine::Captures {
        build: options.build,
        parts,
        texts: captures.texts,
        decisions: &decisions,
        neighbours: known.iter().map(|known| (known.build, &known.provider)).collect(),
    });
    captures::print(&found);
    match found.errors().count() {
        0 => Ok(imported),
        1 => Err("1 contradiction".to_owned()),
        n => Err(format!("{n} contradictions")),
    }
}

fn summarize(build: u32, imported: &Imported) -> Result<()> {
    let p = &imported.provider;
    print::out(|out| {
        writeln!(out, "build {build}: {} {}", p.name, p.guid)?;
        let (events, templates, tasks) = (p.events.len(), p.templates.len(), p.tasks.len());
        let (keywords, maps) = (p.keywords.len(), p.maps.len());
        writeln!(out, "{events} events, {templates} templates, {tasks} tasks, {keywords} keywords, {maps} maps")?;
        imported
            .facts
            .iter()
            .try_for_each(|(kind, fact)| writeln!(out, "  {kind:30} {:9} {}", fact.status, fact.source))
    })
}

/// Shows what is new against the build before and the build after.
fn changes(build: u32, imported: &Imported, known: &[Known]) -> Result<()> {
    let before = known.iter().filter(|known| known.build < build).max_by_key(|known| known.build);
    let after = known.iter().filter(|known| known.build > build).min_by_key(|known| known.build);
    let new = Snapshot::from_provider(&format!("build {build}"), &imported.provider);
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

/// Runs what `regen` would run, so that nothing is written that it would refuse.
fn try_out(folder: &Path, build: u32, imported: &Imported, rows: &str) -> Result<()> {
    let mut generator = Generator::new();
    for (number, path) in manifests::of_folder(folder)?.into_iter().filter(|(number, _)| *number != build) {
        let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", shown(&path)))?;
        generator.add_manifest(&shown(&path), number, &bytes);
    }
    generator.add_manifest(&format!("{build}.man"), build, imported.manifest.as_bytes());
    for setting in Setting::ALL {
        let text = match setting {
            Setting::Builds => rows.to_owned(),
            _ => fs::read_to_string(folder.join(setting.file_name())).unwrap_or_default(),
        };
        if !text.is_empty() {
            generator.configure(setting, setting.file_name(), &text);
        }
    }
    let (_, found): (_, Diagnostics) = generator.plan_names();
    manifests::report(&found).map_err(|error| format!("{error}; nothing was written"))
}
