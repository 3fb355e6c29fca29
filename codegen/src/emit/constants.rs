//! `descriptor.rs`: channels, levels, opcodes, tasks and keywords, as they stand in an event's header.

use proc_macro2::TokenStream;
use quote::quote;

use super::{docs, hex, ident, number};
use crate::format::SourceFile;
use crate::plan::{Constant, Plan};

pub(super) fn file(plan: &Plan<'_>) -> SourceFile {
    let c = &plan.constants;
    let items = vec![
        newtype("Channel", "u8", "The channel that an event is written to.", &c.channels),
        newtype("Level", "u8", "The severity of an event.", &c.levels),
        newtype("Opcode", "u8", "The step of an activity that an event reports.", &c.opcodes),
        newtype("Task", "u16", "The component or activity that an event belongs to; 0 is none.", &c.tasks),
        keywords(&c.keywords),
    ];
    SourceFile {
        path: "descriptor.rs".to_owned(),
        docs: vec!["What an event's header holds beside id and version, with the provider's names for it.".to_owned()],
        items,
    }
}

fn constants(items: &[Constant], value: impl Fn(u64) -> TokenStream) -> TokenStream {
    let constants = items.iter().map(|item| {
        let (name, value, docs) = (ident(&item.name), value(item.value), docs(&item.docs));
        quote! { #docs pub const #name: Self = Self(#value); }
    });
    quote! { #(#constants)* }
}

fn newtype(name: &str, integer: &str, doc: &str, items: &[Constant]) -> TokenStream {
    let (name, integer, doc) = (ident(name), ident(integer), format!(" {doc}"));
    let decimal = |value| {
        let value = number(value);
        quote!(#value)
    };
    let constants = constants(items, decimal);
    let names = items.iter().map(|item| {
        let (constant, text) = (ident(&item.name), &item.text);
        quote! { (Self::#constant, #text) }
    });
    let texts = texts(items, decimal);
    let display = if texts.is_empty() {
        quote! { self.name() }
    } else {
        quote! {
            const TEXTS: &[(#integer, &str)] = &[#(#texts),*];
            let text = TEXTS.iter().find(|(value, _)| *value == self.0).map(|(_, text)| *text);
            text.or_else(|| self.name())
        }
    };
    quote! {
        #[doc = #doc]
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct #name(pub #integer);

        impl #name {
            #constants

            /// Every value that a manifest names, and its name there.
            pub const NAMED: &'static [(Self, &'static str)] = &[#(#names),*];

            /// The manifest's name; none for a value that no manifest names.
            pub fn name(self) -> Option<&'static str> {
                Self::NAMED.iter().find(|(value, _)| *value == self).map(|(_, name)| *name)
            }

            /// What Windows shows for it: the text of the newest manifest, or the name where none has a text.
            pub fn display_name(self) -> Option<&'static str> { #display }
        }
    }
}

/// The rows of values that Windows shows by another text than their name.
fn texts(items: &[Constant], value: impl Fn(u64) -> TokenStream) -> Vec<TokenStream> {
    let shown = |item: &&Constant| item.display.as_ref().is_some_and(|text| *text != item.text);
    let row = |item: &Constant| {
        let (value, text) = (value(item.value), item.display.as_deref().unwrap_or_default());
        quote! { (#value, #text) }
    };
    items.iter().filter(shown).map(row).collect()
}

fn keywords(items: &[Constant]) -> TokenStream {
    let constants = constants(items, hex);
    let texts = texts(items, hex);
    let names = items.iter().map(|item| {
        let (constant, text) = (ident(&item.name), &item.text);
        quote! { (Self::#constant, #text) }
    });
    quote! {
        /// The keywords of an event, a bit each. The top bits of a header's mask stand for channels.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct Keywords(pub u64);

        impl Keywords {
            #constants

            /// Every keyword that a manifest names, and its name there.
            pub const NAMED: &'static [(Self, &'static str)] = &[#(#names),*];

            /// Whether all these bits are set.
            pub const fn contains(self, other: Self) -> bool { self.0 & other.0 == other.0 }

            /// The names of the bits that are set and named.
            pub fn names(self) -> impl Iterator<Item = &'static str> {
                Self::NAMED.iter().filter(move |(bit, _)| self.contains(*bit)).map(|(_, name)| *name)
            }

            /// What Windows shows for these bits: the text of the newest manifest, or the name where none has a text.
            pub fn display_names(self) -> impl Iterator<Item = &'static str> {
                const TEXTS: &[(u64, &str)] = &[#(#texts),*];
                let named = Self::NAMED.iter().filter(move |(bit, _)| self.contains(*bit));
                named.map(|(bit, name)| TEXTS.iter().find(|(value, _)| *value == bit.0).map_or(*name, |(_, text)| *text))
            }
        }

        impl core::ops::BitOr for Keywords {
            type Output = Self;

            fn bitor(self, other: Self) -> Self { Self(self.0 | other.0) }
        }
    }
}
