//! Writes below a folder as a whole or not at all, even if the process is killed or the disk is full. No symbolic link
//! is followed out of the folder, and a file that the generator did not write is never removed.
//!
//! New texts are first written to the folder [`STAGING`] and flushed to disk, after a journal that says where each
//! belongs. Renaming the journal commits the change: before it the old state holds, after it the new one. Only renames
//! follow. If the process is killed among them, the journal remains, and [`Folder::open`] of the next command finishes
//! the work and says so. Until then a compiler sees files of both states. That cannot be avoided: systems rename one file, or one
//! folder, at once, and here no folder is the generator's alone. A crate has a `src/lib.rs` and a `Cargo.toml` that people
//! change, and `names.lock` is beside the manifests.
//!
//! Two commands never work in one folder: the second waits a little, then gives up. The lock is a file in the system's
//! folder for temporary files. The system unlocks it whenever the process ends.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, Instant};

use etw_codegen::HEADER;
use etw_schema::hash::{FNV_SEED, fnv_1a};
use etw_schema::visible::visible;
use fs4::{FileExt, TryLockError};

use crate::{Failure, Result, print};

/// The folder in which changes are prepared. A command that was killed leaves it, and the next one removes it.
pub const STAGING: &str = ".etw-codegen";

/// The change of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is to hold this.
    Write(Vec<u8>),
    /// It is to go. Only a file that begins with the generator's header does.
    Remove,
}

/// Changes by path from a folder, with `/`.
pub type Changes = BTreeMap<String, Change>;

/// A folder to read and write in.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    /// Locked as long as the folder is open; none if the system has no folder for temporary files.
    _lock: Option<File>,
}

/// The journal, and its name while it is written.
const JOURNAL: &str = "journal";
const UNFINISHED: &str = "journal.part";

/// How a journal begins.
const MAGIC: &str = "etw-codegen journal 1\n";

impl Folder {
    /// A folder, which need not be there. Work that a killed command left is ended, or undone where it had not been decided.
    ///
    /// # Errors
    /// Another command works in the folder, the folder cannot be read, or something else is in the place of [`STAGING`].
    pub fn open(root: &Path) -> Result<Self> {
        let folder = Self { root: root.to_owned(), _lock: lock(root)? };
        folder.recover()?;
        Ok(folder)
    }

