//! Generating the crate, beside the least that any generator has to do: read the manifests and write the files.

use std::fs;
use std::path::{Path, PathBuf};

use etw_codegen::{Generator, Output, Setting};

/// The files of `manifests/smbserver` that a generator takes, by name.
pub(crate) struct Input {
    folder: PathBuf,
    files: Vec<(String, Vec<u8>)>,
}

impl Input {
    pub(crate) fn read() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("manifests").join("smbserver");
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut names: Vec<_> = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.retain(|name| {
            Setting::from_file_name(name).is_some() || Path::new(name).extension() == Some("man".as_ref())
        });
        names.sort();
        let files = names.into_iter().map(|name| (name.clone(), read(&folder.join(name)))).collect();
        Self { folder, files }
    }

    /// From bytes to the text of every file, in memory.
    pub(crate) fn generate(&self) -> Output {
        let mut generator = Generator::new();
        for (name, bytes) in &self.files {
            let text = || str::from_utf8(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
            if let Some(setting) = Setting::from_file_name(name) {
                generator.configure(setting, name, text());
            } else {
                generator.add_manifest(name, build(name), bytes);
            }
        }
        generator.generate()
    }

    /// Reads the same files and writes what was generated from them, to a folder that is there for nothing else.
    pub(crate) fn read_and_write(&self, output: &Output) -> usize {
        let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("regen");
        let read = self.files.iter().map(|(name, _)| read(&self.folder.join(name)).len()).sum();
        for (path, text) in &output.files.0 {
            let path = scratch.join(path);
            let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, text));
            written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
        read
    }
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The build in a manifest's name, `26100.man`.
fn build(name: &str) -> u32 {
    let stem = name.trim_end_matches(".man");
    stem.parse().unwrap_or_else(|error| panic!("{name}: {error}"))
}
