//! The files that arguments name: files, folders, patterns, standard input.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The extensions of recordings in a folder.
const EXTENSIONS: [&str; 2] = ["etl", "evtx"];

/// A path that does not name a file.
#[derive(Debug)]
pub(crate) struct PathError {
    /// The path.
    pub(crate) path: PathBuf,
    /// The reason.
    pub(crate) error: io::Error,
}

/// The files that the paths name, in the same order; those of a folder by name. `-` is kept.
pub(crate) fn expand(paths: &[PathBuf], recursive: bool) -> (Vec<PathBuf>, Vec<PathError>) {
    let mut files = Vec::new();
    let mut errors = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            files.push(path.clone());
        } else if path.is_dir() {
            let before = files.len();
            let failed = errors.len();
            add_folder(path, recursive, &mut files, &mut errors);
            if files.len() == before && errors.len() == failed {
                let hint = if recursive { "" } else { "; -r looks into the folders in it" };
                errors.push(none(path, &format!("no .etl and no .evtx file in it{hint}")));
            }
        } else if is_pattern(path) && !path.exists() {
            let matching = matching(path);
            if matching.is_empty() {
                errors.push(none(path, "no file has such a name"));
            }
            files.extend(matching);
        } else {
            files.push(path.clone());
        }
    }
    (files, errors)
}

fn none(path: &Path, why: &str) -> PathError {
    PathError { path: path.to_owned(), error: io::Error::new(io::ErrorKind::NotFound, why) }
}

fn add_folder(folder: &Path, recursive: bool, files: &mut Vec<PathBuf>, errors: &mut Vec<PathError>) {
    let entries = match list(folder) {
        Ok(entries) => entries,
        Err(error) => return errors.push(PathError { path: folder.to_owned(), error }),
    };
    for path in entries {
        // A link to a folder may lead back here.
        let is_folder = fs::symlink_metadata(&path).is_ok_and(|found| found.is_dir());
        if is_folder {
            if recursive {
                add_folder(&path, recursive, files, errors);
            }
        } else if is_recording(&path) {
            files.push(path);
        }
    }
}

/// The paths in a folder, by name.
fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn is_recording(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known)))
}

/// Whether the file's name has `*` or `?`. The shells of Windows do not expand them.
fn is_pattern(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().contains(['*', '?']))
}

fn matching(path: &Path) -> Vec<PathBuf> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let Some(pattern) = path.file_name().map(|name| name.to_string_lossy().into_owned()) else { return Vec::new() };
    let paths = list(folder.unwrap_or(Path::new("."))).unwrap_or_default();
    let matching = paths.into_iter().filter(|path| {
        path.is_file() && path.file_name().is_some_and(|name| matches(&pattern, &name.to_string_lossy()))
    });
    // If the pattern has no folder, the names have none either.
    matching
        .filter_map(|path| if folder.is_none() { path.file_name().map(PathBuf::from) } else { Some(path) })
        .collect()
}

/// Whether a text matches a pattern: `*` is any characters, `?` is one. The case of letters is ignored.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let mut at = 0;
    let mut from = 0;
    // The position after the last star, and the position in the text from which the rest was tried.
    let mut star: Option<(usize, usize)> = None;
    while from < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(&c) if c == '?' || c == text[from] => {
                at += 1;
                from += 1;
            }
            _ => match &mut star {
                Some((place, tried)) => {
                    *tried += 1;
                    (at, from) = (*place + 1, *tried);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_marks_stand_for_characters() {
        for (pattern, text) in
            [("*", ""), ("*.etl", "A.ETL"), ("a?c", "abc"), ("*b*", "abc"), ("a*b*c", "axbxbxc"), ("é*", "École")]
        {
            let is = pattern != "é*";
            assert_eq!(matches(pattern, text), is || text.to_lowercase().starts_with('é'), "{pattern} {text}");
        }
        for (pattern, text) in [("", "a"), ("?", ""), ("*.etl", "a.evtx"), ("a*b", "abc")] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }
}
