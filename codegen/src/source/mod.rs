//! Readers: one module a capture format, each from bytes to [`crate::model::Manifest`].
//!
//! [`read_all`] takes files of any format and tells them apart by what they hold, not by their names.

mod detect;
pub mod man;
pub mod registered;
pub mod wepexplorer;

pub use detect::detect;

use crate::diagnostic::Diagnostics;
use crate::model::{Manifest, Place};

/// A file as somebody found it.
#[derive(Clone, Copy, Debug)]
pub struct File<'b> {
    /// What diagnostics call it.
    pub name: &'b str,
    /// What it holds.
    pub bytes: &'b [u8],
}

/// The shapes in which manifests are met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Format {
    /// An instrumentation manifest as people write it: [`man`].
    Man,
    /// PerfView's dump of a registered manifest: an instrumentation manifest with that tool's ways.
    Registered,
    /// A listing that WEPExplorer exports.
    WepExplorer,
    /// A binary with the compiled resource, or with nothing but a message table (a `.mui`).
    Pe,
    /// The compiled resource itself, taken out of its binary.
    WevtTemplate,
}

/// What one file declares.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file's name.
    pub file: String,
    /// Its format.
    pub format: Format,
    /// What it declares.
    pub manifest: Manifest,
}

/// What is expected of a file.
const UNKNOWN: &str = "expected an instrumentation manifest, a dump of a registered one, a listing of WEPExplorer, or a \
                       binary with a WEVT_TEMPLATE resource or a message table";

/// Reads files of any format, in their order. A binary that holds only a message table is no source of its own: its
/// texts go to the compiled resources among the files.
pub fn read_all(files: &[File<'_>]) -> (Vec<Source>, Diagnostics) {
    let mut found = Diagnostics::new();
    let mut sources = Vec::new();
    for file in files {
        let Some(format) = detect(file.bytes) else {
            found.error(&Place::file(file.name), "file", UNKNOWN);
            continue;
        };
        let (manifest, diagnostics) = match format {
            Format::Man => man::read(file.name, file.bytes, &man::ReadOptions::default()),
            Format::Registered => registered::read(file.name, file.bytes),
            Format::WepExplorer => wepexplorer::read(file.name, file.bytes),
            Format::Pe | Format::WevtTemplate => (Manifest::default(), Diagnostics::new()),
        };
        found.append(diagnostics);
        sources.push(Source { file: file.name.to_owned(), format, manifest });
    }
    (sources, found)
}
