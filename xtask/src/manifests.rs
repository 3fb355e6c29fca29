//! Reads manifests/smbserver into a generator.

use std::fs;
use std::path::{Path, PathBuf};

use etw_codegen::names_lock::NamesLock;
use etw_codegen::{Generator, Setting};
use etw_schema::diagnostic::Diagnostics;
use etw_schema::model::schema::Schema;
use etw_schema::schema_file;

use crate::Result;
use crate::captures;

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    // The manifest of this crate lies one level below the root.
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}

/// A generator with all builds, and what was read.
pub(crate) struct Input {
    pub(crate) generator: Generator,
    /// Files read.
    pub(crate) files: usize,
    /// Bytes read.
    pub(crate) bytes: usize,
}

/// The merged schema as data.
pub(crate) const SCHEMA: &str = "generated/schema.json";

/// The file of published names, the one that `regen` writes in the manifests' folder.
pub(crate) const NAMES: &str = "names.lock";

/// The folder of the manifests.
pub(crate) fn folder() -> PathBuf {
    root().join("manifests/smbserver")
}

/// Reads every `<build>.man` and the files beside them.
pub(crate) fn load() -> Result<Input> {
    let folder = folder();
    let mut input = Input { generator: Generator::new(), files: 0, bytes: 0 };
    let read = |path: &Path, input: &mut Input| -> Result<(String, Vec<u8>)> {
        let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        input.files += 1;
        input.bytes += bytes.len();
        Ok((shown(path), bytes))
    };
    for (build, path) in of_folder(&folder)? {
        let (name, bytes) = read(&path, &mut input)?;
        input.generator.add_manifest(&name, build, &bytes);
    }
    for setting in Setting::ALL {
        let path = folder.join(setting.file_name());
        if setting == Setting::Names && !path.exists() {
            continue; // the first regen writes it
        }
        let (name, bytes) = read(&path, &mut input)?;
        let text = String::from_utf8(bytes).map_err(|error| format!("{name}: {error}"))?;
        input.generator.configure(setting, &name, &text);
    }
    Ok(input)
}

/// The merged schema as it is checked in, and the public names: no manifest is read.
pub(crate) fn checked_in() -> Result<(Schema, NamesLock)> {
    let read = |path: &str| {
        fs::read_to_string(root().join(path)).map_err(|error| format!("{path}: {error}; `cargo xtask regen` writes it"))
    };
    let schema = schema_file::read(SCHEMA, &read(SCHEMA)?).map_err(|error| error.to_string())?;
    let path = format!("manifests/smbserver/{NAMES}");
    let (names, diagnostics) = NamesLock::read(&path, &read(&path)?);
    report(&diagnostics)?;
    Ok((schema, names))
}

/// The manifests of a folder by build, ascending.
pub(crate) fn of_folder(folder: &Path) -> Result<Vec<(u32, PathBuf)>> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| format!("{}: {error}", folder.display()))?.path();
        if path.extension().is_none_or(|extension| extension != "man") {
            continue;
        }
        let build = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
        let build = build.ok_or_else(|| format!("{}: expected a name like 26100.man", shown(&path)))?;
        found.push((build, path));
    }
    found.sort();
    Ok(found)
}

/// A path as people of this repository write it: from its root, with `/`.
pub(crate) fn shown(path: &Path) -> String {
    let relative = path.strip_prefix(root()).unwrap_or(path);
    relative.to_string_lossy().replace('\\', "/")
}

/// Prints diagnostics; an error among them ends the task.
pub(crate) fn report(diagnostics: &Diagnostics) -> Result<()> {
    captures::print(diagnostics);
    match diagnostics.errors().count() {
        0 => Ok(()),
        n => Err(format!("{n} {} in the manifests", if n == 1 { "error" } else { "errors" })),
    }
}
