//! Diagnostics as people read them: on a terminal with the line of the file and the place marked, elsewhere one line each.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use clap::ValueEnum;
use etw_schema::diagnostic::{Diagnostic, Diagnostics, Severity};
use etw_schema::source;
use etw_schema::visible::visible;

use crate::failure::counted;
use crate::{Failure, Result, print};

/// How diagnostics are printed.
#[derive(Clone, Debug, clap::Args)]
pub struct DiagnosticOptions {
    /// How diagnostics are shown
    #[arg(long, value_enum, default_value_t = Style::Auto, value_name = "STYLE", help_heading = "Diagnostics")]
    diagnostics: Style,
    /// How many diagnostics are shown at most, errors first; 0 shows all
    #[arg(long, value_name = "N", default_value_t = 100, help_heading = "Diagnostics")]
    max_diagnostics: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Style {
    /// Full on a terminal, else short
    Auto,
    /// With the line of the file
    Full,
    /// One line each: file, line, severity, element, message
    Short,
}

/// What a command found in its files, and those files.
#[derive(Debug)]
pub struct Report {
    full: bool,
    left: usize,
    sources: BTreeMap<String, Vec<u8>>,
}

impl Report {
    /// An empty report.
    pub fn new(options: &DiagnosticOptions) -> Self {
        let full = match options.diagnostics {
            Style::Auto => std::io::stderr().is_terminal(),
            Style::Full => true,
            Style::Short => false,
        };
        let left = if options.max_diagnostics == 0 { usize::MAX } else { options.max_diagnostics };
        Self { full, left, sources: BTreeMap::new() }
    }

    /// Keeps a file, by the name that diagnostics give it.
    pub fn add(&mut self, name: &str, bytes: Vec<u8>) {
        self.sources.insert(name.to_owned(), bytes);
    }

    /// The bytes of a file that was added.
    pub fn bytes(&self, name: &str) -> &[u8] {
        self.sources.get(name).map_or(&[], Vec::as_slice)
    }

    /// Prints diagnostics in their order, up to the number that one command prints.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn print(&mut self, diagnostics: &Diagnostics) -> Result<()> {
        let shown = choose(diagnostics.all(), self.left);
        self.left -= shown.len();
        let mut text = String::new();
        for diagnostic in &shown {
            if self.full {
                text += &self.rendered(diagnostic);
                text += "\n\n";
            } else {
                text += &format!("{diagnostic}\n");
            }
        }
        text += &more(diagnostics, &shown);
        print::err(&text)
    }

    /// Prints diagnostics; an error among them ends the command.
    ///
    /// # Errors
    /// There are errors among them, in `whose`: `the manifests`.
    pub fn check(&mut self, diagnostics: &Diagnostics, whose: &str) -> Result<()> {
        self.print(diagnostics)?;
        match diagnostics.error_count() {
            0 => Ok(()),
            n => Err(Failure::found(format!("{} in {whose}", counted(n, "error")))),
        }
    }

    /// The diagnostic with the line of its file.
    fn rendered(&self, diagnostic: &Diagnostic) -> String {
        let level = match diagnostic.severity {
            Severity::Note => Level::NOTE,
            Severity::Warning => Level::WARNING,
            Severity::Error => Level::ERROR,
        };
        let title = format!("{}: {}", visible(&diagnostic.element), visible(&diagnostic.message));
        let title = level.primary_title(title);
        let place = &diagnostic.place;
        let renderer = Renderer::styled();
        let Some(excerpt) = self.excerpt(diagnostic) else {
            let origin = annotate_snippets::Origin::path(visible(&place.file).into_owned());
            let origin = if place.line > 0 { origin.line(usize::try_from(place.line).unwrap_or(0)) } else { origin };
            return renderer.render(&[title.element(origin)]);
        };
        let snippet = Snippet::source(excerpt.line)
            .line_start(usize::try_from(place.line).unwrap_or(0))
            .path(visible(&place.file).into_owned())
            .annotation(AnnotationKind::Primary.span(excerpt.marked));
        renderer.render(&[title.element(snippet)])
    }

    /// The line of a place, if it is in a text that was added.
    fn excerpt(&self, diagnostic: &Diagnostic) -> Option<Excerpt> {
        let place = &diagnostic.place;
        let bytes = self.sources.get(&*place.file)?;
        let text = source::text(bytes);
        let number = usize::try_from(place.line).ok()?.checked_sub(1)?;
        let start = match number {
            0 => 0,
            _ => text.match_indices('\n').nth(number - 1)?.0 + 1,
        };
        let line = text[start..].split(['\n', '\r']).next()?;
        if line.len() > 1 << 20 || line.contains('\0') {
            return None; // no line of a text
        }
        let end = start + line.len();
        let span = place.span.as_ref().and_then(|span| {
            let from = usize::try_from(span.start).ok()?;
            let to = usize::try_from(span.end).ok()?.min(end);
            (start <= from && from < to && text.is_char_boundary(from) && text.is_char_boundary(to)).then_some(from..to)
        });
        let whole = || {
            let from = start + line.len() - line.trim_start().len();
            from..start + line.trim_end().len().max(from - start)
        };
        let marked = span.unwrap_or_else(whole);
        Some(Excerpt::new(line, marked.start - start..marked.end - start))
    }
}

/// A line and what is marked of it, as a terminal may see them.
struct Excerpt {
    line: String,
    marked: Range<usize>,
}

/// So many characters are shown before the mark and of it.
const BEFORE: usize = 60;
const MARKED: usize = 120;

