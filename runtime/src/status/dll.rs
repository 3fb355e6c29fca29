//! The message table of a DLL, on the crate `object`.

use core::fmt;

use object::pe::{ImageNtHeaders32, ImageNtHeaders64, ImageResourceDirectoryEntry, RT_MESSAGETABLE};
use object::read::pe::{ImageNtHeaders, PeFile, ResourceDirectory, ResourceDirectoryEntryData};
use object::{FileKind, LittleEndian};

use super::{MessageTable, MessageTableError};

/// English of the United States: the language to take where a file has several.
const EN_US: u16 = 0x0409;

/// Why a file gives no message table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DllError {
    /// It is no PE file of 32 or 64 bits.
    NotPe,
    /// It is a PE file, and this is wrong with its headers or resources.
    Damaged(&'static str),
    /// It has no message table. That of an ntdll.dll may be in the `ntdll.dll.mui` of a language's folder.
    NoMessageTable,
    /// It has one that is damaged.
    MessageTable(MessageTableError),
}

impl<'a> MessageTable<'a> {
    /// The message table in the bytes of a DLL, or of the `.mui` beside it; that in English, where there are several.
    ///
    /// # Errors
    /// The file is no PE file, is damaged, or has no message table.
    pub fn of_dll(bytes: &'a [u8]) -> Result<Self, DllError> {
        let resource = match FileKind::parse(bytes) {
            Ok(FileKind::Pe32) => find::<ImageNtHeaders32>(bytes),
            Ok(FileKind::Pe64) => find::<ImageNtHeaders64>(bytes),
            _ => Err(DllError::NotPe),
        };
        Self::parse(resource?).map_err(DllError::MessageTable)
    }
}

/// The bytes of the resource.
fn find<Pe: ImageNtHeaders>(bytes: &[u8]) -> Result<&[u8], DllError> {
    let damaged = |_| DllError::Damaged("headers or resources lead out of the file");
    let pe = PeFile::<Pe>::parse(bytes).map_err(damaged)?;
    let sections = pe.section_table();
    let directory = pe.data_directories().resource_directory(bytes, &sections).map_err(damaged)?;
    let directory = directory.ok_or(DllError::NoMessageTable)?;
    let types = directory.root().map_err(damaged)?.entries;
    let is_messages = |entry: &&ImageResourceDirectoryEntry| entry.name_or_id().id() == Some(RT_MESSAGETABLE);
    let messages = types.iter().find(is_messages).ok_or(DllError::NoMessageTable)?;
    let (address, size) = first_in_english(directory, *messages).map_err(damaged)?.ok_or(DllError::NoMessageTable)?;
    let resource = sections.pe_data_at(bytes, address);
    let resource = resource.zip(usize::try_from(size).ok()).and_then(|(data, size)| data.get(..size));
    resource.ok_or(DllError::Damaged("the message table lies outside of the file"))
}

/// The address and size of a type's first resource.
fn first_in_english(
    directory: ResourceDirectory<'_>,
    of_type: ImageResourceDirectoryEntry,
) -> object::Result<Option<(u32, u32)>> {
    let ResourceDirectoryEntryData::Table(names) = of_type.data(directory)? else { return Ok(None) };
    let Some(name) = names.entries.first() else { return Ok(None) };
    let ResourceDirectoryEntryData::Table(languages) = name.data(directory)? else { return Ok(None) };
    let is_english = |entry: &&ImageResourceDirectoryEntry| entry.name_or_id().id() == Some(EN_US);
    let Some(language) = languages.entries.iter().find(is_english).or(languages.entries.first()) else {
        return Ok(None);
    };
    match language.data(directory)? {
        ResourceDirectoryEntryData::Data(data) => {
            Ok(Some((data.offset_to_data.get(LittleEndian), data.size.get(LittleEndian))))
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
