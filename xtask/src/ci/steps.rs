//! The steps, in the order in which they run: what fails soonest comes first.

use std::time::SystemTime;

use super::licences;
use super::repository::{self, Outcome, Repository, Result};

/// A step of CI.
pub(super) struct Step {
    pub(super) name: &'static str,
    /// What the step checks, in a line.
    pub(super) purpose: &'static str,
    pub(super) when: When,
    pub(super) run: fn(&Repository) -> Result<Outcome>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// Before each change lands.
    Always,
    /// With `--full`.
    Full,
}

const fn step(name: &'static str, purpose: &'static str, run: fn(&Repository) -> Result<Outcome>) -> Step {
    Step { name, purpose, when: When::Always, run }
}

const fn slow(name: &'static str, purpose: &'static str, run: fn(&Repository) -> Result<Outcome>) -> Step {
    Step { name, purpose, when: When::Full, run }
}

pub(super) const STEPS: &[Step] = &[
    step("format", "the code is as rustfmt writes it", |it| passed(it.cargo(&["fmt", "--all", "--check"]))),
    step("licences", "every dependency may be used; each package has the licences' texts", licences::check),
    step("fresh", "the generated files are what the manifests give", |it| {
        passed(it.cargo(&["run", "--quiet", "--package", "xtask", "--", "regen", "--check"]))
    }),
    step("lints", "clippy has nothing to say, with all features", |it| {
        passed(it.cargo(&["clippy", "--workspace", "--all-targets", "--all-features", "--", "--deny", "warnings"]))
    }),
    step("lints-no-features", "nor of the no_std crates without any feature", lint_without_features),
    step("tests", "all tests, with all features", |it| passed(it.cargo(&["test", "--workspace", "--all-features"]))),
    step("tests-no-features", "the tests of crates with features, without any", test_without_features),
    step("docs", "the documentation builds, and its links lead somewhere", |it| {
        let arguments = ["doc", "--workspace", "--no-deps", "--all-features"];
        passed(it.cargo_with(&arguments, &[("RUSTDOCFLAGS", "--deny warnings")]))
    }),
    step("no-std", "the no_std crates build for a machine without an operating system", build_without_std),
    step(
        "targets",
        "published crates and live example compile for Windows, and where a length has 32 bits",
        check_targets,
    ),
    step("msrv", "the published crates compile with the oldest Rust that they promise", check_oldest_rust),
    step("package", "the published crates build from what their packages hold", package),
    slow("tests-ignored", "the tests that are too slow for each change", |it| {
        passed(it.cargo(&["test", "--workspace", "--all-features", "--", "--ignored"]))
    }),
    slow("wine", "what only Windows can run works under Wine (needs Wine and mingw)", test_under_wine),
    slow("other-reader", "the crate evtx reads the same of event logs (needs the corpus and the registry)", |it| {
        let arguments = ["test", "--manifest-path", "tests/other-reader/Cargo.toml"];
        passed(it.cargo(&[&arguments[..], &["--target-dir", "target/other-reader"]].concat()))
    }),
    slow("advisories", "no dependency has a known weakness (needs cargo-deny)", check_advisories),
    slow("semver", "no public item of the last release is gone (needs cargo-semver-checks)", check_semver),
];

fn passed(done: Result<()>) -> Result<Outcome> {
    done.map(|()| Outcome::Passed)
}

fn skipped(reason: impl Into<String>) -> Outcome {
    Outcome::Skipped(reason.into())
}

fn lint_without_features(it: &Repository) -> Result<Outcome> {
    let packages = it.published_arguments(|package| package.is_no_std() && package.has_features());
    let deny = ["--", "--deny", "warnings"];
    passed(it.cargo(&[&["clippy", "--all-targets", "--no-default-features"], &*packages, &deny].concat()))
}

