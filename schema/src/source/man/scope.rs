//! Namespaces: which prefix means what at a place in the file.

use std::collections::HashMap;

/// What a namespace means to the reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Namespace {
    /// The elements of a manifest.
    Events,
    /// The predefined names, `win:` by custom.
    Win,
    /// The types of XML Schema, `xs:` by custom.
    Schema,
    /// What this project notes in its manifests about where a fact comes from.
    Provenance,
    /// No namespace: `xmlns=""` ends the binding.
    None,
    /// Another namespace.
    Other,
}

/// The namespace of attributes that say where a fact comes from. Other readers pass over attributes of other namespaces.
pub(super) const PROVENANCE: &str = "urn:etw-schema:provenance";

/// What the reader puts before the names of such attributes, whatever prefix the file binds.
pub(super) const PROVENANCE_PREFIX: &str = "provenance:";

impl Namespace {
    /// The namespace of that name. Copies of Microsoft's documentation spell the names with `https:`, and manifests
    /// made from them exist.
    fn from_uri(uri: &str) -> Self {
        let bare = uri.strip_prefix("http://").or_else(|| uri.strip_prefix("https://")).unwrap_or(uri);
        match bare {
            // Manifests of components of Windows hold the same elements below a root of another namespace.
            "schemas.microsoft.com/win/2004/08/events" | "urn:schemas-microsoft-com:asm.v3" => Self::Events,
            "manifests.microsoft.com/win/2004/08/windows/events" => Self::Win,
            "www.w3.org/2001/XMLSchema" => Self::Schema,
            PROVENANCE => Self::Provenance,
            "" => Self::None,
            _ => Self::Other,
        }
    }
}

/// The bindings in force, of every open element that was entered.
#[derive(Debug, Default)]
pub(in crate::source) struct Scopes {
    /// A prefix (empty: the default namespace) and its bindings, the innermost last.
    bound: HashMap<String, Vec<Namespace>>,
    /// Which prefix was bound at which depth, so that leaving an element undoes it.
    undo: Vec<(usize, String)>,
}

impl Scopes {
    /// Binds a prefix for the element of that depth.
    pub(super) fn bind(&mut self, depth: usize, prefix: &str, uri: &str) {
        self.bound.entry(prefix.to_owned()).or_default().push(Namespace::from_uri(uri.trim()));
        self.undo.push((depth, prefix.to_owned()));
    }

    /// Forgets what the element of that depth bound.
    pub(super) fn leave(&mut self, depth: usize) {
        while let Some((_, prefix)) = self.undo.pop_if(|(bound_at, _)| *bound_at >= depth) {
            if let Some(bindings) = self.bound.get_mut(&prefix) {
                bindings.pop();
            }
        }
    }

    /// What a prefix means here; none where it is unbound.
    pub(super) fn find(&self, prefix: &str) -> Option<&Namespace> {
        self.bound.get(prefix).and_then(|bindings| bindings.last())
    }

    /// The canonical form of a name that may be predefined: `win:Error` for `w:Error` where `w` is bound to Windows'
    /// names. Any other prefix is a part of the name.
    pub(super) fn item_name(&self, name: &str) -> String {
        match name.split_once(':') {
            Some((prefix, local)) if self.find(prefix) == Some(&Namespace::Win) => format!("win:{local}"),
            _ => name.to_owned(),
        }
    }

    /// The canonical form of a type's name, which may be XML Schema's as well.
    pub(super) fn type_name(&self, name: &str) -> String {
        match name.split_once(':') {
            Some((prefix, local)) if self.find(prefix) == Some(&Namespace::Schema) => format!("xs:{local}"),
            _ => self.item_name(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inner_bindings_hide_outer_ones_until_left() {
        let mut scopes = Scopes::default();
        scopes.bind(1, "w", "http://manifests.microsoft.com/win/2004/08/windows/events");
        scopes.bind(2, "w", "urn:mine");
        assert_eq!(scopes.item_name("w:Error"), "w:Error");
        scopes.leave(2);
        assert_eq!(scopes.item_name("w:Error"), "win:Error");
        scopes.leave(1);
        assert_eq!(scopes.item_name("w:Error"), "w:Error");
    }

    #[test]
    fn a_schema_prefix_is_resolved_in_types_alone() {
        let mut scopes = Scopes::default();
        scopes.bind(1, "comms", "https://www.w3.org/2001/XMLSchema");
        assert_eq!(scopes.type_name("comms:string"), "xs:string");
        assert_eq!(scopes.item_name("comms:Packet"), "comms:Packet");
        assert_eq!(scopes.type_name("xs:string"), "xs:string");
    }
}