impl Excerpt {
    fn new(line: &str, marked: Range<usize>) -> Self {
        let head = &line[..marked.start];
        let mark = &line[marked.clone()];
        let tail = &line[marked.end..];
        let cut = head.char_indices().rev().nth(BEFORE).map_or(0, |(at, _)| at);
        let mut shown = if cut > 0 { "…".to_owned() } else { String::new() };
        push_shown(&mut shown, &head[cut..], usize::MAX);
        let start = shown.len();
        push_shown(&mut shown, mark, MARKED);
        let end = shown.len();
        push_shown(&mut shown, tail, BEFORE);
        Self { line: shown, marked: start..end }
    }
}

/// Adds at most so many characters; what a terminal would obey becomes U+FFFD, a tab a blank.
fn push_shown(out: &mut String, text: &str, most: usize) {
    let mut chars = text.chars();
    for c in chars.by_ref().take(most) {
        out.push(match c {
            '\t' => ' ',
            c if etw_schema::visible::is_obeyed(c) => '\u{FFFD}',
            c => c,
        });
    }
    if chars.next().is_some() {
        out.push('…');
    }
}

/// Those that are shown: the worst of them, in their order.
fn choose(all: &[Diagnostic], most: usize) -> Vec<&Diagnostic> {
    let mut left = most;
    let mut chosen: Vec<(usize, &Diagnostic)> = Vec::new();
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let of_it = all.iter().enumerate().filter(|(_, diagnostic)| diagnostic.severity == severity);
        let before = chosen.len();
        chosen.extend(of_it.take(left));
        left -= chosen.len() - before;
    }
    chosen.sort_by_key(|(at, _)| *at);
    chosen.into_iter().map(|(_, diagnostic)| diagnostic).collect()
}

/// What is said of those that are not shown.
fn more(diagnostics: &Diagnostics, shown: &[&Diagnostic]) -> String {
    let left = |severity| {
        diagnostics.count(severity) - shown.iter().filter(|diagnostic| diagnostic.severity == severity).count()
    };
    let kinds = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")];
    let kinds = kinds.map(|(severity, noun)| (left(severity), noun));
    let all: usize = kinds.iter().map(|(count, _)| count).sum();
    if all == 0 {
        return String::new();
    }
    let kinds: Vec<String> =
        kinds.iter().filter(|(count, _)| *count > 0).map(|(count, noun)| counted(*count, noun)).collect();
    let kept = diagnostics.all().len();
    let way_out = match diagnostics.remainder() {
        None => "--max-diagnostics 0 shows all".to_owned(),
        Some(_) if shown.len() < kept => format!("--max-diagnostics 0 shows {kept} of them"),
        Some(_) => "they are counted and not kept".to_owned(),
    };
    format!("and {all} more: {} ({way_out})\n", kinds.join(", "))
}

#[cfg(test)]
mod tests {
    use etw_schema::model::Place;

    use super::*;

    fn report(full: bool, left: usize) -> Report {
        Report { full, left, sources: BTreeMap::new() }
    }

    #[test]
    fn the_line_is_shown_with_its_place_marked() {
        let mut report = report(true, 1);
        let text = "<a>\n  <event value=\"\u{1b}[1m\"/>\n</a>\n";
        report.add("x.man", text.as_bytes().to_vec());
        let span = 6..text.len() - 6;
        let mut diagnostics = Diagnostics::new();
        diagnostics.error(&Place::in_text(&"x.man".into(), text, span), "<event>", "it is wrong");
        let shown = anstream::adapter::strip_str(&report.rendered(&diagnostics.all()[0])).to_string();
        let expected = [
            "error: <event>: it is wrong",
            " --> x.man:2:3",
            "  |",
            "2 |   <event value=\"\u{FFFD}[1m\"/>",
            "  |   ^^^^^^^^^^^^^^^^^^^^^",
        ];
        assert_eq!(shown.lines().map(str::trim_end).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_place_without_a_line_is_shown_by_its_name() {
        let mut diagnostics = Diagnostics::new();
        diagnostics.warning(&Place::file("a\u{1b}b.dll"), "template 1", "is odd");
        let shown = report(true, 1).rendered(&diagnostics.all()[0]);
        let shown = anstream::adapter::strip_str(&shown).to_string();
        assert_eq!(shown, "warning: template 1: is odd\n--> a\\u{1b}b.dll");
    }

    #[test]
    fn errors_come_before_warnings_where_not_all_are_shown() {
        let mut diagnostics = Diagnostics::new();
        for at in 0..5 {
            diagnostics.warning(&Place::file("x"), format!("{at}"), "w");
        }
        diagnostics.error(&Place::file("x"), "5", "e");
        diagnostics.note(&Place::file("x"), "6", "n");
        let shown = choose(diagnostics.all(), 3);
        assert_eq!(shown.iter().map(|d| d.element.as_str()).collect::<Vec<_>>(), ["0", "1", "5"]);
        let expected = "and 4 more: 3 warnings, 1 note (--max-diagnostics 0 shows all)\n";
        assert_eq!(more(&diagnostics, &shown), expected);
        assert_eq!(more(&diagnostics, &choose(diagnostics.all(), usize::MAX)), "");
    }

    #[test]
    fn those_that_were_not_even_kept_are_counted() {
        let mut diagnostics = Diagnostics::new();
        (0..1500).for_each(|_| diagnostics.error(&Place::default(), "a", "b"));
        let shown = |most| more(&diagnostics, &choose(diagnostics.all(), most));
        assert_eq!(shown(100), "and 1400 more: 1400 errors (--max-diagnostics 0 shows 1000 of them)\n");
        assert_eq!(shown(usize::MAX), "and 500 more: 500 errors (they are counted and not kept)\n");
        let failure = report(false, 0).check(&diagnostics, "the file").expect_err("errors");
        assert!(failure.message().starts_with("1500 errors in the file"), "{}", failure.message());
    }
}
