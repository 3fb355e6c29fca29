//! `regen`: writes the generated crate, or checks that it is fresh.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use etw_codegen::{Output, history};
use etw_codegen_cli::diagnostics::{DiagnosticOptions, Report};
use etw_codegen_cli::files::{Change, Changes, Folder};
use etw_codegen_cli::print;
use etw_schema::schema_file;

use crate::manifests::{self, Input};
use crate::{Failure, Result};

/// Generates the crate `smbserver-etw` from manifests/smbserver.
///
/// Makes generated/src, generated/schema.json and docs/history.md, and appends new names to names.lock. Writes only
/// files whose text differs, all of them or none, and removes the generated files from generated/src that it makes no
/// more. Files without the first line of a generated one stay, lib.rs for instance.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Write nothing; list every stale, missing and orphan file and exit with 1 if there is any
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    diagnostics: DiagnosticOptions,
}

/// The folder of generated files; one that is not made any more is an orphan.
const SOURCES: &str = "generated/src";

/// The story of the provider, build by build.
const HISTORY: &str = "docs/history.md";

pub(crate) fn run(options: &Options) -> Result<()> {
    let start = Instant::now();
    let mut report = Report::new(&options.diagnostics);
    let root = manifests::root()?;
    let folder = Folder::open(&root)?;
    let input = manifests::load(&root, &mut report)?;
    let output = input.generator.generate();
    report.check(&output.diagnostics, "the manifests")?;
    let changes = changes(&folder, &paths(&output)?)?;
    print_summary(&input, &output, start)?;
    if options.check { check(&root, &changes) } else { apply(&folder, &changes) }
}

/// Every file to be there, by its path from the repository's root.
fn paths(output: &Output) -> Result<BTreeMap<String, String>> {
    let mut files: BTreeMap<String, String> =
        output.files.0.iter().map(|(path, text)| (format!("{SOURCES}/{path}"), text.clone())).collect();
    files.insert(manifests::NAMES.to_owned(), output.names.to_string());
    files.insert(manifests::SCHEMA.to_owned(), schema_file::write(&output.schema).map_err(|error| error.to_string())?);
    files.insert(HISTORY.to_owned(), history::markdown_of(&output.schema));
    Ok(files)
}

/// The differences from the files that should be there.
fn changes(folder: &Folder, files: &BTreeMap<String, String>) -> Result<Changes> {
    let mut changes = folder.differences(files)?;
    for path in folder.generated_below(SOURCES)? {
        if !files.contains_key(&path) {
            changes.insert(path, Change::Remove);
        }
    }
    Ok(changes)
}

fn print_summary(input: &Input, output: &Output, start: Instant) -> Result<()> {
    let schema = &output.schema;
    let builds: Vec<String> = schema.builds.iter().map(|build| build.number.to_string()).collect();
    let bytes: usize = output.files.0.values().map(String::len).sum();
    print::line(&format!("read  {} files, {} bytes: builds {}", input.files, input.bytes, builds.join(", ")))?;
    print::line(&format!(
        "made  {} builds, {} events, {} layouts: {} files, {bytes} bytes in {} ms",
        schema.builds.len(),
        output.events,
        output.layouts,
        output.files.0.len(),
        start.elapsed().as_millis(),
    ))
}

fn check(root: &Path, changes: &Changes) -> Result<()> {
    if changes.is_empty() {
        return print::line("fresh nothing differs");
    }
    let mut message = "the generated crate does not match the manifests\n".to_owned();
    for (path, change) in changes {
        let word = match change {
            Change::Remove => "orphan",
            Change::Write(_) if root.join(path).exists() => "stale",
            Change::Write(_) => "missing",
        };
        message += &format!("{word:7} {path}\n");
    }
    Err(Failure::found(message + "run `cargo xtask regen` and commit the result"))
}

fn apply(folder: &Folder, changes: &Changes) -> Result<()> {
    folder.apply(changes)?;
    if changes.is_empty() {
        return print::line("fresh nothing to write");
    }
    let done = changes.iter().map(|(path, change)| match change {
        Change::Write(_) => format!("wrote {path}"),
        Change::Remove => format!("removed {path}"),
    });
    print::line(&done.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use etw_codegen::HEADER;

    use super::*;

    #[test]
    fn what_is_stale_missing_or_not_made_is_found_wherever_it_is() {
        let root = std::env::temp_dir().join(format!("regen-compare-{}", std::process::id()));
        let there = ["maps.rs", "gone.rs", "events/share.rs", "events/gone.rs", "folder/gone.rs"];
        let old = format!("{HEADER}old");
        for path in there {
            let path = root.join(SOURCES).join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, &old).expect("a file");
        }
        fs::write(root.join(SOURCES).join("lib.rs"), "by hand").expect("a file");
        let made = [("maps.rs", &*old), ("events/share.rs", "new"), ("events/open.rs", "new")];
        let made = made.map(|(path, text)| (format!("{SOURCES}/{path}"), text.to_owned()));
        let changes = changes(&Folder::open(&root).expect("a folder"), &made.into()).expect("the folder can be read");
        let message = check(&root, &changes).expect_err("files differ").message().to_owned();
        fs::remove_dir_all(&root).expect("the folder can go");
        let listed: Vec<&str> = message.lines().skip(1).take(5).collect();
        let expected = [
            "orphan  generated/src/events/gone.rs",
            "missing generated/src/events/open.rs",
            "stale   generated/src/events/share.rs",
            "orphan  generated/src/folder/gone.rs",
            "orphan  generated/src/gone.rs",
        ];
        assert_eq!(listed, expected);
    }
}
