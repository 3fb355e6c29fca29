//! From captures of a build to its canonical manifest and its row in `builds.toml`.

use super::adopt::{Adopted, adopt};
use super::{CapturedProvider, Contradiction, combine, provenance};
use crate::diagnostic::Diagnostics;
use crate::message;
use crate::model::schema::Fact;
use crate::model::{Channel, ChannelType, FactKind, Manifest, Provider};
use crate::source::{Format, man};

/// What is known of a build that is to be imported.
#[derive(Clone, Debug, Default)]
pub struct Captures<'a> {
    /// The build's number.
    pub build: u32,
    /// What the captures say of the provider.
    pub parts: Vec<CapturedProvider>,
    /// The files with nothing but a message table.
    pub texts: Vec<String>,
    /// The decisions about this build.
    pub decisions: &'a [Contradiction],
    /// Builds that are known and what they declare, the nearest first.
    pub neighbours: Vec<(u32, &'a Provider)>,
}

/// A build, ready to be generated from.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// What the build declares.
    pub provider: Provider,
    /// What was taken from other builds.
    pub adopted: Adopted,
    /// Where each kind of fact comes from.
    pub facts: Vec<(FactKind, Fact)>,
    /// The canonical manifest.
    pub manifest: String,
}

impl Imported {
    /// The row of `builds.toml`.
    pub fn row(&self, build: u32, product: &str) -> String {
        provenance::row(build, product, &self.provider, &self.facts)
    }
}

/// Combines captures, fills in what their formats cannot hold, and writes the canonical manifest.
///
/// An error among the diagnostics is an undecided contradiction: the manifest lacks its subject.
pub fn import(captures: Captures<'_>) -> (Imported, Diagnostics) {
    let formats: Vec<Format> = captures.parts.iter().map(|part| part.format).collect();
    let files: Vec<(String, Format)> = captures.parts.iter().map(|part| (part.file.clone(), part.format)).collect();
    let (mut provider, mut found) = combine(captures.parts, captures.decisions);
    let mut adopted = adopt(&mut provider, &formats, &captures.neighbours);
    provider.events.retain(|event| {
        let Some(doubt) = &event.doubt else { return true };
        found.warning(&event.at, event.key().to_string(), format!("{doubt}; the event is left out"));
        false
    });
    for channel in &mut provider.channels {
        if channel.kind.is_none() && !channel.imported {
            channel.kind = Some(likely_type(channel));
            adopted.0.entry(FactKind::ChannelTypes).or_default();
        }
    }
    texts(&mut provider);
    provider.events.sort_by_key(|event| (event.id, event.version));
    let facts = provenance::facts(&files, &captures.texts, &adopted, &provider);
    let comment = format!(
        "{} as of Windows build {}. Combined from captures; not a Microsoft file.\nbuilds.toml says which fact is captured \
         and which is inferred.",
        provider.name, captures.build
    );
    let manifest = man::write(&Manifest { providers: vec![provider.clone()], ..Manifest::default() }, Some(&comment));
    (Imported { provider, adopted, facts, manifest }, found)
}

/// A channel's type, by the custom of naming it so; `Operational` is what a channel is unless it says more.
fn likely_type(channel: &Channel) -> ChannelType {
    let last = channel.name.rsplit('/').next().unwrap_or_default();
    ChannelType::from_word(last).unwrap_or(ChannelType::Operational)
}

/// Spells every text as manifests do.
fn texts(provider: &mut Provider) {
    let spell = |text: &mut Option<String>| {
        if let Some(text) = text {
            *text = message::in_manifest(text);
        }
    };
    provider.visit_texts(|text, _, _| spell(text));
}
