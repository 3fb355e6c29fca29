//! Message templates: from the text of a manifest's string table to literal pieces and inserts.
//!
//! Windows expands a message in two stages. The first, here, happens when the string table is compiled: `%n`, `%r`,
//! `%t`, `%b`, `%.`, `%!` and `%0` become what they stand for, every kind of line break becomes CR LF, and one CR LF that
//! ends the text is dropped. Microsoft's page "Message Text Files" defines the escapes: `%b` is a blank, `%.` a full
//! stop, `%!` an exclamation mark. The second stage happens when an event is shown: inserts become values. This module
//! prepares it: generated code writes the pieces one after the other and parses nothing.

/// A part of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text to be written as it is.
    Text(String),
    /// The value of a field.
    Insert {
        /// The number in the template: 1 is the first field.
        number: usize,
        /// The printf format between `!` and `!`; none is the field's own.
        format: Option<String>,
    },
}

/// Splits a template into pieces. Neighbouring texts are one piece.
///
/// Any template can be split: a `%` that begins no known escape is text.
pub fn parse(template: &str) -> Vec<Piece> {
    // The message compiler ends each text of the table with CR LF; a manifest's text comes without.
    let template = template.strip_suffix("\r\n").unwrap_or(template);
    let mut parser = Parser { rest: template, pieces: Vec::new(), text: String::new() };
    parser.run();
    parser.finish()
}

/// Puts inserts past the last field back as the text that they were: Windows leaves them in the message.
///
/// Gives back the numbers of those inserts.
pub fn keep_unknown_inserts(pieces: Vec<Piece>, fields: usize) -> (Vec<Piece>, Vec<usize>) {
    let mut unknown = Vec::new();
    let mut out = Vec::new();
    for piece in pieces {
        let piece = match piece {
            Piece::Insert { number, format } if number > fields => {
                unknown.push(number);
                Piece::Text(match format {
                    Some(format) => format!("%{number}!{format}!"),
                    None => format!("%{number}"),
                })
            }
            piece => piece,
        };
        match (out.last_mut(), piece) {
            (Some(Piece::Text(before)), Piece::Text(text)) => before.push_str(&text),
            (_, piece) => out.push(piece),
        }
    }
    (out, unknown)
}

/// A text of a map as a message shows it where its inserts are not expanded: line breaks real, inserts as they are.
pub fn without_expansion(template: &str) -> String {
    let (pieces, _) = keep_unknown_inserts(parse(template), 0);
    let text = |piece| match piece {
        Piece::Text(text) => text,
        Piece::Insert { .. } => String::new(), // with no fields, every insert is text
    };
    pieces.into_iter().map(text).collect()
}

/// A template in the spelling of manifests: a percent sign that begins nothing is doubled. Message tables hold it single.
pub fn in_manifest(template: &str) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find('%') {
        let after = &rest[at + 1..];
        out += &rest[..=at];
        rest = if let Some(behind) = after.strip_prefix('%') {
            out.push('%');
            behind
        } else {
            if !after.starts_with(begins_escape) {
                out.push('%');
            }
            after
        };
    }
    out + rest
}

/// Whether a percent sign before the character begins an escape or an insert.
pub(crate) fn begins_escape(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, 'n' | 'r' | 't' | 'b' | '.' | '!')
}

struct Parser<'t> {
    rest: &'t str,
    pieces: Vec<Piece>,
    text: String,
}

impl Parser<'_> {
    fn run(&mut self) {
        while let Some(c) = self.rest.chars().next() {
            let after = &self.rest[c.len_utf8()..];
            match c {
                '%' => {
                    if !self.percent(after) {
                        return;
                    }
                }
                '\r' => {
                    self.text.push_str("\r\n");
                    self.rest = after.strip_prefix('\n').unwrap_or(after);
                }
                '\n' => {
                    self.text.push_str("\r\n");
                    self.rest = after;
                }
                c => {
                    self.text.push(c);
                    self.rest = after;
                }
            }
        }
    }

    /// What a `%` begins. False where the text ends with it.
    fn percent(&mut self, after: &str) -> bool {
        let Some(c) = after.chars().next() else {
            self.literal("%", 1);
            return true;
        };
        match c {
            'n' => self.literal("\r\n", 2),
            'r' => self.literal("\r", 2),
            't' => self.literal("\t", 2),
            'b' => self.literal(" ", 2),
            '.' => self.literal(".", 2),
            '!' => self.literal("!", 2),
            '0' => return false,
            '1'..='9' => self.insert(after),
            // `%%5` refers to a text of the parameter file. The generator has no such file, so that the reference stays.
            '%' if after[1..].starts_with(|c: char| c.is_ascii_digit()) => self.literal("%%", 2),
            // The manifest's way to write one `%`.
            '%' => self.literal("%", 2),
            _ => self.literal("%", 1),
        }
        true
    }

    /// Takes `len` bytes of the template for a literal.
    fn literal(&mut self, text: &str, len: usize) {
        self.text.push_str(text);
        self.rest = &self.rest[len..];
    }

    /// Takes `%1` … `%99`, with the format behind it if there is one. `after` begins with the digit.
    fn insert(&mut self, after: &str) {
        let digits = after.bytes().take(2).take_while(u8::is_ascii_digit).count();
        let number = after[..digits].parse().unwrap_or(0);
        let behind = &after[digits..];
        let format = behind.strip_prefix('!').and_then(|f| f.split_once('!')).map(|(format, _)| format);
        let format = format.filter(|format| is_format(format)).map(str::to_owned);
        let format_len = format.as_ref().map_or(0, |format| format.len() + 2);
        self.rest = &self.rest[1 + digits + format_len..];
        if !self.text.is_empty() {
            self.pieces.push(Piece::Text(std::mem::take(&mut self.text)));
        }
        self.pieces.push(Piece::Insert { number, format });
    }

    fn finish(mut self) -> Vec<Piece> {
        if !self.text.is_empty() {
            self.pieces.push(Piece::Text(self.text));
        }
        self.pieces
    }
}

