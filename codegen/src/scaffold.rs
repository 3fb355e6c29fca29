//! A whole crate around generated files: `Cargo.toml`, `src/lib.rs`, `names.lock`.

use crate::format::{FOR_EACH_VIEW, one_line};
use crate::{Files, Output};
use etw_schema::model::schema::{Build, Schema};

/// What a crate is called and what it depends on.
#[derive(Clone, Debug)]
pub struct Crate<'c> {
    /// The package's name.
    pub name: &'c str,
    /// Where `etw-runtime` comes from, as the value of a line of `Cargo.toml`: `"0.1"`, or
    /// `{ path = "../runtime" }`.
    pub runtime: &'c str,
}

/// The package's name for a provider: `microsoft-windows-kernel-process-etw`.
pub fn crate_name(provider: &str) -> String {
    let word = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let words: String = provider.chars().map(word).collect();
    let words: Vec<&str> = words.split('-').filter(|word| !word.is_empty()).collect();
    let name = words.join("-");
    match name.chars().next() {
        None => "etw-provider".to_owned(),
        // Cargo takes no name that begins with a digit.
        Some(first) if !first.is_ascii_alphabetic() => format!("etw-{name}"),
        Some(_) => format!("{name}-etw"),
    }
}

/// The files of a crate, by their path in it.
pub fn crate_files(output: &Output, krate: &Crate<'_>) -> Files {
    let sources = output.files.0.iter().filter(|(path, _)| *path != FOR_EACH_VIEW);
    let mut files = Files(sources.map(|(path, text)| (format!("src/{path}"), text.clone())).collect());
    files.0.insert("Cargo.toml".to_owned(), cargo_toml(&output.schema, krate));
    files.0.insert("src/lib.rs".to_owned(), lib_rs(output, krate));
    files.0.insert("names.lock".to_owned(), output.names.to_string());
    files
}

fn cargo_toml(schema: &Schema, krate: &Crate<'_>) -> String {
    let description = toml::Value::String(format!("Typed ETW events of {}", schema.provider));
    format!(
        r#"[package]
name = "{}"
version = "0.1.0"
edition = "2024"
description = {description}
publish = false

[features]
# Serialize for every view, event and value.
serde = ["etw-runtime/serde"]
# From typed values to payloads: the module `encode`.
encode = ["etw-runtime/encode"]
# Texts for status codes in messages, from an ntdll.dll that was read.
dll = ["etw-runtime/dll"]
# The same from the running Windows.
system-messages = ["etw-runtime/system-messages"]

[dependencies]
etw-runtime = {}

# A package of its own, also below the folder of another workspace.
[workspace]
"#,
        krate.name, krate.runtime
    )
}

fn lib_rs(output: &Output, krate: &Crate<'_>) -> String {
    let schema = &output.schema;
    let modules = ["descriptor", "events", "maps", "meanings", "schema"];
    let modules = modules.map(|name| format!("#[rustfmt::skip]\npub mod {name};\n")).concat();
    let name = krate.name.replace('-', "_");
    let build = match schema.builds.last() {
        Some(build) if build.number != Build::UNKNOWN => format!("B{}", build.number),
        _ => "UNKNOWN".to_owned(),
    };
    format!(
        r#"{header}//! Typed events of the ETW provider `{provider}`, `{{{guid}}}`.
//!
//! An ETW payload is bytes; the manifest that was registered on the machine that wrote it says what they mean. This
//! crate was generated from the manifests of {builds}.
//!
//! ```
//! use {name}::{{Build, Event, Record}};
//!
//! fn print(id: u16, version: u8, payload: &[u8]) {{
//!     match Event::decode(Build::{build}, id, version, payload) {{
//!         Ok(decoded) => {{
//!             println!("{{}}: {{decoded}}", decoded.event.name());
//!             for (field, value) in decoded.event.fields() {{
//!                 println!("    {{}} = {{value}}", field.name);
//!             }}
//!         }}
//!         Err(error) => eprintln!("{{error}}"),
//!     }}
//! }}
//! # print(0, 0, &[]);
//! ```
//!
//! [`Event::decode`] takes the layout of the build, reads it to the last byte and refuses anything else;
//! [`Event::decode_any_build`] answers only if exactly one known layout fits; [`Event::decode_lenient`] reads the front
//! of a longer payload and hands over what is left.
//!
//! # Features
//!
//! * `serde`: `Serialize` for events, views and values.
//! * `encode`: the module `encode`, from typed values to payloads.
//! * `dll`, `system-messages`: Windows' texts for status codes in messages; see [`etw_runtime::status`].

#![no_std]
#![forbid(unsafe_code)]
#![allow(
    clippy::len_without_is_empty,
    clippy::new_ret_no_self,
    clippy::should_implement_trait,
    clippy::wrong_self_convention,
    reason = "accessors are named after the manifest's fields"
)]

#[rustfmt::skip]
mod builds;
#[cfg(feature = "encode")]
#[rustfmt::skip]
pub mod encode;
{modules}
pub use builds::Build;
pub use etw_runtime;
pub use etw_runtime::{{DecodeError, Decoded, Lenient, Record, Value, View}};
pub use events::Event;
"#,
        header = crate::HEADER,
        provider = one_line(&schema.provider),
        guid = schema.guid,
        builds = builds(schema),
    )
}

fn builds(schema: &Schema) -> String {
    let numbers: Vec<String> = schema.builds.iter().map(|build| build.number.to_string()).collect();
    match schema.builds.as_slice() {
        [build] if build.number == Build::UNKNOWN => "one capture, of an unknown build".to_owned(),
        [_] => format!("build {}", numbers.join("")),
        _ => format!("builds {}", numbers.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_is_named_after_its_provider() {
        assert_eq!(crate_name("Microsoft-Windows-Kernel-Process"), "microsoft-windows-kernel-process-etw");
        assert_eq!(crate_name("Windows Networking VPN (Plugin)"), "windows-networking-vpn-plugin-etw");
        assert_eq!(crate_name("3com NIC"), "etw-3com-nic");
        assert_eq!(crate_name("å"), "etw-provider");
    }
}
