//! Manifests compiled into the resources that Windows reads: WEVT_TEMPLATE (CRIM 5.1) and RT_MESSAGETABLE, and a PE file
//! around them.
//!
//! `mc.exe` and `rc.exe` do this on Windows; this module does it anywhere. What it writes is what
//! [`crate::source::wevt_template`] reads, in the order and with the alignments of binaries that Microsoft's tools made.
//! What differs from theirs:
//!
//! - The GUID of a template is a hash of its content (here FNV-1a); nothing says how they make it. So are the numbers of
//!   messages where the usual one is taken or too large.
//! - A string that two things use has two numbers here and one there: a [`Manifest`] holds texts and not their ids.
//! - `<UserData>` is not kept by the readers, so that such a template is compiled as `<EventData>`: the fields are the same,
//!   the event log shows them in another form.
//! - There is one message table, of the culture that was read, and it is labelled as English.
//! - A resource holds 16 providers; further ones are reported.
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
mod wrap;

pub use wrap::{TooLarge, wrap};

use crate::diagnostic::Diagnostics;
use crate::model::{Manifest, Place};
use messages::Messages;
use out::Out;

/// The bytes of the resources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compiled {
    /// WEVT_TEMPLATE.
    pub template: Vec<u8>,
    /// RT_MESSAGETABLE.
    pub messages: Vec<u8>,
}

/// The most providers of one resource: a message's number has four bits for it.
const MOST_PROVIDERS: usize = 16;

/// Compiles a manifest. What cannot be compiled is reported and left out.
pub fn compile(manifest: &Manifest) -> (Compiled, Diagnostics) {
    let (mut found, mut messages, mut out) = (Diagnostics::new(), Messages::default(), Out::default());
    let providers = manifest.providers.get(..MOST_PROVIDERS).unwrap_or(&manifest.providers);
    for left_out in manifest.providers.iter().skip(MOST_PROVIDERS) {
        let message = format!("a resource holds {MOST_PROVIDERS} providers; it is left out");
        found.error(&left_out.at, format!("provider {}", left_out.name), message);
    }
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
        provider::write(provider, number, &mut out, &mut messages, &mut found);
    }
    out.align(8);
    out.set_here(size);
    // The resource ends with two zeros that are no part of the manifest.
    out.u16(0);
    if u32::try_from(out.len()).is_err() {
        found.error(&Place::default(), "WEVT_TEMPLATE", "it is larger than 4 GiB");
    }
    (Compiled { template: out.into_bytes(), messages: messages.table() }, found)
}
