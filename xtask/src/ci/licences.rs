//! The licences of everything that the workspace depends on.

use std::fs;

use super::repository::{Outcome, Repository, Result};

/// Licences that only require that they are named and passed on.
const ALLOWED: &[&str] = &["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "Unicode-3.0", "Zlib"];

/// The files in each package, the same as at the root.
const TEXTS: &[&str] = &["LICENSE-APACHE", "LICENSE-MIT"];

pub(super) fn check(repository: &Repository) -> Result<Outcome> {
    let mut refused = Vec::new();
    for package in &repository.packages {
        if !package.license.as_deref().is_some_and(is_allowed) {
            let license = package.license.as_deref().unwrap_or("no licence");
            refused.push(format!("{} {}: {license}", package.name, package.version));
        }
    }
    for package in repository.published() {
        for text in TEXTS {
            let path = package.manifest_path.with_file_name(text);
            if fs::read(&path).ok() != fs::read(repository.root.join(text)).ok() {
                refused.push(format!("{} differs from {text} at the root", path.display()));
            }
        }
    }
    println!("{} packages", repository.packages.len());
    if refused.is_empty() { Ok(Outcome::Passed) } else { Err(refused.join("\n")) }
}

/// Whether an SPDX expression, or the older form with a slash, can be met by allowed licences.
fn is_allowed(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    let allowed = any(&mut words);
    allowed && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any(words: &mut Words<'_>) -> bool {
    let mut allowed = all(words);
    while words.next_if_eq(&"OR").is_some() {
        allowed |= all(words);
    }
    allowed
}

fn all(words: &mut Words<'_>) -> bool {
    let mut allowed = one(words);
    while words.next_if_eq(&"AND").is_some() {
        allowed &= one(words);
    }
    allowed
}

fn one(words: &mut Words<'_>) -> bool {
    match words.next() {
        Some("(") => {
            let allowed = any(words);
            words.next() == Some(")") && allowed
        }
        Some(licence) => {
            // An exception only takes a condition away.
            if words.next_if_eq(&"WITH").is_some() {
                words.next();
            }
            ALLOWED.contains(&licence)
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_allowed;

    #[test]
    fn an_expression_is_allowed_if_a_choice_of_licences_is() {
        for expression in ["MIT", "GPL-3.0 OR MIT", "Unlicense/MIT", "(MIT OR GPL-2.0) AND Unicode-3.0"] {
            assert!(is_allowed(expression), "{expression}");
        }
        assert!(is_allowed("Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later"));
        for expression in ["", "GPL-3.0", "MIT AND GPL-3.0", "MIT AND (GPL-2.0 OR GPL-3.0)", "(MIT", "MIT MIT", "MIT)"]
        {
            assert!(!is_allowed(expression), "{expression}");
        }
    }
}
