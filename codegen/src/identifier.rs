//! What Rust takes as a name, for names that people give in settings and for those that are made.

/// Whether Rust reserves a word. `gen` is a keyword since the edition that generated crates are of, and not yet
/// one of syn's.
pub(crate) fn is_keyword(word: &str) -> bool {
    word == "gen" || syn::parse_str::<syn::Ident>(word).is_err()
}

/// Whether it is one of a type, `LikeThis`.
pub(crate) fn is_type(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric())
        && !is_keyword(name)
}

/// Whether it is one of a constant, `LIKE_THIS`.
pub(crate) fn is_constant(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// Whether it is one of a module, `like_this`.
pub(crate) fn is_module(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !is_keyword(name)
}

/// Names in `events/mod.rs` that are not those of the modules, and those of the modules around them.
const RESERVED_MODULES: &[&str] = &["descriptor", "encode", "events", "glue", "other", "rt", "schema"];

/// Whether a module cannot have this name: it is taken, or no file of Windows has it, whatever its ending.
pub(crate) fn is_reserved_module(name: &str) -> bool {
    let is_device = |prefix| name.strip_prefix(prefix).is_some_and(|n: &str| matches!(n.as_bytes(), [b'0'..=b'9']));
    RESERVED_MODULES.contains(&name)
        || matches!(name, "aux" | "con" | "nul" | "prn")
        || is_device("com")
        || is_device("lpt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_of_a_kind_and_no_keywords() {
        assert!(is_type("Smb2Read") && !is_type("Self") && !is_type("smb2") && !is_type("A_B") && !is_type(""));
        assert!(is_constant("V3_1_1") && !is_constant("_A") && !is_constant("a") && !is_constant(""));
        assert!(is_module("work_item") && !is_module("gen") && !is_module("self") && !is_module("__a"));
        assert!(!is_module("a-b") && !is_module("a::b") && !is_module(""));
    }
}