    /// What a file holds; `None` where there is none.
    ///
    /// # Errors
    /// The path leads through a link, or the file cannot be read.
    pub fn read(&self, path: &str) -> Result<Option<Vec<u8>>> {
        let full = self.checked(path)?;
        match fs::read(&full) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(&full, &error)),
        }
    }

    /// The text of a file; `None` where there is none.
    ///
    /// # Errors
    /// As [`Folder::read`], and text that is not UTF-8.
    pub fn read_text(&self, path: &str) -> Result<Option<String>> {
        let bytes = self.read(path)?;
        let text =
            |bytes| String::from_utf8(bytes).map_err(|error| not_utf8(&self.root.join(path), &error.utf8_error()));
        bytes.map(text).transpose()
    }

    /// Whether there is nothing in the folder, or no folder.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn is_empty(&self) -> Result<bool> {
        match fs::read_dir(&self.root) {
            Ok(mut entries) => Ok(entries.next().is_none()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
            Err(error) => Err(failed(&self.root, &error)),
        }
    }

    /// The generated files below one of its folders, by their path from the root: regular files that begin with the
    /// generator's header. Links are not followed.
    ///
    /// # Errors
    /// Something cannot be read.
    pub fn generated_below(&self, path: &str) -> Result<Vec<String>> {
        let mut found = Vec::new();
        let mut folders = vec![path.to_owned()];
        while let Some(path) = folders.pop() {
            let full = self.root.join(&path);
            match fs::symlink_metadata(&full) {
                Ok(metadata) if metadata.is_dir() => {}
                Ok(_) => continue,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(failed(&full, &error)),
            }
            for entry in fs::read_dir(&full).map_err(|error| failed(&full, &error))? {
                let entry = entry.map_err(|error| failed(&full, &error))?;
                // The generator makes no names that are not UTF-8.
                let Ok(name) = entry.file_name().into_string() else { continue };
                let path = format!("{path}/{name}");
                let kind = entry.file_type().map_err(|error| failed(&entry.path(), &error))?;
                if kind.is_dir() {
                    folders.push(path);
                } else if kind.is_file() && is_generated(&entry.path())? {
                    found.push(path);
                }
            }
        }
        found.sort();
        Ok(found)
    }

    /// The changes that give the files these texts: one for each file that differs or is missing.
    ///
    /// # Errors
    /// As [`Folder::read`].
    pub fn differences<'f>(&self, files: impl IntoIterator<Item = (&'f String, &'f String)>) -> Result<Changes> {
        let mut changes = Changes::new();
        for (path, text) in files {
            if self.read(path)?.as_deref() != Some(text.as_bytes()) {
                changes.insert(path.clone(), Change::Write(text.as_bytes().to_vec()));
            }
        }
        Ok(changes)
    }

    /// Makes the changes, all of them or none.
    ///
    /// # Errors
    /// Nothing was changed, unless the error says that the next command ends the work.
    pub fn apply(&self, changes: &Changes) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        for path in changes.keys() {
            self.check_target(&self.checked(path)?)?;
        }
        let mut made = Vec::new();
        let prepared = self.prepare(changes, &mut made);
        if let Err(failure) = prepared {
            let _ = fs::remove_dir_all(self.staging());
            // They are empty; one that is not stays.
            made.iter().rev().for_each(|folder| drop(fs::remove_dir(folder)));
            return Err(failure.with("; nothing was changed"));
        }
        self.finish()
    }

    /// Writes the new texts to disk beside the old ones, and commits them.
    fn prepare(&self, changes: &Changes, made: &mut Vec<PathBuf>) -> Result<()> {
        let staging = self.staging();
        make_folders(&staging, made)?;
        let mut journal = MAGIC.to_owned();
        for (at, (path, change)) in changes.iter().enumerate() {
            match change {
                Change::Write(_) => journal += &format!("write {at} {path}\n"),
                Change::Remove => journal += &format!("remove {at} {path}\n"),
            }
        }
        // The journal comes first: it shows whose folder this is.
        write_new(&staging.join(UNFINISHED), journal.as_bytes())?;
        for (at, (path, change)) in changes.iter().enumerate() {
            let Change::Write(bytes) = change else { continue };
            let target = self.root.join(path);
            make_folders(target.parent().unwrap_or(&self.root), made)?;
            let staged = staging.join(at.to_string());
            write_new(&staged, bytes)?;
            if let Ok(metadata) = fs::metadata(&target) {
                fs::set_permissions(&staged, metadata.permissions()).map_err(|error| failed(&staged, &error))?;
            }
        }
        let decided = staging.join(JOURNAL);
        fs::rename(staging.join(UNFINISHED), &decided).map_err(|error| failed(&decided, &error))?;
        sync_folder(&staging);
        Ok(())
    }

    /// Finishes the work of a journal. A second run changes nothing.
    fn finish(&self) -> Result<()> {
        let staging = self.staging();
        let path = staging.join(JOURNAL);
        let journal = fs::read_to_string(&path).map_err(|error| failed(&path, &error))?;
        let steps = journal.strip_prefix(MAGIC).ok_or_else(|| not_ours(&staging))?;
        for step in steps.lines() {
            let mut words = step.splitn(3, ' ');
            let (Some(verb), Some(at), Some(path)) = (words.next(), words.next(), words.next()) else {
                return Err(not_ours(&staging));
            };
            self.step(verb, at, path).map_err(|failure| failure.with("; the next command ends the work"))?;
        }
        fs::remove_file(&path).map_err(|error| failed(&path, &error))?;
        let _ = fs::remove_dir(&staging);
        sync_folder(&self.root);
        Ok(())
    }

    fn step(&self, verb: &str, at: &str, path: &str) -> Result<()> {
        let target = self.checked(path)?;
        let done = match (verb, at.parse::<usize>()) {
            ("write", Ok(at)) => fs::rename(self.staging().join(at.to_string()), &target),
            ("remove", Ok(_)) if target.exists() && !is_generated(&target)? => Ok(()),
            ("remove", Ok(_)) => fs::remove_file(&target),
            _ => return Err(not_ours(&self.staging())),
        };
        match done {
            // It was done before.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other.map_err(|error| failed(&target, &error)),
        }
    }

    /// Finishes or undoes the work of a killed command.
    fn recover(&self) -> Result<()> {
        let staging = self.staging();
        match fs::symlink_metadata(&staging) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed(&staging, &error)),
            Ok(metadata) if !metadata.is_dir() => return Err(not_ours(&staging)),
            Ok(_) => {}
        }
        if staging.join(JOURNAL).exists() {
            let root = visible(&self.root.to_string_lossy()).into_owned();
            print::err(&format!(
                "{root}: a command was stopped while it renamed its files; the rest is renamed now\n"
            ))?;
            return self.finish();
        }
        let journal = fs::read(staging.join(UNFINISHED)).unwrap_or_default();
        let is_ours = journal.starts_with(MAGIC.as_bytes()) || MAGIC.as_bytes().starts_with(&journal);
        let is_new = || fs::read_dir(&staging).map_or(0, Iterator::count) <= 1;
        if !is_ours || (journal.len() < MAGIC.len() && !is_new()) {
            return Err(not_ours(&staging));
        }
        fs::remove_dir_all(&staging).map_err(|error| failed(&staging, &error))
    }

    fn staging(&self) -> PathBuf {
        self.root.join(STAGING)
    }

    /// The full path, if it stays in the folder: no `..`, and no link on the way or at its end.
    fn checked(&self, path: &str) -> Result<PathBuf> {
        let mut full = self.root.clone();
        for part in Path::new(path).components() {
            let Component::Normal(name) = part else {
                return Err(Failure::cannot_run(format!("{path}: expected a path that stays in its folder")));
            };
            full.push(name);
            if fs::symlink_metadata(&full).is_ok_and(|metadata| metadata.is_symlink()) {
                return Err(is_link(&full));
            }
        }
        Ok(full)
    }

    /// Whether a file may be created or replaced there.
    fn check_target(&self, full: &Path) -> Result<()> {
        let mut parent = full.parent();
        while let Some(folder) = parent.filter(|folder| folder.starts_with(&self.root)) {
            if fs::metadata(folder).is_ok_and(|metadata| !metadata.is_dir()) {
                return Err(Failure::cannot_run(format!("{}: it is a file; expected a folder", folder.display())));
            }
            parent = folder.parent();
        }
        match fs::symlink_metadata(full) {
            Ok(metadata) if !metadata.is_file() => Err(not_regular(full)),
            Ok(metadata) if metadata.permissions().readonly() => {
                Err(Failure::cannot_run(format!("{}: it is read-only", full.display())))
            }
            _ => Ok(()),
        }
    }
}