fn test_without_features(it: &Repository) -> Result<Outcome> {
    let packages = it.published_arguments(|package| package.is_no_std() && package.has_features());
    passed(it.cargo(&[&["test", "--no-default-features"], &*packages].concat()))
}

fn build_without_std(it: &Repository) -> Result<Outcome> {
    let target = "thumbv7em-none-eabi";
    if !it.has_target(target) {
        return Ok(skipped(format!("`rustup target add {target}` does not work here")));
    }
    let packages = it.published_arguments(repository::Package::is_no_std);
    it.cargo(&[&["build", "--target", target, "--no-default-features"], &*packages].concat())?;
    let features: Vec<String> = it
        .published()
        .filter(|package| package.is_no_std())
        .flat_map(|package| package.features.keys().map(move |feature| format!("{}/{feature}", package.name)))
        .filter(|feature| !feature.ends_with("/std")) // the one that needs an operating system
        .collect();
    passed(it.cargo(&[&["build", "--target", target, "--features", &features.join(",")], &*packages].concat()))
}

/// Machines unlike those that CI runs on.
const TARGETS: &[&str] = &["i686-unknown-linux-gnu", WINDOWS];

/// Windows as other systems can compile for it.
const WINDOWS: &str = "x86_64-pc-windows-gnu";

/// Only Windows has live sessions; elsewhere the example is empty.
const LIVE_EXAMPLE: &str = "live-example";

/// Checks all targets at once: cargo then keeps all cores busy.
fn check_targets(it: &Repository) -> Result<Outcome> {
    let (there, missing): (Vec<&str>, Vec<&str>) = TARGETS.iter().partition(|target| it.has_target(target));
    if there.is_empty() {
        return Ok(skipped(format!("`rustup target add {}` does not work here", TARGETS.join(" "))));
    }
    for target in missing {
        println!("without {target}: `rustup target add {target}` does not work here");
    }
    let targets = there.iter().flat_map(|target| ["--target", target]);
    let packages = it.published_arguments(|_| true);
    let arguments = ["check", "--all-features", "--package", LIVE_EXAMPLE].into_iter().chain(targets).chain(packages);
    passed(it.cargo(&arguments.collect::<Vec<_>>()))
}

/// The compiler and linker that cargo calls for [`WINDOWS`].
const MINGW: &str = "x86_64-w64-mingw32-gcc";

/// A function of Windows that Rust's standard library needs, for a Wine that is too old to have it.
const PROCESS_PRNG: &str = include_str!("process_prng.c");

/// Runs tests under Wine: of the runtime, with the parts that take texts from Windows, and of the live example.
fn test_under_wine(it: &Repository) -> Result<Outcome> {
    for (program, package) in [("wine", "wine64 wine"), (MINGW, "gcc-mingw-w64-x86-64")] {
        if it.answer(program, &["--version"]).is_none() {
            return Ok(skipped(format!("{program} is not installed; Debian's packages are {package}")));
        }
    }
    if !it.has_target(WINDOWS) {
        return Ok(skipped(format!("`rustup target add {WINDOWS}` does not work here")));
    }
    let folder = it.root.join("target/wine");
    let build_stub = || {
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join("process_prng.c"), PROCESS_PRNG)
    };
    build_stub().map_err(|error| format!("{}: {error}", folder.display()))?;
    let arguments = ["-shared", "-O2", "-o", "bcryptprimitives.dll", "process_prng.c", "-ladvapi32"];
    let mut compiler = it.command(MINGW, &arguments);
    compiler.current_dir(&folder);
    repository::run(compiler, &format!("{MINGW} {}", arguments.join(" ")))?;
    let environment = [
        ("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", "wine".to_owned()),
        ("WINEDEBUG", "-all".to_owned()),
        // A home of its own: the tests leave that of a person alone.
        ("WINEPREFIX", folder.join("home").display().to_string()),
        ("WINEPATH", format!("Z:{}", folder.display().to_string().replace('/', "\\"))),
    ];
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    let packages = ["--package", "etw-runtime", "--package", LIVE_EXAMPLE];
    let arguments = [&["test", "--target", WINDOWS, "--all-features", "--lib"], &packages[..]].concat();
    passed(it.cargo_with(&arguments, &environment))
}

