//! `ci`: the steps that must pass before a change lands, each a command that anyone can run.

mod licences;
mod repository;
mod steps;

use std::time::{Duration, Instant};

use clap::Args;

use self::repository::{Outcome, Repository, Result};
use self::steps::{STEPS, Step, When};

/// Runs what CI runs: formatting, freshness, lints, tests, docs, other targets, packages.
#[derive(Args)]
pub(crate) struct Options {
    /// Runs the slow steps too
    #[arg(long)]
    full: bool,
    /// Lists the steps with what each is for, and runs none
    #[arg(long)]
    list: bool,
    /// Runs this step alone, even a slow one; may be given several times
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    if options.list {
        list();
        return Ok(());
    }
    let steps = choose(options)?;
    let repository = Repository::read(options.full)?;
    let mut results = Vec::new();
    for step in steps {
        println!("==> {}: {}", step.name, step.purpose);
        let start = Instant::now();
        let outcome = (step.run)(&repository).map_err(|error| {
            summarize(&results);
            format!("==> {} failed after {}: {error}", step.name, seconds(start.elapsed()))
        })?;
        let result = StepResult { name: step.name, took: start.elapsed(), outcome };
        println!("==> {result}");
        results.push(result);
    }
    summarize(&results);
    Ok(())
}

/// The result of a step.
struct StepResult {
    name: &'static str,
    took: Duration,
    outcome: Outcome,
}

impl std::fmt::Display for StepResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.outcome {
            Outcome::Passed => write!(f, "{} passed in {}", self.name, seconds(self.took)),
            Outcome::Skipped(reason) => write!(f, "{} SKIPPED: {reason}", self.name),
        }
    }
}

fn list() {
    for step in STEPS {
        let slow = if step.when == When::Full { " (only with --full)" } else { "" };
        println!("{:18} {}{slow}", step.name, step.purpose);
    }
}

fn choose(options: &Options) -> Result<Vec<&'static Step>> {
    if options.only.is_empty() {
        return Ok(STEPS.iter().filter(|step| options.full || step.when == When::Always).collect());
    }
    let find = |name: &String| {
        let found = STEPS.iter().find(|step| step.name == name);
        found.ok_or_else(|| format!("unknown step `{name}`; `cargo xtask ci --list` lists them"))
    };
    options.only.iter().map(find).collect()
}

fn summarize(results: &[StepResult]) {
    println!();
    for result in results {
        println!("{result}");
    }
    let total = results.iter().map(|result| result.took).sum();
    let skipped = results.iter().filter(|result| matches!(result.outcome, Outcome::Skipped(_))).count();
    println!("{} steps passed, {skipped} skipped, {} in all", results.len() - skipped, seconds(total));
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