/// How long a command waits for another one in the same folder, and how often it looks.
const PATIENCE: Duration = Duration::from_secs(3);
const LOOK: Duration = Duration::from_millis(50);

/// Locks a folder against other commands of this kind.
fn lock(root: &Path) -> Result<Option<File>> {
    let absolute = fs::canonicalize(root).or_else(|_| std::path::absolute(root)).unwrap_or_else(|_| root.to_owned());
    let name = fnv_1a(FNV_SEED, absolute.as_os_str().as_encoded_bytes());
    let path = std::env::temp_dir().join(format!("etw-codegen-{name:016x}.lock"));
    // The file is only locked, never written to: it does not matter who made it or where a link leads.
    let Ok(file) = File::options().create(true).truncate(false).write(true).open(path) else { return Ok(None) };
    let started = Instant::now();
    loop {
        match FileExt::try_lock(&file) {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) if started.elapsed() < PATIENCE => std::thread::sleep(LOOK),
            Err(TryLockError::WouldBlock) => {
                let message = "another command is at work in this folder; run this one again when it has ended";
                return Err(Failure::cannot_run(format!("{}: {message}", root.display())));
            }
            Err(TryLockError::Error(_)) => return Ok(None), // a file system without locks
        }
    }
}

/// Reads a file.
///
/// # Errors
/// It cannot be read: the path and the reason.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| failed(path, &error))
}

/// Reads a text.
///
/// # Errors
/// It cannot be read, or is not UTF-8.
pub fn read_text(path: &Path) -> Result<String> {
    String::from_utf8(read(path)?).map_err(|error| not_utf8(path, &error.utf8_error()))
}

/// Writes one file, as a whole or not at all. A link is not followed.
///
/// # Errors
/// The file cannot be written; the old one is unchanged.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => return Err(is_link(path)),
        Ok(metadata) if !metadata.is_file() => return Err(not_regular(path)),
        _ => {}
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}.part", std::process::id()));
    let written =
        write_new(&beside, bytes).and_then(|()| fs::rename(&beside, path).map_err(|error| failed(path, &error)));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

/// Whether a file begins with the generator's header.
fn is_generated(path: &Path) -> Result<bool> {
    let mut start = Vec::new();
    let file = File::open(path).map_err(|error| failed(path, &error))?;
    let length = u64::try_from(HEADER.len()).unwrap_or(0);
    file.take(length).read_to_end(&mut start).map_err(|error| failed(path, &error))?;
    Ok(start == HEADER.as_bytes())
}

/// Writes a file that is not there yet, down to the disk: a full one shows here, not later.
fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    let write = || {
        let mut file = File::create_new(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|error| failed(path, &error))
}

/// Makes a folder and those above it, and remembers which were made.
fn make_folders(folder: &Path, made: &mut Vec<PathBuf>) -> Result<()> {
    let missing: Vec<&Path> =
        folder.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists()).collect();
    for path in missing.into_iter().rev() {
        fs::create_dir(path).map_err(|error| failed(path, &error))?;
        made.push(path.to_owned());
    }
    Ok(())
}

/// Brings renames to the disk, where the system has a way.
fn sync_folder(folder: &Path) {
    if cfg!(unix) {
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::cannot_run(format!("{}: {error}", path.display()))
}

fn not_utf8(path: &Path, error: &std::str::Utf8Error) -> Failure {
    Failure::found(format!("{}: byte {} is not UTF-8", path.display(), error.valid_up_to()))
}

fn is_link(path: &Path) -> Failure {
    Failure::cannot_run(format!("{}: it is a symbolic link; links are not followed", path.display()))
}

fn not_regular(path: &Path) -> Failure {
    Failure::cannot_run(format!("{}: it is not a regular file", path.display()))
}

fn not_ours(path: &Path) -> Failure {
    let why = "it was not made by this command, which prepares changes there; move it away";
    Failure::cannot_run(format!("{}: {why}", path.display()))
}
