//! Manifests compiled into the resources that Windows reads: WEVT_TEMPLATE (CRIM 5.1) and RT_MESSAGETABLE, and a PE file
//! around them.
//!
//! `mc.exe` and `rc.exe` do this on Windows; this module does it anywhere. What it writes is what
//! [`crate::source::wevt_template`] reads, in the order and with the alignments of binaries that Microsoft's tools made.
//! What differs from theirs:
//!
//! - The GUID of a template is a hash of its content (here FNV-1a); how Microsoft's tools make it is not documented. The
//!   number of a message differs too, if the usual one is taken or too large.
//! - A [`Manifest`] holds texts and not their ids: [`compile`] gives equal texts one number and labels its one message table as
//!   English. [`compile_localized`] takes the ids from the file, as the manifest compiler does, and makes one table a culture.
//! - A task's number that a manifest notes as a placeholder is written as if it were real, with a warning.
//! - A message's number has four bits for its provider. The seventeenth has those of the first, and other numbers than its usual
//!   ones where these are taken; how the manifest compiler does it is not known.
//!
//! ```
//! use etw_schema::compile::{compile, wrap};
//! use etw_schema::source::{File, read_all};
//!
//! let manifest = br#"<instrumentationManifest xmlns="http://schemas.microsoft.com/win/2004/08/events">
//!   <instrumentation><events>
//!     <provider name="Mine" guid="{01234567-89ab-cdef-0123-456789abcdef}" symbol="MINE">
//!       <events><event value="1" level="win:Error" message="$(string.M)"/></events>
//!     </provider>
//!   </events></instrumentation>
//!   <localization><resources culture="en-US"><stringTable><string id="M" value="It failed."/></stringTable></resources></localization>
//! </instrumentationManifest>"#;
//! let (sources, _) = read_all(&[File { name: "mine.man", bytes: manifest }]);
//! let (compiled, diagnostics) = compile(&sources[0].manifest);
//! assert!(!diagnostics.has_errors(), "{diagnostics}");
//!
//! let binary = wrap(Some(&compiled.template), Some(&compiled.messages))?;
//! let (again, _) = read_all(&[File { name: "mine.dll", bytes: &binary }]);
//! assert_eq!(again[0].manifest.providers[0].events[0].message.as_deref(), Some("It failed."));
//! # Ok::<(), etw_schema::compile::TooLarge>(())
//! ```

mod binxml;
mod messages;
mod out;
mod provider;
mod template;
mod user_data;
mod wrap;

pub use wrap::{TooLarge, wrap, wrap_languages};

use crate::diagnostic::Diagnostics;
use crate::model::{Manifest, Place};
use crate::source::man::{Localized, Translation};
use messages::Messages;
use out::Out;

/// The bytes of the resources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compiled {
    /// WEVT_TEMPLATE.
    pub template: Vec<u8>,
    /// RT_MESSAGETABLE, in the first language.
    pub messages: Vec<u8>,
    /// That language, as Windows numbers them.
    pub language: u16,
    /// The message tables of the other languages.
    pub translations: Vec<(u16, Vec<u8>)>,
}

impl Compiled {
    /// All message tables with their languages, the first one first.
    pub fn tables(&self) -> Vec<(u16, &[u8])> {
        let first = (self.language, self.messages.as_slice());
        std::iter::once(first)
            .chain(self.translations.iter().map(|(language, table)| (*language, &table[..])))
            .collect()
    }
}

/// Compiles a manifest with one table of texts. What cannot be compiled is reported and left out.
pub fn compile(manifest: &Manifest) -> (Compiled, Diagnostics) {
    compile_all(manifest, &[])
}

/// Compiles a manifest with a table of texts for each of its cultures. What cannot be compiled is reported and left out.
pub fn compile_localized(localized: &Localized) -> (Compiled, Diagnostics) {
    compile_all(&localized.manifest, &localized.translations)
}

fn compile_all(manifest: &Manifest, translations: &[Translation]) -> (Compiled, Diagnostics) {
    let first = translations.first();
    let mut found = Diagnostics::new();
    let mut messages = Messages::new(first.map(|translation| &translation.texts));
    let template = write_template(manifest, &mut messages, &mut found);
    let mut table = |translation: Option<&Translation>| {
        let (table, too_long) = messages.table(translation.map(|translation| &translation.texts));
        for (number, problem) in too_long {
            let language = translation.map_or(0, |translation| translation.language);
            found.error(&Place::default(), format!("message {number:#x} of language {language:#06x}"), problem);
        }
        table
    };
    let compiled = Compiled {
        template,
        messages: table(first),
        language: first.map_or(EN_US, |translation| translation.language),
        translations: translations.iter().skip(1).map(|other| (other.language, table(Some(other)))).collect(),
    };
    (compiled, found)
}

/// English of the United States.
const EN_US: u16 = 0x0409;

fn write_template(manifest: &Manifest, messages: &mut Messages<'_>, found: &mut Diagnostics) -> Vec<u8> {
    let mut out = Out::default();
    let providers = &manifest.providers;
    if providers.is_empty() && manifest.messages.is_empty() {
        found.error(
            &Place::default(),
            "manifest",
            "it declares no provider and no message; there is nothing to compile",
        );
    }
    for message in &manifest.messages {
        let put = messages.put(message.value, message.message.as_deref().unwrap_or_default());
        put.unwrap_or_else(|why| found.error(&message.at, format!("message {:#x}", message.value), why));
    }
    out.bytes(b"CRIM");
    let size = out.later();
    out.u16(5);
    out.u16(1);
    out.count(providers.len());
    let offsets: Vec<_> = providers
        .iter()
        .map(|provider| {
            out.bytes(&provider.guid.to_bytes());
            out.later()
        })
        .collect();
    for (number, (provider, offset)) in (0u32..).zip(providers.iter().zip(offsets)) {
        out.set_here(offset);
        provider::write(provider, number, &mut out, messages, found);
    }
    out.align(8);
    out.set_here(size);
    // The resource ends with two zeros that are no part of the manifest.
    out.u16(0);
    if u32::try_from(out.len()).is_err() {
        found.error(&Place::default(), "WEVT_TEMPLATE", "it is larger than 4 GiB");
    }
    out.into_bytes()
}
