//! `meanings.rs`: names for values that no manifest names.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::{doc_attributes, hex, ident, literal};
use crate::plan::ir::{Meaning, MeaningValue};

pub(super) const DOC: &str =
    "Names that specifications give to numbers of the events. A value without a name is still a value.";

pub(super) fn items(meanings: &[Meaning]) -> Vec<TokenStream> {
    let mut items = Vec::new();
    if !meanings.is_empty() {
        items.push(quote! { use ::etw_runtime as rt; });
    }
    items.extend(meanings.iter().map(emit_newtype));
    items
}

fn emit_newtype(meaning: &Meaning) -> TokenStream {
    let name = ident(&meaning.name);
    let info = ident(&meaning.info);
    let integer = ident(meaning.integer);
    let docs = doc_attributes(&meaning.docs);
    let constants = meaning.values.iter().map(|entry| {
        let name = ident(&entry.name);
        let value = literal(entry.value);
        let docs = doc_attributes(&entry.docs);
        quote! { #docs pub const #name: Self = Self(#value); }
    });
    let entries = meaning.values.iter().map(emit_entry);
    let type_name = &meaning.name;
    let source = &meaning.source;
    let methods = if meaning.bits { bit_methods(&info) } else { value_methods(&info) };
    let variant = ident(if meaning.bits { "Bits" } else { "Values" });
    let operators = meaning.bits.then(|| bit_operators(&name));
    let widened = if meaning.integer == "u64" { quote!(self.0) } else { quote!(u64::from(self.0)) };
    let info_docs = doc_attributes(&[format!("The names of [`{type_name}`] as data.")]);
    quote! {
        #docs
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct #name(pub #integer);

        impl #name { #(#constants)* #methods }

        #operators

        impl core::fmt::Display for #name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                rt::Meaning::#variant(&#info).describe(#widened).fmt(f)
            }
        }

        #info_docs
        pub static #info: rt::NamesInfo = rt::NamesInfo { name: #type_name, source: #source, entries: &[#(#entries),*] };
    }
}

fn emit_entry(entry: &MeaningValue) -> TokenStream {
    let (crate::plan::ir::Number::Decimal(value) | crate::plan::ir::Number::Hex(value)) = entry.value;
    let value = hex(value);
    let mask = entry.mask.map_or_else(|| quote!(u64::MAX), hex);
    let name = &entry.name;
    quote! { rt::NamedValue::new(#value, #mask, #name) }
}

fn value_methods(info: &Ident) -> TokenStream {
    quote! {
        /// The value's name in the specification; none for a value that it does not name.
        pub fn name(self) -> Option<&'static str> { #info.name_of(self.0.into()) }
    }
}

fn bit_methods(info: &Ident) -> TokenStream {
    quote! {
        /// Whether all these bits are set.
        pub const fn contains(self, bits: Self) -> bool { self.0 & bits.0 == bits.0 }

        /// The names of the bits that are set and named.
        pub fn names(self) -> impl Iterator<Item = &'static str> { #info.names_in(self.0.into()) }
    }
}

fn bit_operators(name: &Ident) -> TokenStream {
    quote! {
        impl core::ops::BitOr for #name {
            type Output = Self;

            fn bitor(self, other: Self) -> Self { Self(self.0 | other.0) }
        }
    }
}
