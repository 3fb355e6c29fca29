//! A PE file with nothing but resources in it.

use std::error::Error;
use std::fmt;

use object::pe;
use object::write::pe::{NtHeaders, Writer};

use super::out::Out;
use crate::source::pe::WEVT_TEMPLATE;

/// The bit of a name or an offset in a resource directory.
const HIGH_BIT: u32 = 1 << 31;

/// English of the United States.
const EN_US: u16 = 0x0409;

/// The size of a directory's header, of its entries, and of a data entry.
const DIRECTORY: usize = 16;
const ENTRY: usize = 8;
const DATA_ENTRY: usize = 16;

/// Wraps the bytes of resources into a DLL of 64 bits that holds nothing else: a compiled manifest, a message table, or
/// both.
///
/// # Errors
/// The file would be larger than a PE file can be.
pub fn wrap(template: Option<&[u8]>, messages: Option<&[u8]>) -> Result<Vec<u8>, TooLarge> {
    let resources: Vec<Resource<'_>> =
        [template.map(Resource::Template), messages.map(Resource::Messages)].into_iter().flatten().collect();
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

enum Resource<'b> {
    Template(&'b [u8]),
    Messages(&'b [u8]),
}

impl Resource<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Template(bytes) | Self::Messages(bytes) => bytes,
        }
    }
}

/// The resource section, for the address at which it is loaded: a directory of types, for each one of names, for each one
/// of languages, the data entries, the name of the type, and the data.
fn section(resources: &[Resource<'_>], address: u32) -> Result<Vec<u8>, TooLarge> {
    let number = |value: usize| u32::try_from(value).map_err(|_| TooLarge);
    let one = DIRECTORY + ENTRY;
    let names = DIRECTORY + ENTRY * resources.len();
    let languages = names + one * resources.len();
    let entries = languages + one * resources.len();
    let name = entries + DATA_ENTRY * resources.len();
    let mut data = (name + 2 + WEVT_TEMPLATE.len() * 2).next_multiple_of(8);
    let mut out = Out::default();
    let with_name = resources.iter().filter(|resource| matches!(resource, Resource::Template(_))).count();
    directory(&mut out, with_name, resources.len() - with_name);
    for (at, resource) in resources.iter().enumerate() {
        out.u32(match resource {
            Resource::Template(_) => HIGH_BIT | number(name)?,
            Resource::Messages(_) => pe::RT_MESSAGETABLE.into(),
        });
        out.u32(HIGH_BIT | number(names + one * at)?);
    }
    for at in 0..resources.len() {
        directory(&mut out, 0, 1);
        out.u32(1);
        out.u32(HIGH_BIT | number(languages + one * at)?);
    }
    for at in 0..resources.len() {
        directory(&mut out, 0, 1);
        out.u32(EN_US.into());
        out.u32(number(entries + DATA_ENTRY * at)?);
    }
    for resource in resources {
        out.u32(address.checked_add(number(data)?).ok_or(TooLarge)?);
        out.u32(number(resource.bytes().len())?);
        out.u64(0);
        data = (data + resource.bytes().len()).next_multiple_of(8);
    }
    out.u16(u16::try_from(WEVT_TEMPLATE.len()).unwrap_or(0));
    out.utf16(WEVT_TEMPLATE);
    for resource in resources {
        out.align(8);
        out.bytes(resource.bytes());
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
