//! Who wrote a manifest: a person's mistake is a tool's way.

/// Who wrote a manifest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::source) enum Dialect {
    /// A person, for the compiler of manifests.
    #[default]
    Written,
    /// PerfView, from a provider registered on a machine: [`crate::source::registered`].
    Registered,
}

impl Dialect {
    /// The manifest's name for an inType: PerfView uses the names of TDH's header for two of them.
    pub(super) fn in_type(self, name: &str) -> &str {
        match (self, name) {
            (Self::Registered, "win:CountedMbcsString") => "win:CountedAnsiString",
            (Self::Registered, "win:CountedUtf16String") => "win:CountedUnicodeString",
            _ => name,
        }
    }

    /// Whether an unknown inType means a struct.
    pub(super) fn is_struct(self, name: &str) -> bool {
        let number = name.strip_prefix("win:");
        self == Self::Registered && number.is_some_and(|rest| rest == "Struct" || rest.parse::<u8>().is_ok())
    }
}
