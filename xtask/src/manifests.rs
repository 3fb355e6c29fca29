//! Finds the repository, and reads manifests/smbserver into a generator.

use std::fs;
use std::path::{Path, PathBuf};

use etw_codegen::names_lock::NamesLock;
use etw_codegen::{Generator, Setting};
use etw_codegen_cli::diagnostics::Report;
use etw_codegen_cli::files::{self, Folder};
use etw_schema::model::schema::Schema;
use etw_schema::schema_file;

use crate::{Failure, Result};

/// The repository's root: that of the package that cargo runs, else the first upwards from the working directory. Never
/// that of the checkout in which this program was built.
pub(crate) fn root() -> Result<PathBuf> {
    let is_root = |folder: &&Path| folder.join(FOLDER).is_dir() && folder.join("xtask/Cargo.toml").is_file();
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let by_cargo = package.as_deref().and_then(|package| package.ancestors().find(is_root));
    if let Some(root) = by_cargo {
        return Ok(root.to_owned());
    }
    let here = std::env::current_dir().map_err(|error| format!("the working directory: {error}"))?;
    let root = here.ancestors().find(is_root);
    let message = || format!("{}: it is in no checkout of this repository", here.display());
    Ok(root.ok_or_else(message)?.to_owned())
}

/// A generator with all builds, and the files that it read.
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
pub(crate) const NAMES: &str = "manifests/smbserver/names.lock";

/// The folder of the manifests.
const FOLDER: &str = "manifests/smbserver";

/// The folder of the manifests.
pub(crate) fn folder() -> Result<PathBuf> {
    Ok(root()?.join(FOLDER))
}

/// The crate that is made of them.
const CRATE: &str = "smbserver-etw";

/// Reads every `<build>.man` and the files beside them. The report keeps them.
pub(crate) fn load(root: &Path, report: &mut Report) -> Result<Input> {
    let folder = root.join(FOLDER);
    let mut input = Input { generator: Generator::new(), files: 0, bytes: 0 };
    input.generator.for_crate(CRATE);
    for (build, path) in of_folder(&folder)? {
        let name = shown(&path);
        let bytes = files::read(&path)?;
        input.files += 1;
        input.bytes += bytes.len();
        input.generator.add_manifest(&name, build, &bytes);
        report.add(&name, bytes);
    }
    let beside = Folder::open(&folder)?;
    for setting in Setting::ALL {
        let name = shown(&folder.join(setting.file_name()));
        let Some(text) = beside.read_text(setting.file_name())? else {
            if setting == Setting::Names {
                continue; // the first regen writes it
            }
            return Err(Failure::cannot_run(format!("{name}: there is no such file")));
        };
        input.files += 1;
        input.bytes += text.len();
        input.generator.configure(setting, &name, &text);
        report.add(&name, text.into_bytes());
    }
    Ok(input)
}

/// The merged schema as it is checked in, and the public names: no manifest is read.
pub(crate) fn checked_in() -> Result<(Schema, NamesLock)> {
    let root = root()?;
    let read = |path: &str| {
        let text = files::read_text(&root.join(path));
        text.map_err(|failure| failure.with("; `cargo xtask regen` writes it"))
    };
    let schema = schema_file::read(SCHEMA, &read(SCHEMA)?).map_err(|error| error.to_string())?;
    let (names, diagnostics) = NamesLock::read(NAMES, &read(NAMES)?);
    if diagnostics.has_errors() {
        return Err(Failure::found(diagnostics.to_string().trim_end()));
    }
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
    let root = root().ok();
    let relative = root.and_then(|root| path.strip_prefix(root).ok().map(Path::to_owned));
    relative.as_deref().unwrap_or(path).to_string_lossy().replace('\\', "/")
}

/// The error for a build before every capture.
pub(crate) fn too_old(schema: &Schema, build: u32) -> Failure {
    let known: Vec<String> = schema.builds.iter().map(|build| build.number.to_string()).collect();
    Failure::cannot_run(format!("build {build} is older than every capture; captured are {}", known.join(", ")))
}
