//! For a `build.rs`: manifests in, one module in `OUT_DIR`, and all diagnostics reported to cargo.
//!
//! ```no_run
//! // build.rs, with etw-codegen as a build-dependency and etw-runtime as a dependency
//! fn main() -> Result<(), etw_codegen::build::BuildError> {
//!     etw_codegen::build::compile_manifest("my-provider.man")
//! }
//! ```
//!
//! ```ignore
//! // lib.rs
//! pub mod my_provider {
//!     include!(concat!(env!("OUT_DIR"), "/my_provider.rs"));
//! }
//! ```
//!
//! `examples/build-script` in the repository is a whole crate of this kind.

use std::path::{Path, PathBuf};
use std::{env, error, fmt, fs, io};

use etw_schema::diagnostic::{Diagnostics, Severity};
use etw_schema::model::schema::Build;

use crate::{Generator, Output, SINGLE_FILE, Setting};

/// Generates a module from one manifest, for every build: [`Manifests`] with one file. The module's name is the file's,
/// with underscores.
///
/// # Errors
/// Those of [`Manifests::write`].
pub fn compile_manifest(path: impl AsRef<Path>) -> Result<(), BuildError> {
    let path = path.as_ref();
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let module: String = stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    Manifests::new().add(Build::UNKNOWN, path).write(&module)
}

/// The manifests of a provider, one a Windows build, and the files that may accompany them.
///
/// ```no_run
/// use etw_codegen::{Setting, build::Manifests};
///
/// # fn main() -> Result<(), etw_codegen::build::BuildError> {
/// Manifests::new()
///     .add(20348, "manifests/20348.man")
///     .add(26100, "manifests/26100.man")
///     .configure(Setting::Overrides, "manifests/overrides.toml")
///     .write("my_provider")
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Manifests {
    captures: Vec<(u32, PathBuf)>,
    settings: Vec<(Setting, PathBuf)>,
    errors_are_warnings: bool,
}

impl Manifests {
    /// No manifests yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the manifest of a build, in any format of [`etw_schema::source`]. [`Build::UNKNOWN`] serves every build.
    #[must_use]
    pub fn add(mut self, build: u32, path: impl AsRef<Path>) -> Self {
        self.captures.push((build, path.as_ref().to_owned()));
        self
    }

    /// Adds a file that accompanies the manifests.
    #[must_use]
    pub fn configure(mut self, setting: Setting, path: impl AsRef<Path>) -> Self {
        self.settings.push((setting, path.as_ref().to_owned()));
        self
    }

    /// Goes on after an error: the event that it is about is left out, and cargo shows a warning. Manifests of others
    /// may need it.
    #[must_use]
    pub fn leave_out_errors(mut self) -> Self {
        self.errors_are_warnings = true;
        self
    }

    /// Generates `OUT_DIR/<module>.rs`, to be included in a module. Cargo runs the script again when a file changes, and
    /// shows every error and warning.
    ///
    /// # Errors
    /// A file that cannot be read or written; no `OUT_DIR`, outside of a build script; an error in a manifest, unless
    /// [`Manifests::leave_out_errors`] was called; no event that can be generated.
    pub fn write(&self, module: &str) -> Result<(), BuildError> {
        let out_dir = env::var_os("OUT_DIR").ok_or(BuildError::NoOutDir)?;
        let output = self.generate()?;
        let errors = self.report(&output.diagnostics);
        let text = output.files.0.get(SINGLE_FILE).filter(|_| errors == 0).ok_or(BuildError::Manifest { errors })?;
        let path = Path::new(&out_dir).join(format!("{module}.rs"));
        fs::write(&path, text).map_err(|error| BuildError::File { path, error })
    }

    fn generate(&self) -> Result<Output, BuildError> {
        let mut generator = Generator::new();
        for (setting, path) in &self.settings {
            let bytes = read(path)?;
            generator.configure(*setting, &path.to_string_lossy(), &String::from_utf8_lossy(&bytes));
        }
        for (build, path) in &self.captures {
            generator.add_manifest(&path.to_string_lossy(), *build, &read(path)?);
        }
        Ok(generator.generate_single_file())
    }

    /// Reports the diagnostics to cargo, and counts those that prevent the generation.
    fn report(&self, diagnostics: &Diagnostics) -> usize {
        let mut errors = 0;
        for diagnostic in diagnostics.all() {
            // A line break would end the message and begin another instruction.
            let line = diagnostic.to_string().replace(['\r', '\n'], " ");
            match diagnostic.severity {
                Severity::Error if !self.errors_are_warnings => {
                    errors += 1;
                    println!("cargo::error={line}");
                }
                Severity::Error | Severity::Warning => println!("cargo::warning={line}"),
                Severity::Note => println!("{line}"), // cargo shows it with -vv
            }
        }
        errors
    }
}

fn read(path: &Path) -> Result<Vec<u8>, BuildError> {
    println!("cargo::rerun-if-changed={}", path.display());
    fs::read(path).map_err(|error| BuildError::File { path: path.to_owned(), error })
}

/// Why a build script cannot go on.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// A file cannot be read or written.
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The manifests have errors, or no event that can be generated. Cargo shows each of them.
    Manifest {
        /// How many errors there are; 0 if there is merely no event.
        errors: usize,
    },
    /// `OUT_DIR` is not set: this is no build script.
    NoOutDir,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, error } => write!(f, "{}: {error}", path.display()),
            Self::Manifest { errors: 0 } => f.write_str("the manifests have no event that can be generated"),
            Self::Manifest { errors: 1 } => f.write_str("the manifests have an error; it is shown above"),
            Self::Manifest { errors } => write!(f, "the manifests have {errors} errors; they are shown above"),
            Self::NoOutDir => f.write_str("OUT_DIR is not set; call this from a build script"),
        }
    }
}

impl error::Error for BuildError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::File { error, .. } => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ODD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/odd.man");
    const GOOD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/vectors.man");

    #[test]
    fn errors_stop_a_build_unless_they_are_to_be_left_out() {
        let manifests = Manifests::new().add(1, ODD);
        let output = manifests.generate().unwrap();
        let errors = output.diagnostics.error_count();
        assert!(errors > 0);
        assert_eq!(manifests.report(&output.diagnostics), errors);
        assert_eq!(manifests.leave_out_errors().report(&output.diagnostics), 0);
        let good = Manifests::new().add(1, GOOD);
        assert_eq!(good.report(&good.generate().unwrap().diagnostics), 0);
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = Manifests::new().add(1, "nowhere/no.man").generate().unwrap_err();
        assert!(error.to_string().starts_with("nowhere/no.man: "), "{error}");
        let error = Manifests::new().configure(Setting::Overrides, "nowhere/no.toml").generate().unwrap_err();
        assert!(error.to_string().starts_with("nowhere/no.toml: "), "{error}");
    }
}
