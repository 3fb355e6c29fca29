//! `regen`: writes the generated crate, or checks that it is fresh.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use etw_codegen::{Output, history};
use etw_schema::schema_file;

use crate::Result;
use crate::manifests::{self, Input};

/// Generates the crate `smbserver-etw` from manifests/smbserver.
///
/// Makes generated/src, generated/schema.json and docs/history.md, and appends new names to names.lock. Writes only
/// files whose text differs, and removes what it does not make from generated/src, the hand-written lib.rs apart.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Write nothing; list every stale, missing and orphan file and exit with 1 if there is any
    #[arg(long)]
    check: bool,
}

/// The folder that belongs to regen; what lies there and is not made is an orphan.
const OWNED_FOLDER: &str = "generated/src";

/// The one file there that is written by hand.
const BY_HAND: &str = "generated/src/lib.rs";

/// The story of the provider, build by build.
const HISTORY: &str = "docs/history.md";

/// What is to be done with a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Missing,
    Stale,
    Orphan,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let start = Instant::now();
    let input = manifests::load()?;
    let output = input.generator.generate();
    manifests::report(&output.diagnostics)?;
    let files = paths(&output)?;
    let changes = compare(&manifests::root(), &files)?;
    print_summary(&input, &output, start);
    if options.check { check(&changes) } else { apply(&files, &changes) }
}

/// Every file to be there, by its path from the repository's root.
fn paths(output: &Output) -> Result<BTreeMap<String, String>> {
    let mut files: BTreeMap<String, String> =
        output.files.0.iter().map(|(path, text)| (format!("generated/src/{path}"), text.clone())).collect();
    files.insert(format!("manifests/smbserver/{}", manifests::NAMES), output.names.to_string());
    files.insert(manifests::SCHEMA.to_owned(), schema_file::write(&output.schema).map_err(|error| error.to_string())?);
    files.insert(HISTORY.to_owned(), history::markdown_of(&output.schema));
    Ok(files)
}

fn compare(root: &Path, files: &BTreeMap<String, String>) -> Result<BTreeMap<String, Change>> {
    let mut changes = BTreeMap::new();
    for (path, text) in files {
        match fs::read(root.join(path)) {
            Ok(bytes) if bytes == text.as_bytes() => {}
            Ok(_) => drop(changes.insert(path.clone(), Change::Stale)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                changes.insert(path.clone(), Change::Missing);
            }
            Err(error) => return Err(format!("{path}: {error}")),
        }
    }
    for path in files_below(&root.join(OWNED_FOLDER))? {
        let path = manifests::shown(path.strip_prefix(root).unwrap_or(&path));
        if path != BY_HAND && !files.contains_key(&path) {
            changes.insert(path, Change::Orphan);
        }
    }
    Ok(changes)
}

/// Every file below a folder; none where there is no such folder.
pub(crate) fn files_below(folder: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(format!("{}: {error}", folder.display())),
        };
        for entry in entries {
            let path = entry.map_err(|error| format!("{}: {error}", folder.display()))?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path);
            }
        }
    }
    Ok(found)
}

fn print_summary(input: &Input, output: &Output, start: Instant) {
    let schema = &output.schema;
    let builds: Vec<String> = schema.builds.iter().map(|build| build.number.to_string()).collect();
    let bytes: usize = output.files.0.values().map(String::len).sum();
    println!("read  {} files, {} bytes: builds {}", input.files, input.bytes, builds.join(", "));
    println!(
        "made  {} builds, {} events, {} layouts: {} files, {bytes} bytes in {} ms",
        schema.builds.len(),
        output.events,
        output.layouts,
        output.files.0.len(),
        start.elapsed().as_millis(),
    );
}

fn check(changes: &BTreeMap<String, Change>) -> Result<()> {
    if changes.is_empty() {
        println!("fresh nothing differs");
        return Ok(());
    }
    let mut message = String::new();
    for (path, change) in changes {
        let word = match change {
            Change::Missing => "missing",
            Change::Stale => "stale",
            Change::Orphan => "orphan",
        };
        message += &format!("{word:7} {path}\n");
    }
    Err(message + "The generated crate does not match the manifests: run `cargo xtask regen` and commit the result.")
}

fn apply(files: &BTreeMap<String, String>, changes: &BTreeMap<String, Change>) -> Result<()> {
    let root = manifests::root();
    for (path, change) in changes {
        let full = root.join(path);
        let done = match (change, files.get(path)) {
            (Change::Missing | Change::Stale, Some(text)) => {
                let folder = full.parent().map_or(Ok(()), fs::create_dir_all);
                folder.and_then(|()| fs::write(&full, text)).map(|()| "wrote")
            }
            _ => fs::remove_file(&full).map(|()| "removed"),
        };
        println!("{} {path}", done.map_err(|error| format!("{path}: {error}"))?);
    }
    if changes.is_empty() {
        println!("fresh nothing to write");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stale_missing_or_nobodys_is_found_wherever_it_lies() {
        let root = std::env::temp_dir().join(format!("regen-compare-{}", std::process::id()));
        let lying = ["lib.rs", "maps.rs", "gone.rs", "events/share.rs", "events/gone.rs", "folder/gone.rs"];
        for path in lying {
            let path = root.join(OWNED_FOLDER).join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, "old").expect("a file");
        }
        let made = [("maps.rs", "old"), ("events/share.rs", "new"), ("events/open.rs", "new")];
        let made = made.map(|(path, text)| (format!("{OWNED_FOLDER}/{path}"), text.to_owned()));
        let changes = compare(&root, &made.into()).expect("the folder can be read");
        fs::remove_dir_all(&root).expect("the folder can go");
        let of = |wanted| -> Vec<&str> {
            let paths = changes.iter().filter(|(_, change)| **change == wanted);
            paths.filter_map(|(path, _)| path.strip_prefix("generated/src/")).collect()
        };
        assert_eq!(of(Change::Stale), ["events/share.rs"]);
        assert_eq!(of(Change::Missing), ["events/open.rs"]);
        assert_eq!(of(Change::Orphan), ["events/gone.rs", "folder/gone.rs", "gone.rs"]);
    }
}
