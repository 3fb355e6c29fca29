//! The file of `--message-table`: Windows' texts for status codes, from the user's own ntdll.dll.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use smbserver_etw::{
    StatusText,
    status::{BuiltIn, Chain, MessageTable, NtDll},
};

use crate::source::lines as input;

/// The most bytes that are read. An ntdll.dll has three MiB or less.
const MAX_FILE: u64 = 64 << 20;

/// The bytes of the file, if one is given.
pub(crate) fn read(path: Option<&Path>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(path) = path {
        let read = File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes));
        read.map_err(|error| input::cannot_read(path, &error))?;
        if bytes.len() as u64 > MAX_FILE {
            return Err(invalid(path, "more than 64 MiB"));
        }
    }
    Ok(bytes)
}

/// The texts in the bytes of a DLL or of a message table, and the built-in ones for codes that it lacks or if no file
/// is given.
pub(crate) fn texts<'a>(path: Option<&Path>, bytes: &'a [u8]) -> io::Result<Box<dyn StatusText + Sync + 'a>> {
    let Some(path) = path else { return Ok(Box::new(BuiltIn)) };
    let table = if bytes.starts_with(b"MZ") {
        MessageTable::from_dll(bytes).map_err(|error| error.to_string())
    } else {
        MessageTable::parse(bytes).map_err(|error| error.to_string())
    };
    let table = table.map_err(|why| invalid(path, &why))?;
    Ok(Box::new(Chain(NtDll { table }, BuiltIn)))
}

fn invalid(path: &Path, why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("cannot use {}: {why}", path.display()))
}
