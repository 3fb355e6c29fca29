//! The workspace as cargo knows it, and commands run in it.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::manifests;

/// The result of a step: the reason is a text for a person.
pub(super) type Result<T> = std::result::Result<T, String>;

/// How a step ended that did not fail.
pub(super) enum Outcome {
    Passed,
    /// It cannot run here, for this reason.
    Skipped(String),
}

/// A package as `cargo metadata` describes it.
#[derive(Deserialize)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) license: Option<String>,
    pub(super) rust_version: Option<String>,
    categories: Vec<String>,
    pub(super) features: std::collections::BTreeMap<String, Vec<String>>,
    publish: Option<Vec<String>>,
    pub(super) manifest_path: PathBuf,
    pub(super) source: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

/// The workspace.
pub(super) struct Repository {
    cargo: String,
    pub(super) root: PathBuf,
    /// The members and all that they depend on, on any platform.
    pub(super) packages: Vec<Package>,
    /// Whether time does not matter.
    pub(super) full: bool,
}

impl Repository {
    pub(super) fn read(full: bool) -> Result<Self> {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let root = manifests::root().map_err(|failure| failure.message().to_owned())?;
        let mut command = Command::new(&cargo);
        command.args(["metadata", "--format-version", "1", "--locked"]).current_dir(&root);
        let output =
            command.stderr(Stdio::inherit()).output().map_err(|error| format!("cannot run {cargo}: {error}"))?;
        if !output.status.success() {
            return Err("cargo metadata failed".to_owned());
        }
        let metadata: Metadata = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
        Ok(Self { cargo, root, packages: metadata.packages, full })
    }

    /// The members that go to the registry.
    pub(super) fn published(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.source.is_none() && package.publish.is_none())
    }

    /// `--package NAME` for each published package that the filter keeps.
    pub(super) fn published_arguments(&self, keep: fn(&Package) -> bool) -> Vec<&str> {
        self.published().filter(|package| keep(package)).flat_map(|package| ["--package", &*package.name]).collect()
    }

    /// A command in the workspace.
    pub(super) fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.root);
        command
    }

    /// Runs cargo and shows its output.
    pub(super) fn cargo(&self, arguments: &[&str]) -> Result<()> {
        self.cargo_with(arguments, &[])
    }

    /// Runs cargo with these variables in its environment, and shows its output.
    pub(super) fn cargo_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Result<()> {
        let mut command = self.command(&self.cargo, arguments);
        command.envs(environment.iter().copied());
        run(command, &format!("cargo {}", arguments.join(" ")))
    }

    /// Runs cargo with these variables in its environment, and returns what it wrote to stdout and stderr.
    pub(super) fn cargo_output(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Result<String> {
        println!("cargo {}", arguments.join(" "));
        let mut command = self.command(&self.cargo, arguments);
        let output = command.envs(environment.iter().copied()).output().map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        if output.status.success() { Ok(text.into_owned()) } else { Err(text.into_owned()) }
    }

    /// Removes a folder that a step made, if it is there.
    pub(super) fn remove_folder(&self, name: &str) -> Result<()> {
        match std::fs::remove_dir_all(self.root.join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(format!("{name}: {error}")),
            _ => Ok(()),
        }
    }

    /// What a program writes to stdout; `None` where it is not installed or fails.
    pub(super) fn answer(&self, program: &str, arguments: &[&str]) -> Option<String> {
        let output = self.command(program, arguments).stderr(Stdio::null()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Whether cargo has this subcommand.
    pub(super) fn has_subcommand(&self, name: &str) -> bool {
        self.answer(&self.cargo, &[name, "--version"]).is_some()
    }

    /// Whether the standard library of a target is installed, or could be installed now.
    pub(super) fn has_target(&self, target: &str) -> bool {
        let is_installed = |list: String| list.lines().any(|line| line.trim() == target);
        self.answer("rustup", &["target", "list", "--installed"]).is_some_and(is_installed)
            || self.answer("rustup", &["target", "add", target]).is_some()
    }
}

/// Runs a command and shows its output.
pub(super) fn run(mut command: Command, shown: &str) -> Result<()> {
    println!("{shown}");
    let status = command.status().map_err(|error| format!("cannot run {shown}: {error}"))?;
    if status.success() { Ok(()) } else { Err(shown.to_owned()) }
}

impl Package {
    pub(super) fn has_features(&self) -> bool {
        !self.features.is_empty()
    }

    pub(super) fn is_no_std(&self) -> bool {
        self.categories.iter().any(|category| category == "no-std")
    }
}
