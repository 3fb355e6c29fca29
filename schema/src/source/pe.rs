//! Binaries: the WEVT_TEMPLATE resource and the RT_MESSAGETABLE of a PE file, on the `object` crate.

use object::pe::{ImageNtHeaders32, ImageNtHeaders64, ImageResourceDirectoryEntry, RT_MESSAGETABLE};
use object::read::pe::{ImageNtHeaders, PeFile, ResourceDirectory, ResourceDirectoryEntryData, ResourceNameOrId};

use super::message_table::{self, MessageTable};
use crate::diagnostic::Diagnostics;
use crate::model::Place;

/// The name of the resource type with the compiled manifest.
pub(crate) const WEVT_TEMPLATE: &str = "WEVT_TEMPLATE";

/// English of the United States: the language to take where there are several.
pub(crate) const EN_US: u16 = 0x0409;

/// What a binary holds of a manifest.
#[derive(Debug, Default)]
pub(super) struct Resources<'b> {
    /// The compiled manifest.
    pub(super) template: Option<&'b [u8]>,
    /// The texts.
    pub(super) messages: Option<MessageTable>,
}

/// Looks the resources up. What is wrong is reported; a binary without either resource is an error.
pub(super) fn read<'b>(file: &str, bytes: &'b [u8], found: &mut Diagnostics) -> Resources<'b> {
    let at = Place::file(file);
    let resources = match object::FileKind::parse(bytes) {
        Ok(object::FileKind::Pe32) => find::<ImageNtHeaders32>(bytes),
        Ok(object::FileKind::Pe64) => find::<ImageNtHeaders64>(bytes),
        _ => Err("expected a PE file, 32 or 64 bits".to_owned()),
    };
    match resources {
        Ok(Found { template: None, messages: None }) => {
            let message = "it has neither a WEVT_TEMPLATE resource nor a message table; expected one of them";
            found.error(&at, "resources", message);
            Resources::default()
        }
        Ok(Found { template, messages }) => {
            let messages = messages.map(|resource| message_table::read(file, resource, found));
            Resources { template, messages }
        }
        Err(problem) => {
            found.error(&at, "PE", problem);
            Resources::default()
        }
    }
}

struct Found<'b> {
    template: Option<&'b [u8]>,
    messages: Option<&'b [u8]>,
}

fn find<Pe: ImageNtHeaders>(bytes: &[u8]) -> Result<Found<'_>, String> {
    let text = |error: object::Error| error.to_string();
    let pe = PeFile::<Pe>::parse(bytes).map_err(text)?;
    let sections = pe.section_table();
    let mut found = Found { template: None, messages: None };
    let Some(directory) = pe.data_directories().resource_directory(bytes, &sections).map_err(text)? else {
        return Ok(found);
    };
    for entry in directory.root().map_err(text)?.entries {
        let wanted = match entry.name_or_id() {
            ResourceNameOrId::Name(name) => {
                let name = name.to_string_lossy(directory).map_err(text)?;
                if name != WEVT_TEMPLATE {
                    continue;
                }
                &mut found.template
            }
            ResourceNameOrId::Id(id) if id == RT_MESSAGETABLE => &mut found.messages,
            ResourceNameOrId::Id(_) => continue,
        };
        if let Some((address, size)) = data_of(directory, *entry).map_err(text)? {
            let data = sections.pe_data_at(bytes, address);
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            let data = data.and_then(|data| data.get(..size));
            *wanted = Some(data.ok_or("a resource lies outside of the file")?);
        }
    }
    Ok(found)
}

/// The address and size of a resource of a type: of its first name, in English if there.
fn data_of(directory: ResourceDirectory<'_>, entry: ImageResourceDirectoryEntry) -> object::Result<Option<(u32, u32)>> {
    let ResourceDirectoryEntryData::Table(names) = entry.data(directory)? else { return Ok(None) };
    let Some(name) = names.entries.first() else { return Ok(None) };
    let ResourceDirectoryEntryData::Table(languages) = name.data(directory)? else { return Ok(None) };
    let is_english = |entry: &&ImageResourceDirectoryEntry| entry.name_or_id().id() == Some(EN_US);
    let language = languages.entries.iter().find(is_english).or(languages.entries.first());
    match language.map(|entry| entry.data(directory)).transpose()? {
        Some(ResourceDirectoryEntryData::Data(data)) => {
            Ok(Some((data.offset_to_data.get(object::LittleEndian), data.size.get(object::LittleEndian))))
        }
        _ => Ok(None),
    }
}
