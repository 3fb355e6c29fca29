//! The resources of a DLL, among them its message table. Uses the crate `object`.

use core::fmt;

use object::pe::{ImageNtHeaders32, ImageNtHeaders64, ImageResourceDirectoryEntry, RT_MESSAGETABLE};
use object::read::pe::{ImageNtHeaders, PeFile, ResourceDirectory, ResourceDirectoryEntryData, ResourceNameOrId};
use object::{FileKind, LittleEndian};

use super::{MessageTable, MessageTableError};

/// English of the United States: the language to use if a file has several.
const EN_US: u16 = 0x0409;

/// Why no message table could be read from a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DllError {
    /// It is not a PE file of 32 or 64 bits.
    NotPe,
    /// It is a PE file, and this is wrong with its headers or resources.
    Damaged(&'static str),
    /// It has no message table. The table of an ntdll.dll may be in the `ntdll.dll.mui` in the folder of a language.
    NoMessageTable,
    /// It has one that is damaged.
    MessageTable(MessageTableError),
}

impl<'a> MessageTable<'a> {
    /// The message table in the bytes of a DLL or of its `.mui` file; the English one if there are several.
    ///
    /// # Errors
    /// The file is not a PE file, is damaged, or has no message table.
    pub fn from_dll(bytes: &'a [u8]) -> Result<Self, DllError> {
        let found = resource(bytes, ResourceType::MessageTable)?.ok_or(DllError::NoMessageTable)?;
        Self::parse(found.bytes).map_err(DllError::MessageTable)
    }
}

/// A kind of resource of a PE file. It is public for the readers of manifests, as is [`resource`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceType<'n> {
    /// `RT_MESSAGETABLE`.
    MessageTable,
    /// A type with a name.
    Named(&'n str),
}

/// The bytes of a resource, and their language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resource<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// The language, as Windows numbers them; 0 means none.
    pub language: u16,
}

/// The rank of a language if a file has several: English of the United States, other English, no language, then the
/// lowest number.
pub const fn language_rank(language: u16) -> (u8, u16) {
    let class = match language {
        EN_US => 0,
        _ if language & 0x3FF == 0x09 => 1,
        0 => 2,
        _ => 3,
    };
    (class, language)
}

/// The first resource of a type in a PE file, the English one if there are several languages.
pub fn resource<'a>(bytes: &'a [u8], of_type: ResourceType<'_>) -> Result<Option<Resource<'a>>, DllError> {
    match FileKind::parse(bytes) {
        Ok(FileKind::Pe32) => find::<ImageNtHeaders32>(bytes, of_type),
        Ok(FileKind::Pe64) => find::<ImageNtHeaders64>(bytes, of_type),
        _ => Err(DllError::NotPe),
    }
}

fn find<'a, Pe: ImageNtHeaders>(bytes: &'a [u8], wanted: ResourceType<'_>) -> Result<Option<Resource<'a>>, DllError> {
    let damaged = |_| DllError::Damaged("headers or resources lead out of the file");
    let pe = PeFile::<Pe>::parse(bytes).map_err(damaged)?;
    let sections = pe.section_table();
    let Some(directory) = pe.data_directories().resource_directory(bytes, &sections).map_err(damaged)? else {
        return Ok(None);
    };
    for of_type in directory.root().map_err(damaged)?.entries {
        if !is_of_type(directory, *of_type, wanted).map_err(damaged)? {
            continue;
        }
        let Some((address, size, language)) = first_in_english(directory, *of_type).map_err(damaged)? else {
            continue;
        };
        let data = sections.pe_data_at(bytes, address);
        let bytes = data.zip(usize::try_from(size).ok()).and_then(|(data, size)| data.get(..size));
        let bytes = bytes.ok_or(DllError::Damaged("a resource lies outside of the file"))?;
        return Ok(Some(Resource { bytes, language }));
    }
    Ok(None)
}

fn is_of_type(
    directory: ResourceDirectory<'_>,
    entry: ImageResourceDirectoryEntry,
    wanted: ResourceType<'_>,
) -> object::Result<bool> {
    match (entry.name_or_id(), wanted) {
        (ResourceNameOrId::Id(id), ResourceType::MessageTable) => Ok(id == RT_MESSAGETABLE),
        (ResourceNameOrId::Name(name), ResourceType::Named(wanted)) => {
            let units = name.raw_data(directory)?.as_chunks().0.iter().map(|unit| u16::from_le_bytes(*unit));
            Ok(units.eq(wanted.encode_utf16()))
        }
        _ => Ok(false),
    }
}

/// The address, the size and the language of a type's first resource.
fn first_in_english(
    directory: ResourceDirectory<'_>,
    of_type: ImageResourceDirectoryEntry,
) -> object::Result<Option<(u32, u32, u16)>> {
    let ResourceDirectoryEntryData::Table(names) = of_type.data(directory)? else { return Ok(None) };
    let Some(name) = names.entries.first() else { return Ok(None) };
    let ResourceDirectoryEntryData::Table(languages) = name.data(directory)? else { return Ok(None) };
    let number = |entry: &ImageResourceDirectoryEntry| entry.name_or_id().id().unwrap_or(0);
    let first = languages.entries.iter().min_by_key(|entry| language_rank(number(entry)));
    let Some(language) = first else { return Ok(None) };
    match language.data(directory)? {
        ResourceDirectoryEntryData::Data(data) => {
            let address = data.offset_to_data.get(LittleEndian);
            Ok(Some((address, data.size.get(LittleEndian), number(language))))
        }
        ResourceDirectoryEntryData::Table(_) => Ok(None),
    }
}

impl fmt::Display for DllError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPe => f.write_str("not a PE file of 32 or 64 bits"),
            Self::Damaged(what) => write!(f, "a damaged PE file: {what}"),
            Self::NoMessageTable => {
                f.write_str("it has no message table; that of an ntdll.dll may be in its ntdll.dll.mui")
            }
            Self::MessageTable(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for DllError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::MessageTable(error) => Some(error),
            _ => None,
        }
    }
}
