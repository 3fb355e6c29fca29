//! What the reader of manifests says about wrong ones, to the word and the line.
//!
//! Each `diagnostics/SUBJECT/NUMBER.man` is a wrong manifest, the `.stderr` beside it is what is said about it. After a
//! change of the words, `BLESS=1 cargo test -p etw-schema --test it man_diagnostics` writes the files anew; read the
//! difference.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use etw_schema::source::man::{self, ReadOptions};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/diagnostics");

/// The files of a folder and of those in it, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> =
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect();
    files.sort();
    files
}

/// What is said about a manifest, a line each.
fn diagnose(path: &Path) -> String {
    let name = path.file_name().expect("a name").to_string_lossy();
    let (_, found) = man::read(&name, &fs::read(path).expect("a manifest"), &ReadOptions::default());
    let lines: Vec<String> = found.all().iter().map(ToString::to_string).collect();
    lines.join("\n") + "\n"
}

#[test]
fn every_wrong_manifest_is_answered_in_these_words() {
    let bless = env::var_os("BLESS").is_some();
    let (manifests, answers): (Vec<PathBuf>, Vec<PathBuf>) =
        files(Path::new(FOLDER)).into_iter().partition(|path| path.extension().is_some_and(|e| e == "man"));
    let mut wrong = String::new();
    for path in &manifests {
        let said = diagnose(path);
        let expected = path.with_extension("stderr");
        if bless {
            fs::write(&expected, said).expect("a file that can be written");
        } else if fs::read_to_string(&expected).unwrap_or_default() != said {
            wrong += &format!("{}:\n{said}", path.display());
        }
    }
    assert!(wrong.is_empty(), "other words than in the .stderr; BLESS=1 takes these:\n{wrong}");
    assert!(manifests.len() >= 50, "{} manifests", manifests.len());
    let orphan = answers.iter().find(|path| !path.with_extension("man").exists());
    assert_eq!(orphan, None, "an answer without a manifest");
}

#[test]
fn a_mistake_in_an_attribute_is_marked_there() {
    let text = "<instrumentationManifest xmlns=\"http://schemas.microsoft.com/win/2004/08/events\"><instrumentation><events>\n\
        <provider name=\"P\" guid=\"{00112233-4455-6677-8899-aabbccddeeff}\" symbol=\"P\"><templates>\n\
        <template tid=\"T\"><data name=\"a = 'b'\"\n  inType = 'win:Odd'\n  outTypo=\"é\"/></template>\n\
        </templates><events><event value=\"x\"/></events></provider></events></instrumentation></instrumentationManifest>";
    for (bytes, file) in [(text.as_bytes().to_vec(), "a.man"), (utf16(text), "b.man")] {
        let (_, found) = man::read(file, &bytes, &ReadOptions::default());
        let marked: Vec<(u32, &str)> = found
            .all()
            .iter()
            .map(|diagnostic| {
                let span = diagnostic.place.span.clone().expect("a span");
                let at = |offset: u32| usize::try_from(offset).expect("small");
                (diagnostic.place.line, &text[at(span.start)..at(span.end)])
            })
            .collect();
        assert_eq!(marked, [(4, "inType = 'win:Odd'"), (5, "outTypo=\"é\""), (6, "value=\"x\"")]);
    }
}

fn utf16(text: &str) -> Vec<u8> {
    [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
}