/// Whether a text is a printf format without its `%`: flags, width, precision, size, and conversion. Text
/// between two exclamation marks of a sentence is no format.
fn is_format(text: &str) -> bool {
    let number = |c: char| c.is_ascii_digit() || c == '*';
    let rest = text.trim_start_matches(['-', '0', '#', '+', ' ']).trim_start_matches(number);
    let rest = rest.strip_prefix('.').map_or(rest, |precision| precision.trim_start_matches(number));
    let size = ["I64", "I32", "ll", "l", "h", "w", "I"].iter().find_map(|size| rest.strip_prefix(size));
    let mut conversion = size.unwrap_or(rest).chars();
    conversion.next().is_some_and(|c| "cCdiouxXpsSeEfgGaA".contains(c)) && conversion.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pieces as a line: texts quoted, inserts as they are.
    fn shown(template: &str) -> String {
        let piece = |piece: Piece| match piece {
            Piece::Text(text) => format!("{text:?}"),
            Piece::Insert { number, format: None } => format!("%{number}"),
            Piece::Insert { number, format: Some(format) } => format!("%{number}!{format}!"),
        };
        parse(template).into_iter().map(piece).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_spelling_of_a_manifest_means_the_same() {
        assert_eq!(in_manifest("%SystemRoot% is 100% of %1, %%5%n%%"), "%%SystemRoot%% is 100%% of %1, %%5%n%%");
        for text in ["%", "%%", "100%!", "%%7 %99!x!%", "a%%%b"] {
            assert_eq!(parse(&in_manifest(text)), parse(text), "{text}");
        }
    }

    #[test]
    fn stage_one_follows_windows() {
        assert_eq!(shown("a%nb%tc%rd"), r#""a\r\nb\tc\rd""#);
        assert_eq!(shown("a%0b"), r#""a""#);
        assert_eq!(shown("hi\n"), r#""hi\r\n""#);
        assert_eq!(shown("a\rb\r\nc"), r#""a\r\nb\r\nc""#);
        assert_eq!(shown("Reason: x\r\n"), r#""Reason: x""#);
        assert_eq!(shown("ends with a break%n"), r#""ends with a break\r\n""#);
    }

    #[test]
    fn inserts_have_at_most_two_digits_and_may_have_a_format() {
        assert_eq!(shown("%1 %12 %123"), r#"%1 " " %12 " " %12 "3""#);
        assert_eq!(shown("%1!08x!!"), r#"%1!08x! "!""#);
        assert_eq!(shown("%1! alone"), r#"%1 "! alone""#);
        assert_eq!(shown("%1!-8.3I64d! %2!*.*lu!%3!S!"), r#"%1!-8.3I64d! " " %2!*.*lu! %3!S!"#);
        assert_eq!(shown("Bad %1! Try %2!!"), r#""Bad " %1 "! Try " %2 "!!""#);
        assert_eq!(shown("%1! He said no! %2!dd!"), r#"%1 "! He said no! " %2 "!dd!""#);
    }

    #[test]
    fn any_other_percent_is_text() {
        assert_eq!(shown(r"%SystemRoot%\x 100%"), r#""%SystemRoot%\\x 100%""#);
        assert_eq!(shown("%%SystemRoot%%"), r#""%SystemRoot%""#);
        assert_eq!(shown("%%5 %"), r#""%%5 %""#);
        assert_eq!(shown("ä%ö"), r#""ä%ö""#);
    }

    #[test]
    fn an_insert_past_the_last_field_stays_as_text() {
        let (pieces, unknown) = keep_unknown_inserts(parse("x %1 %2 %3!d!"), 1);
        let number = Piece::Insert { number: 1, format: None };
        assert_eq!(pieces, [Piece::Text("x ".into()), number, Piece::Text(" %2 %3!d!".into())]);
        assert_eq!(unknown, [2, 3]);
    }
}
