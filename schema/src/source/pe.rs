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

/// Which of several languages to take: English, first that of the United States, then none, then the lowest number.
pub(super) fn rank(language: u16) -> (u8, u16) {
    let class = match language {
        EN_US => 0,
        _ if language & 0x3FF == 0x09 => 1,
        0 => 2,
        _ => 3,
    };
    (class, language)
}

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
            let messages =
                messages.map(|(resource, language)| message_table::read(file, resource, found).in_language(language));
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
    messages: Option<(&'b [u8], u16)>,
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
        let is_template = match entry.name_or_id() {
            ResourceNameOrId::Name(name) => {
                let name = name.to_string_lossy(directory).map_err(text)?;
                if name != WEVT_TEMPLATE {
                    continue;
                }
                true
            }
            ResourceNameOrId::Id(id) if id == RT_MESSAGETABLE => false,
            ResourceNameOrId::Id(_) => continue,
        };
        if let Some((address, size, language)) = data_of(directory, *entry).map_err(text)? {
            let data = sections.pe_data_at(bytes, address);
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            let data = data.and_then(|data| data.get(..size));
            let data = data.ok_or("a resource lies outside of the file")?;
            if is_template {
                found.template = Some(data);
            } else {
                found.messages = Some((data, language));
            }
        }
    }
    Ok(found)
}

/// The address, the size and the language of a resource of a type: of its first name, in English if there.
fn data_of(
    directory: ResourceDirectory<'_>,
    entry: ImageResourceDirectoryEntry,
) -> object::Result<Option<(u32, u32, u16)>> {
    let ResourceDirectoryEntryData::Table(names) = entry.data(directory)? else { return Ok(None) };
    let Some(name) = names.entries.first() else { return Ok(None) };
    let ResourceDirectoryEntryData::Table(languages) = name.data(directory)? else { return Ok(None) };
    let number = |entry: &ImageResourceDirectoryEntry| entry.name_or_id().id().unwrap_or(0);
    let Some(language) = languages.entries.iter().min_by_key(|entry| rank(number(entry))) else { return Ok(None) };
    match language.data(directory)? {
        ResourceDirectoryEntryData::Data(data) => {
            let address = data.offset_to_data.get(object::LittleEndian);
            Ok(Some((address, data.size.get(object::LittleEndian), number(language))))
        }
        ResourceDirectoryEntryData::Table(_) => Ok(None),
    }
}
