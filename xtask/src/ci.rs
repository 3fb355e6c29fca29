//! `ci`: the steps that must pass before a change lands, each a command that anyone can run.

use std::process::Command;
use std::time::Instant;

use crate::Result;
use crate::manifests;

/// A step: its name, the arguments of cargo, and variables of its environment.
struct Step {
    name: &'static str,
    arguments: &'static str,
    environment: Option<(&'static str, &'static str)>,
}

const fn step(name: &'static str, arguments: &'static str) -> Step {
    Step { name, arguments, environment: None }
}

const STEPS: &[Step] = &[
    // The README's test command.
    step("tests", "test --workspace"),
    step("generated output is fresh", "run --quiet --package xtask -- regen --check"),
    step("formatting", "fmt --all --check"),
    step("lints", "clippy --workspace --all-targets -- --deny warnings"),
    step("lints with all features", "clippy --workspace --all-targets --all-features -- --deny warnings"),
    step(
        "the generated crate without features",
        "clippy --package smbserver-etw --no-default-features -- --deny warnings",
    ),
    Step {
        name: "docs",
        arguments: "doc --workspace --no-deps --all-features",
        environment: Some(("RUSTDOCFLAGS", "--deny warnings")),
    },
];

pub(crate) fn run() -> Result<()> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    for step in STEPS {
        println!("==> {}: cargo {}", step.name, step.arguments);
        let start = Instant::now();
        let mut command = Command::new(&cargo);
        command.args(step.arguments.split(' ')).current_dir(manifests::root()).envs(step.environment);
        let status = command.status().map_err(|error| format!("cannot run {cargo}: {error}"))?;
        if !status.success() {
            return Err(format!("==> {} failed: cargo {}", step.name, step.arguments));
        }
        println!("==> {} passed in {} s", step.name, start.elapsed().as_secs());
    }
    Ok(())
}
