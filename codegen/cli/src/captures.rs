//! Captures as people give them: files in any format.

use std::collections::BTreeMap;
use std::path::Path;

use etw_schema::combine::CapturedProvider;
use etw_schema::diagnostic::Diagnostics;
use etw_schema::model::{Guid, Message, guid_text};
use etw_schema::source::{self, File, Source};

use crate::diagnostics::Report;
use crate::{Failure, Result, files};

/// What files hold.
#[derive(Debug, Default)]
pub struct Captures {
    /// The providers that they declare, file by file.
    pub parts: Vec<CapturedProvider>,
    /// The files with nothing but a message table.
    pub texts: Vec<String>,
    /// The messages that belong to no provider, with their files: those of a `<messageTable>`, and those of a binary that
    /// nothing refers to.
    pub messages: Vec<(String, Message)>,
    /// What the readers found.
    pub diagnostics: Diagnostics,
}

/// Reads files of one build. The report keeps their bytes, to show places of them.
///
/// # Errors
/// A file cannot be read.
pub fn read(paths: &[impl AsRef<Path>], report: &mut Report) -> Result<Captures> {
    let mut names = Vec::new();
    for path in paths {
        let name = path.as_ref().to_string_lossy().into_owned();
        report.add(&name, files::read(path.as_ref())?);
        names.push(name);
    }
    let files: Vec<File<'_>> = names.iter().map(|name| File { name, bytes: report.bytes(name) }).collect();
    let (sources, diagnostics) = source::read_all(&files);
    // A file that was read neither as a source nor with an error gave its texts to the others.
    let is_text = |name: &&String| {
        let failed = diagnostics.errors().any(|error| *error.place.file == ***name);
        !failed && !sources.iter().any(|source| source.file == **name)
    };
    let texts = names.iter().filter(is_text).cloned().collect();
    let messages = sources.iter().flat_map(|source| &source.manifest.messages);
    let messages = messages.map(|message| (message.at.file.to_string(), message.clone())).collect();
    let parts = |source: Source| {
        let part = move |provider| CapturedProvider { file: source.file.clone(), format: source.format, provider };
        source.manifest.providers.into_iter().map(part)
    };
    Ok(Captures { parts: sources.into_iter().flat_map(parts).collect(), texts, messages, diagnostics })
}

/// What the parts, each with something of its own, say of one provider: the one that was asked for by name or GUID, or the
/// only one.
///
/// # Errors
/// There is no such provider, or several and none was asked for.
pub fn choose<T>(parts: Vec<(T, CapturedProvider)>, wanted: Option<&str>) -> Result<Vec<(T, CapturedProvider)>> {
    let wanted = wanted.map(|text| text.trim_matches(['{', '}']).to_owned());
    let is_wanted = |part: &CapturedProvider| {
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
        None if names.is_empty() => Err(Failure::found("the files declare no provider")),
        None => Err(Failure::cannot_run(format!("no such provider; the files declare\n{}", listed.join("\n")))),
        Some(first) if guids.iter().any(|guid| guid != first) => {
            let message = "the files declare several providers; choose with --provider";
            Err(Failure::cannot_run(format!("{message}\n{}", listed.join("\n"))))
        }
        Some(guid) => Ok(parts.into_iter().filter(|(_, part)| part.provider.guid == *guid).collect()),
    }
}
