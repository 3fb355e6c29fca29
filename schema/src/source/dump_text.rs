//! The text of PerfView's dumps made well-formed: the tool escapes nothing.
//!
//! A dump has one element a line, with attributes of known names. So a value ends at a quotation mark that is followed by the name
//! of another attribute of the tag, or by the end of the tag and of its line; everything between is the text, such marks,
//! `<` and `&` included. A text with line breaks goes on over lines, none of which begins a tag after one that ends one.

use std::borrow::Cow;

/// The attributes that the tool writes, by tag. All else is copied as it is.
const TAGS: &[(&str, &[&str])] = &[
    ("provider", &["name", "guid", "resourceFileName", "messageFileName", "symbol", "source"]),
    ("keyword", &["name", "message", "mask"]),
    ("task", &["name", "message", "value", "eventGUID"]),
    ("opcode", &["name", "message", "value"]),
    ("valueMap", &["name"]),
    ("bitMap", &["name"]),
    ("map", &["value", "message"]),
    ("event", &["value", "symbol", "version", "task", "opcode", "level", "keywords", "template"]),
    ("template", &["tid"]),
    ("data", &["name", "inType", "map", "length", "count"]),
    ("string", &["id", "value"]),
];

/// Escapes the values of attributes. Line breaks stay where they are.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    let mut start = 0;
    while start < text.len() {
        let end = element_end(text, start);
        if let Some(element) = text.get(start..end)
            && let Some(escaped) = escape_element(element)
        {
            out.push_str(&text[copied..start]);
            out.push_str(&escaped);
            copied = end;
        }
        start = end;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// The end of the lines of the element that begins at `start`: after the first line that ends a tag before one that begins
/// one.
fn element_end(text: &str, start: usize) -> usize {
    let mut end = start;
    for line in text[start..].split_inclusive('\n') {
        let is_first = end == start;
        end += line.len();
        if is_first && line.trim().is_empty() {
            break;
        }
        if line.trim_end().ends_with('>') {
            let next = text[end..].trim_start_matches([' ', '\t', '\r', '\n']);
            if next.is_empty() || next.starts_with('<') {
                break;
            }
        }
    }
    end
}

/// The element with its values escaped; none where nothing is to be escaped, or where the values cannot be told apart.
fn escape_element(element: &str) -> Option<String> {
    let open = element.len() - element.trim_start().len();
    let tag = element.get(open..)?.strip_prefix('<')?;
    let name_end = tag.find(|c: char| c.is_whitespace() || matches!(c, '/' | '>'))?;
    let (_, known) = TAGS.iter().find(|(name, _)| *name == &tag[..name_end])?;
    let mut at = open + 1 + name_end;
    let mut out = element[..at].to_owned();
    let mut changed = false;
    loop {
        let rest = &element[at..];
        if is_tag_end(rest) {
            out.push_str(rest);
            return changed.then_some(out);
        }
        let attribute = attribute_start(rest, known)?;
        let value_start = at + attribute;
        let value = &element[value_start..];
        let ends = |mark: &usize| {
            let after = &value[mark + 1..];
            is_tag_end(after) || (after.starts_with([' ', '\t']) && attribute_start(after, known).is_some())
        };
        let length = value.match_indices('"').map(|(mark, _)| mark).find(ends)?;
        out.push_str(&element[at..value_start]);
        let value = &value[..length];
        changed |= push_escaped(&mut out, value);
        out.push('"');
        at = value_start + length + 1;
    }
}

/// The length of ` name="`, where the text begins with it and the name is known.
fn attribute_start(text: &str, known: &[&str]) -> Option<usize> {
    let name = text.trim_start_matches([' ', '\t']);
    let blanks = text.len() - name.len();
    known.iter().find_map(|known| {
        let rest = name.strip_prefix(known)?;
        rest.starts_with("=\"").then_some(blanks + known.len() + 2)
    })
}

/// Whether nothing follows but the end of the tag and of its line. The tool closes the start tags of tasks twice.
fn is_tag_end(text: &str) -> bool {
    text.len() < 8 && matches!(text.trim(), ">" | "/>" | ">>")
}

/// Adds a value and says whether it had to be changed. What is escaped already stays.
fn push_escaped(out: &mut String, value: &str) -> bool {
    let mut rest = value;
    let mut changed = false;
    while let Some(at) = rest.find(['"', '<', '&']) {
        out.push_str(&rest[..at]);
        let special = &rest[at..];
        let escaped = match special.as_bytes()[0] {
            b'"' => "&quot;",
            b'<' => "&lt;",
            _ if is_reference(special) => "&",
            _ => "&amp;",
        };
        changed |= escaped != "&";
        out.push_str(escaped);
        rest = &special[1..];
    }
    out.push_str(rest);
    changed
}

fn is_reference(text: &str) -> bool {
    let is_name = |name: &str| matches!(name, "lt" | "gt" | "amp" | "apos" | "quot") || name.starts_with('#');
    let body = text.get(1..).unwrap_or_default();
    let end = body.bytes().take(10).position(|byte| byte == b';');
    end.and_then(|end| body.get(..end)).is_some_and(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_at_the_next_attribute_or_at_the_end_of_the_tag() {
        for (line, expected) in [
            (
                r#" <map value="0x1" message="$(string.map_Srun "A" or "B <c> & d".)"/>"#,
                r#" <map value="0x1" message="$(string.map_Srun &quot;A&quot; or &quot;B &lt;c> &amp; d&quot;.)"/>"#,
            ),
            (
                r#"<string id="map_M"Off"" value=""Off""/>"#,
                r#"<string id="map_M&quot;Off&quot;" value="&quot;Off&quot;"/>"#,
            ),
            (
                r#"<keyword name="a&b" message="x &amp; y" mask="0x1"/>"#,
                r#"<keyword name="a&amp;b" message="x &amp; y" mask="0x1"/>"#,
            ),
            (r#"<task name="<T>" message="m" value="1">>"#, r#"<task name="&lt;T>" message="m" value="1">>"#),
        ] {
            assert_eq!(escape(line), expected);
        }
    }

    #[test]
    fn texts_go_on_over_lines_and_lines_keep_their_numbers() {
        let text = "<a>\n <string id=\"i\" value=\"one \"1\"\r\n\r\n<two>\nthree\"/>\n</a>\n";
        let escaped = escape(text);
        assert_eq!(escaped, "<a>\n <string id=\"i\" value=\"one &quot;1&quot;\r\n\r\n&lt;two>\nthree\"/>\n</a>\n");
    }

    #[test]
    fn what_is_not_of_the_tool_stays() {
        for text in ["", "\n", "<b", "<data name=\"x", "<event other=\"a & b\"/>", "no tag & no mark"] {
            assert_eq!(escape(text), text);
        }
    }
}
