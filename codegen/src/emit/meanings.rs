//! `meanings.rs`: names for values that no manifest names.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::{doc_attributes, hex, ident, literal};
use crate::plan::ir::{Meaning, MeaningValue};

pub(super) const DOC: &str =
    "Names that specifications give to numbers of the events. A value without a name is still a value.";

pub(super) fn emit_items(meanings: &[Meaning]) -> Vec<TokenStream> {
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
    let methods = if meaning.bits { emit_bit_methods(&info) } else { emit_value_methods(&info) };
    let variant = ident(if meaning.bits { "Bits" } else { "Values" });
    let operators = meaning.bits.then(|| quote! { rt::flag_operators!(#name: #integer); });
    let info_docs = doc_attributes(&[format!("The names of [`{type_name}`] as data.")]);
    quote! {
        #docs
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct #name(pub #integer);

        impl #name { #(#constants)* #methods }

        #operators

        rt::named_traits!(#name: #integer = rt::Meaning::#variant(&#info));

        #info_docs
        pub static #info: rt::NamesInfo = rt::NamesInfo::new(#type_name, #source, &[#(#entries),*]);
    }
}

fn emit_entry(entry: &MeaningValue) -> TokenStream {
    let (crate::plan::ir::Number::Decimal(value) | crate::plan::ir::Number::Hex(value)) = entry.value;
    let value = hex(value);
    let mask = entry.mask.map_or_else(|| quote!(u64::MAX), hex);
    let name = &entry.name;
    quote! { rt::NamedValue::new(#value, #mask, #name) }
}

fn emit_value_methods(info: &Ident) -> TokenStream {
    quote! {
        /// The value's name in the specification; none for a value that it does not name.
        pub fn name(self) -> Option<&'static str> { #info.name_of(self.0.into()) }
    }
}

fn emit_bit_methods(info: &Ident) -> TokenStream {
    quote! {
        /// The names of the bits that are set and named.
        pub fn names(self) -> impl Iterator<Item = &'static str> { #info.names_in(self.0.into()) }
    }
}
