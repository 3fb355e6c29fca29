//! Captures as people give them: files in any format.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use etw_schema::combine::Part;
use etw_schema::diagnostic::Diagnostics;
use etw_schema::model::{Guid, guid_text};
use etw_schema::source::{self, File};

use crate::Result;

/// What files hold.
#[derive(Default)]
pub(crate) struct Captures {
    /// The providers that they declare, file by file.
    pub(crate) parts: Vec<Part>,
    /// The files with nothing but a message table.
    pub(crate) texts: Vec<String>,
    pub(crate) diagnostics: Diagnostics,
}

/// Reads files of one build.
pub(crate) fn read(paths: &[impl AsRef<Path>]) -> Result<Captures> {
    let mut files = Vec::new();
    for path in paths {
        let name = path.as_ref().to_string_lossy().into_owned();
        let bytes = fs::read(path.as_ref()).map_err(|error| format!("{name}: {error}"))?;
        files.push((name, bytes));
    }
    let files: Vec<File<'_>> = files.iter().map(|(name, bytes)| File { name, bytes }).collect();
    let (sources, diagnostics) = source::read_all(&files);
    // A file that was read neither as a source nor with an error gave its texts to the others.
    let is_text = |name: &&str| {
        let failed = diagnostics.errors().any(|error| &*error.place.file == *name);
        !failed && !sources.iter().any(|source| source.file == **name)
    };
    let texts = files.iter().map(|file| file.name).filter(is_text).map(str::to_owned).collect();
    let parts = |source: source::Source| {
        let part = move |provider| Part { file: source.file.clone(), format: source.format, provider };
        source.manifest.providers.into_iter().map(part)
    };
    Ok(Captures { parts: sources.into_iter().flat_map(parts).collect(), texts, diagnostics })
}

/// What the parts, each with something of its own, say of one provider: the one that was asked for by name or GUID, or the
/// only one.
pub(crate) fn choose<T>(parts: Vec<(T, Part)>, wanted: Option<&str>) -> Result<Vec<(T, Part)>> {
    let wanted = wanted.map(|text| text.trim_matches(['{', '}']).to_owned());
    let is_wanted = |part: &Part| {
        let is = |text: &str| wanted.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(text));
        is(&part.provider.name) || is(&guid_text(part.provider.guid))
    };
    let names: BTreeMap<Guid, String> =
        parts.iter().map(|(_, part)| (part.provider.guid, part.provider.name.clone())).collect();
    let listed: Vec<String> = names.iter().map(|(guid, name)| format!("  {guid} {name}")).collect();
    // A capture that does not hold the name is of the same provider all the same.
    let guids: Vec<Guid> =
        parts.iter().filter(|(_, part)| is_wanted(part)).map(|(_, part)| part.provider.guid).collect();
    match guids.first() {
        None if names.is_empty() => Err("the files declare no provider".to_owned()),
        None => Err(format!("no such provider; the files declare\n{}", listed.join("\n"))),
        Some(first) if guids.iter().any(|guid| guid != first) => {
            Err(format!("the files declare several providers; choose with --provider\n{}", listed.join("\n")))
        }
        Some(guid) => Ok(parts.into_iter().filter(|(_, part)| part.provider.guid == *guid).collect()),
    }
}

/// Prints diagnostics, and the notes that tell what is not read.
pub(crate) fn print(diagnostics: &Diagnostics) {
    eprint!("{diagnostics}");
}
