//! A manifest with its texts in all of its cultures, for the compiler: what one string is in several places stays one.

use std::collections::HashMap;
use std::sync::Arc;

use super::localization::{Culture, Texts};
use super::value::clip;
use super::xml::Cursor;
use super::{Dialect, decode, parse};
use crate::diagnostic::Diagnostics;
use crate::model::{Manifest, Place};

/// A manifest whose texts still are the references that the file holds, `$(string.ID)`, and what they stand for.
#[derive(Clone, Debug, Default)]
pub struct Localized {
    /// What the file declares.
    pub manifest: Manifest,
    /// The texts, a culture each; that of [`super::read`] without options is the first.
    pub translations: Vec<Translation>,
}

/// The texts of a culture.
#[derive(Clone, Debug, Default)]
pub struct Translation {
    /// The language, as Windows numbers them; 0 is none.
    pub language: u16,
    /// The texts, by what stands for them in the manifest.
    pub texts: HashMap<String, String>,
}

/// Reads a whole `.man` file as [`super::read`] does, and leaves the references to strings as they are. What it reports is
/// about the cultures; what is wrong with the file is reported by [`super::read`].
pub fn read_localized(file_name: &str, bytes: &[u8]) -> (Localized, Diagnostics) {
    let file: Arc<str> = Arc::from(file_name);
    let mut ignored = Diagnostics::new();
    let decoded = decode(&file, bytes, &mut ignored);
    let mut parsed = parse(Cursor::new(&file, &decoded, Dialect::Written, ignored));
    let cultures = std::mem::take(&mut parsed.parts.cultures);
    let size = parsed.size;
    let at = parsed.at.clone();
    // Without a table every reference stays as it is, and none is reported.
    parsed.leave_texts = true;
    let (mut manifest, _) = parsed.finish(None);
    let mut found = Diagnostics::new();
    let main = Texts::choose(&cultures, None, &at, size, false, &mut found).culture();
    let mut translations = Vec::new();
    let first = cultures.iter().filter(|culture| Some(culture.name()) == main);
    let others = cultures.iter().filter(|culture| Some(culture.name()) != main);
    for culture in first.chain(others) {
        let number = language_of(culture.name());
        if number.is_none() {
            let what = format!("resources {}", clip(culture.name()));
            let message = if translations.is_empty() {
                "the number of its language is not known; its texts are those of no language"
            } else {
                "the number of its language is not known; its texts are left out"
            };
            found.warning(&at, what, message);
        }
        // The number of languages is bounded by the table below, and the cultures are not.
        let is_new = |language: u16| !translations.iter().any(|known: &Translation| known.language == language);
        let language = if translations.is_empty() { Some(number.unwrap_or(0)) } else { number.filter(|n| is_new(*n)) };
        if let Some(language) = language {
            translations.push(translate(&mut manifest, &cultures, culture, language, (&at, size), &mut found));
        }
    }
    (Localized { manifest, translations }, found)
}

/// The texts of a manifest in a culture. Those that it lacks are another's, which is reported.
fn translate(
    manifest: &mut Manifest,
    cultures: &[Culture],
    culture: &Culture,
    language: u16,
    (file, size): (&Place, usize),
    found: &mut Diagnostics,
) -> Translation {
    let mut texts = Texts::choose(cultures, Some(culture.name()), file, size, false, found);
    let mut known = HashMap::new();
    let mut resolve = |text: &Option<String>, at: &Place, what: &dyn Fn() -> String| {
        let Some(raw) = text else { return };
        if !known.contains_key(raw) {
            let mut resolved = text.clone();
            texts.resolve(&mut resolved, at, what, found);
            known.extend(resolved.map(|resolved| (raw.clone(), resolved)));
        }
    };
    for message in &manifest.messages {
        let value = message.value;
        resolve(&message.message, &message.at, &|| format!("message {value:#x}"));
    }
    for provider in &mut manifest.providers {
        provider.visit_texts(|text, at, owner| resolve(text, at, &|| clip(&owner())));
    }
    Translation { language, texts: known }
}

/// The number of a culture's language, as `[MS-LCID]` and the comments of `winnt.h` give them: the languages that Windows has been translated to, and
/// their neutral forms.
fn language_of(culture: &str) -> Option<u16> {
    let known = LANGUAGES.iter().find(|(name, _)| name.eq_ignore_ascii_case(culture));
    let neutral = || {
        let (_, number) = LANGUAGES.iter().find(|(name, _)| {
            name.split_once('-').is_some_and(|(language, _)| language.eq_ignore_ascii_case(culture))
        })?;
        Some(number & 0x03FF)
    };
    known.map(|(_, number)| *number).or_else(neutral)
}

const LANGUAGES: [(&str, u16); 45] = [
    ("ar-SA", 0x0401),
    ("bg-BG", 0x0402),
    ("ca-ES", 0x0403),
    ("zh-TW", 0x0404),
    ("cs-CZ", 0x0405),
    ("da-DK", 0x0406),
    ("de-DE", 0x0407),
    ("el-GR", 0x0408),
    ("en-US", 0x0409),
    ("fi-FI", 0x040B),
    ("fr-FR", 0x040C),
    ("he-IL", 0x040D),
    ("hu-HU", 0x040E),
    ("it-IT", 0x0410),
    ("ja-JP", 0x0411),
    ("ko-KR", 0x0412),
    ("nl-NL", 0x0413),
    ("nb-NO", 0x0414),
    ("pl-PL", 0x0415),
    ("pt-BR", 0x0416),
    ("ro-RO", 0x0418),
    ("ru-RU", 0x0419),
    ("hr-HR", 0x041A),
    ("sk-SK", 0x041B),
    ("sv-SE", 0x041D),
    ("th-TH", 0x041E),
    ("tr-TR", 0x041F),
    ("id-ID", 0x0421),
    ("uk-UA", 0x0422),
    ("sl-SI", 0x0424),
    ("et-EE", 0x0425),
    ("lv-LV", 0x0426),
    ("lt-LT", 0x0427),
    ("vi-VN", 0x042A),
    ("eu-ES", 0x042D),
    ("hi-IN", 0x0439),
    ("gl-ES", 0x0456),
    ("zh-CN", 0x0804),
    ("en-GB", 0x0809),
    ("es-MX", 0x080A),
    ("pt-PT", 0x0816),
    ("zh-HK", 0x0C04),
    ("es-ES", 0x0C0A),
    ("fr-CA", 0x0C0C),
    ("sr-Latn-RS", 0x241A),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cultures_have_the_numbers_of_their_languages() {
        let numbers = ["en-US", "EN-us", "cs-CZ", "en", "zh", "tlh"].map(language_of);
        assert_eq!(numbers, [Some(0x409), Some(0x409), Some(0x405), Some(9), Some(4), None]);
    }
}