/// One check a version, should the crates promise several.
fn check_oldest_rust(it: &Repository) -> Result<Outcome> {
    let mut versions: Vec<&str> = it.published().filter_map(|package| package.rust_version.as_deref()).collect();
    versions.sort_unstable();
    versions.dedup();
    for version in versions {
        // A toolchain has three numbers, a promise of Cargo.toml may have two.
        let toolchain = if version.matches('.').count() == 1 { format!("{version}.0") } else { version.to_owned() };
        let is_there = |it: &Repository| it.answer("rustup", &["run", &toolchain, "cargo", "--version"]).is_some();
        if !is_there(it) && it.full {
            it.answer("rustup", &["toolchain", "install", &toolchain, "--profile", "minimal"]);
        }
        if !is_there(it) {
            return Ok(skipped(format!(
                "`rustup toolchain install {toolchain} --profile minimal` brings what is missing"
            )));
        }
        let packages = it.published().filter(|package| package.rust_version.as_deref() == Some(version));
        let packages: Vec<&str> = packages.flat_map(|package| ["--package", &*package.name]).collect();
        let arguments = [&["run", &toolchain, "cargo", "check", "--all-features"], &*packages].concat();
        repository::run(it.command("rustup", &arguments), &format!("rustup {}", arguments.join(" ")))?;
    }
    Ok(Outcome::Passed)
}

/// The files that a package must hold besides its code.
const PACKAGED: &[&str] = &["CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT", "README.md"];

fn package(it: &Repository) -> Result<Outcome> {
    for package in it.published() {
        let list = it.cargo_output(&["package", "--list", "--allow-dirty", "--package", &package.name], &[])?;
        for file in PACKAGED {
            if !list.lines().any(|line| line == *file) {
                return Err(format!("the package {} lacks {file}", package.name));
            }
        }
    }
    // People run this in a checkout with changes.
    let packages = it.published_arguments(|_| true);
    let without_debug = [("CARGO_PROFILE_DEV_DEBUG", "0")]; // it only has to build
    // Cargo keeps the sources and the builds of a package by the path of the folder it was packed in and by its version. In a
    // folder that was used before it would build the package of an older commit.
    let since_epoch = SystemTime::UNIX_EPOCH.elapsed().map_err(|error| error.to_string())?;
    let folder = format!("target/package-{}", since_epoch.as_nanos());
    let arguments = ["package", "--allow-dirty", "--target-dir", &folder];
    let output = it.cargo_output(&[&arguments, &*packages].concat(), &without_debug);
    let removed = it.remove_folder(&folder);
    let output = output?;
    removed?;
    print!("{output}");
    match output.lines().find(|line| line.starts_with("warning")) {
        Some(warning) => Err(warning.to_owned()),
        None => Ok(Outcome::Passed),
    }
}

fn check_advisories(it: &Repository) -> Result<Outcome> {
    if !it.has_subcommand("deny") {
        return Ok(skipped("cargo-deny is not installed"));
    }
    passed(it.cargo(&["deny", "check", "advisories", "bans", "sources"]))
}

fn check_semver(it: &Repository) -> Result<Outcome> {
    let Some(tag) = it.answer("git", &["describe", "--tags", "--abbrev=0", "--match", "v*"]) else {
        return Ok(skipped("there is no release yet, that is no tag `v…`"));
    };
    if !it.has_subcommand("semver-checks") {
        return Ok(skipped("cargo-semver-checks is not installed"));
    }
    let packages = it.published_arguments(|_| true);
    passed(it.cargo(&[&["semver-checks", "--baseline-rev", tag.trim()], &*packages].concat()))
}
