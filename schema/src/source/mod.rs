//! Readers: one module a capture format, each from bytes to [`crate::model::Manifest`].
//!
//! [`read_all`] takes files of any format and detects the format by the content, not by the name.

mod bytes;
mod detect;
mod dump_text;
pub mod man;
pub mod message_table;
pub(crate) mod pe;
pub mod registered;
pub mod trace;
mod user_data;
pub mod wepexplorer;
pub mod wevt_template;

pub use detect::detect;

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostics;
use crate::model::{Manifest, Message, Place};

use message_table::Texts;

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
    /// A merged trace with the schema of its events: [`trace`].
    Trace,
    /// The compiled resource itself, taken out of its binary.
    WevtTemplate,
    /// A message table taken out of its binary: texts for the compiled resources among the files.
    MessageTable,
    /// A compiled resource, in a binary or not, that has texts and none of them among the files.
    Textless,
}

/// A kind of fact that some formats have no place for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// All events that there are, and not only those that were recorded; with them what only others of them use.
    EventList,
    /// Names of events in source code, and of templates.
    Symbols,
    /// outTypes.
    OutTypes,
    /// Lengths and counts that are numbers. Those that name a field are in all formats.
    Lengths,
    /// Channels, and which event goes to which.
    Channels,
    /// The type of a channel: Admin, Operational, Analytic or Debug.
    ChannelTypes,
    /// Maps.
    Maps,
    /// Messages of events.
    Messages,
    /// Which events have a keyword whose name has a prefix (`ut:`, `win:`).
    PrefixedKeywords,
    /// Texts of keywords beside their names.
    KeywordTexts,
}

impl Format {
    /// Whether it is what the manifest compiler made of a manifest.
    fn is_compiled(self) -> bool {
        matches!(self, Self::Pe | Self::WevtTemplate | Self::Textless)
    }

    /// Whether a capture of this format would say so if the provider declared such a thing.
    pub fn holds(self, what: Holds) -> bool {
        match self {
            Self::Man => true,
            Self::Registered => matches!(what, Holds::EventList | Holds::Maps | Holds::PrefixedKeywords),
            Self::Trace => {
                !matches!(what, Holds::EventList | Holds::Symbols | Holds::ChannelTypes | Holds::KeywordTexts)
            }
            Self::WepExplorer => !matches!(
                what,
                Holds::Symbols | Holds::ChannelTypes | Holds::Maps | Holds::PrefixedKeywords | Holds::KeywordTexts
            ),
            Self::Pe | Self::WevtTemplate => !matches!(what, Holds::Symbols | Holds::ChannelTypes),
            Self::MessageTable => false,
            Self::Textless => !matches!(what, Holds::Symbols | Holds::ChannelTypes | Holds::Messages),
        }
    }

    /// What to call it in a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Self::Man => "instrumentation manifest",
            Self::Registered => "dump of a registered manifest",
            Self::WepExplorer => "listing of WEPExplorer",
            Self::Pe => "binary",
            Self::Trace => "schema in a trace",
            Self::WevtTemplate => "WEVT_TEMPLATE resource",
            Self::MessageTable => "message table",
            Self::Textless => "binary without its texts",
        }
    }
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

/// The text of a file as the readers see it, for those who show a place of it: UTF-8, or UTF-16 with a byte order mark. It
/// ends at the first byte that cannot be decoded.
pub fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    man::text(bytes)
}

/// What is expected of a file.
const UNKNOWN: &str = "expected an instrumentation manifest, a dump of a registered one, a listing of WEPExplorer, a merged \
                       trace, or a binary with a WEVT_TEMPLATE resource or a message table, or one of these resources by itself";

/// Reads files of any format, in their order. A message table, in a binary or by itself, is no source of its own: its texts
/// go to the compiled resources among the files. A resource looks into its own binary's table first.
pub fn read_all(files: &[File<'_>]) -> (Vec<Source>, Diagnostics) {
    let mut found = Diagnostics::new();
    let formats: Vec<Option<Format>> = files.iter().map(|file| detect(file.bytes)).collect();
    let binaries: Vec<_> =
        files.iter().zip(&formats).map(|(file, format)| resources((*format)?, *file, &mut found)).collect();
    let tables = || binaries.iter().flatten().filter_map(|binary| binary.messages.as_ref());
    let mut sources = Vec::new();
    let mut referred = BTreeSet::new();
    for ((file, format), binary) in files.iter().zip(formats).zip(&binaries) {
        let Some(format) = format else {
            found.error(&Place::file(file.name), "file", UNKNOWN);
            continue;
        };
        let own = binary.as_ref().and_then(|binary| binary.messages.as_ref());
        let mut compiled = |resource: &[u8]| {
            let texts = all_texts(own, tables(), &mut found);
            let (manifest, texts_of, diagnostics) = wevt_template::read_and_mark(file.name, resource, &texts);
            let format = if texts.is_empty() && texts_of.missing > 0 { Format::Textless } else { format };
            referred.extend(texts_of.found);
            ((manifest, diagnostics), format)
        };
        let ((manifest, diagnostics), format) = match (format, binary) {
            (Format::Man, _) => (man::read(file.name, file.bytes, &man::ReadOptions::default()), format),
            (Format::Registered, _) => (registered::read(file.name, file.bytes), format),
            (Format::WepExplorer, _) => (wepexplorer::read(file.name, file.bytes), format),
            (Format::Trace, _) => (trace::read(file.name, file.bytes), format),
            (Format::WevtTemplate, _) => compiled(file.bytes),
            (_, Some(pe::Resources { template: Some(template), .. })) => compiled(template),
            (_, _) => continue,
        };
        found.append(diagnostics);
        sources.push(Source { file: file.name.to_owned(), format, manifest });
    }
    if let Some(first) = sources.iter_mut().find(|source| source.format.is_compiled()) {
        first.manifest.messages.extend(not_referred_to(tables(), referred));
    }
    (sources, found)
}

/// The texts that no compiled manifest refers to: those of the classic event log, or for a program's own use.
fn not_referred_to<'t>(tables: impl Iterator<Item = &'t Texts>, mut taken: BTreeSet<u32>) -> Vec<Message> {
    let all = tables.flat_map(Texts::iter);
    // The number of a message is its own in all tables, whatever their languages.
    let rest = all.filter(|(id, ..)| taken.insert(*id));
    let message = |(value, text, at): (u32, &str, &Place)| Message {
        value,
        symbol: None,
        message: Some(text.to_owned()),
        at: at.clone(),
    };
    rest.map(message).collect()
}

/// What a file of these formats holds.
fn resources<'b>(format: Format, file: File<'b>, found: &mut Diagnostics) -> Option<pe::Resources<'b>> {
    match format {
        Format::Pe => Some(pe::read(file.name, file.bytes, found)),
        Format::MessageTable => {
            let messages = Some(message_table::read(file.name, file.bytes, found));
            Some(pe::Resources { template: None, messages })
        }
        _ => None,
    }
}

/// A binary's own texts, and those of the others that it has not.
fn all_texts<'t>(own: Option<&Texts>, others: impl Iterator<Item = &'t Texts>, found: &mut Diagnostics) -> Texts {
    let mut texts = own.cloned().unwrap_or_default();
    let mut others: Vec<&Texts> = others.collect();
    // English first, whatever the order of the files. A table without a language is as good as any.
    others.sort_by_key(|table| table.language().map(etw_runtime::status::language_rank));
    for other in others {
        texts.extend(other, found);
    }
    texts
}
