//! A PE file with nothing but resources in it.

use std::error::Error;
use std::fmt;

use object::pe;
use object::write::pe::{NtHeaders, Writer};

use super::EN_US;
use super::out::Out;
use crate::source::pe::WEVT_TEMPLATE;

/// The bit of a name or an offset in a resource directory.
const HIGH_BIT: u32 = 1 << 31;

/// The size of a directory's header, of its entries, and of a data entry.
const DIRECTORY: usize = 16;
const ENTRY: usize = 8;
const DATA_ENTRY: usize = 16;

/// Wraps the bytes of resources into a DLL of 64 bits that holds nothing else: a compiled manifest, a message table in
/// English, or both.
///
/// # Errors
/// The file would be larger than a PE file can be.
pub fn wrap(template: Option<&[u8]>, messages: Option<&[u8]>) -> Result<Vec<u8>, TooLarge> {
    let messages = messages.map(|table| (EN_US, table));
    wrap_languages(template, messages.as_slice())
}

/// As [`wrap`], with a message table for each of several languages: the language's number, and the table.
///
/// # Errors
/// The file would be larger than a PE file can be.
pub fn wrap_languages(template: Option<&[u8]>, messages: &[(u16, &[u8])]) -> Result<Vec<u8>, TooLarge> {
    let mut resources = Vec::new();
    resources.extend(template.map(|bytes| Resource { is_named: true, languages: vec![(EN_US, bytes)] }));
    if !messages.is_empty() {
        let mut languages = messages.to_vec();
        languages.sort_by_key(|(language, _)| *language); // a directory is searched by halves
        resources.push(Resource { is_named: false, languages });
    }
    let mut file = Vec::new();
    let mut writer = Writer::new(true, 0x1000, 0x200, &mut file);
    writer.reserve_dos_header_and_stub();
    writer.reserve_nt_headers(16);
    writer.reserve_section_headers(1);
    let size = u32::try_from(section(&resources, 0)?.len()).map_err(|_| TooLarge)?;
    let range = writer.reserve_rsrc_section(size);
    let content = section(&resources, range.virtual_address)?;
    writer.write_dos_header_and_stub().map_err(|_| TooLarge)?;
    writer.write_nt_headers(headers());
    writer.write_section_headers();
    writer.write_section(range.file_offset, &content);
    Ok(file)
}

/// The resources are too large for a PE file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the resources are too large for a PE file")
    }
}

impl Error for TooLarge {}

/// The resources of a type: one, in several languages.
struct Resource<'b> {
    /// Whether it is the compiled manifest, whose type has a name.
    is_named: bool,
    languages: Vec<(u16, &'b [u8])>,
}

/// The resource section, for the address at which it is loaded: a directory of types, for each one of names, for each one
/// of languages, the data entries, the name of the type, and the data.
fn section(resources: &[Resource<'_>], address: u32) -> Result<Vec<u8>, TooLarge> {
    let number = |value: usize| u32::try_from(value).map_err(|_| TooLarge);
    let all = || resources.iter().flat_map(|resource| &resource.languages);
    let one = DIRECTORY + ENTRY;
    let names = DIRECTORY + ENTRY * resources.len();
    let languages = names + one * resources.len();
    let entries = languages + DIRECTORY * resources.len() + ENTRY * all().count();
    let name = entries + DATA_ENTRY * all().count();
    let with_name = resources.iter().filter(|resource| resource.is_named).count();
    let mut out = Out::default();
    directory(&mut out, with_name, resources.len() - with_name);
    for (at, resource) in resources.iter().enumerate() {
        out.u32(if resource.is_named { HIGH_BIT | number(name)? } else { pe::RT_MESSAGETABLE.into() });
        out.u32(HIGH_BIT | number(names + one * at)?);
    }
    let mut table = languages;
    for resource in resources {
        directory(&mut out, 0, 1);
        out.u32(1);
        out.u32(HIGH_BIT | number(table)?);
        table += DIRECTORY + ENTRY * resource.languages.len();
    }
    let mut entry = entries;
    for resource in resources {
        directory(&mut out, 0, resource.languages.len());
        for (language, _) in &resource.languages {
            out.u32((*language).into());
            out.u32(number(entry)?);
            entry += DATA_ENTRY;
        }
    }
    let mut data = (name + 2 + WEVT_TEMPLATE.len() * 2).next_multiple_of(8);
    for (_, bytes) in all() {
        out.u32(address.checked_add(number(data)?).ok_or(TooLarge)?);
        out.u32(number(bytes.len())?);
        out.u64(0);
        data = (data + bytes.len()).next_multiple_of(8);
    }
    out.u16(u16::try_from(WEVT_TEMPLATE.len()).unwrap_or(0));
    out.utf16(WEVT_TEMPLATE);
    for (_, bytes) in all() {
        out.align(8);
        out.bytes(bytes);
    }
    Ok(out.into_bytes())
}

/// The header of a directory.
fn directory(out: &mut Out, named: usize, numbered: usize) {
    out.bytes(&[0; 12]);
    out.u16(u16::try_from(named).unwrap_or(0));
    out.u16(u16::try_from(numbered).unwrap_or(0));
}

fn headers() -> NtHeaders {
    NtHeaders {
        machine: pe::IMAGE_FILE_MACHINE_AMD64,
        time_date_stamp: 0, // the same input gives the same bytes
        characteristics: pe::IMAGE_FILE_EXECUTABLE_IMAGE | pe::IMAGE_FILE_LARGE_ADDRESS_AWARE | pe::IMAGE_FILE_DLL,
        major_linker_version: 0,
        minor_linker_version: 0,
        address_of_entry_point: 0,
        image_base: 0x1_8000_0000,
        major_operating_system_version: 6,
        minor_operating_system_version: 0,
        major_image_version: 0,
        minor_image_version: 0,
        major_subsystem_version: 6,
        minor_subsystem_version: 0,
        subsystem: pe::IMAGE_SUBSYSTEM_WINDOWS_GUI,
        dll_characteristics: pe::IMAGE_DLLCHARACTERISTICS_NX_COMPAT | pe::IMAGE_DLLCHARACTERISTICS_DYNAMIC_BASE,
        size_of_stack_reserve: 0x10_0000,
        size_of_stack_commit: 0x1000,
        size_of_heap_reserve: 0x10_0000,
        size_of_heap_commit: 0x1000,
    }
}
