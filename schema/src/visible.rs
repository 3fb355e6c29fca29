//! Text that is safe to show: the author of a capture chooses its texts, and a terminal obeys some characters.

use std::borrow::Cow;

/// Whether a terminal obeys the character instead of showing it: controls, and those that turn the direction of text.
pub fn is_obeyed(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

/// The text on one line, with an escape, `\u{1b}` or `\n`, for each character that a terminal would obey.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_obeyed(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_escaped_and_nothing_else() {
        assert!(matches!(visible("Größe \u{200e}x"), Cow::Borrowed(_)));
        assert_eq!(visible("a\nb\t\u{1b}]0;x\u{7}\u{9b}é\u{202e}"), r"a\nb\t\u{1b}]0;x\u{7}\u{9b}é\u{202e}");
    }
}
