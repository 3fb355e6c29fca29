//! `maps.rs`: the manifest's maps as newtypes, so that unknown values survive.

use proc_macro2::TokenStream;
use quote::quote;

use super::{doc_attributes, emit_build_ranges, ident, literal};
use crate::plan::ir::{Crate, Map};

pub(super) const DOC: &str =
    "The manifest's maps: integers whose values have a text. A value without one is still a value.";

pub(super) fn emit_items(plan: &Crate) -> Vec<TokenStream> {
    let mut items = Vec::new();
    if !plan.maps.is_empty() {
        items.push(quote! { use ::etw_runtime as rt; });
    }
    let builds = plan.map_builds.iter().map(|(name, ranges)| {
        let name = ident(name);
        let ranges = emit_build_ranges(ranges);
        quote! { const #name: &[rt::BuildRange] = #ranges; }
    });
    items.push(quote! { #(#builds)* });
    items.extend(plan.maps.iter().map(emit_map));
    items
}

fn emit_map(map: &Map) -> TokenStream {
    let name = ident(&map.name);
    let info = ident(&map.info);
    let docs = doc_attributes(&map.docs);
    let constants = map.entries.iter().map(|entry| {
        let name = ident(&entry.name);
        let value = literal(entry.value);
        let docs = doc_attributes(&entry.docs);
        quote! { #docs pub const #name: Self = Self(#value); }
    });
    let entries = map.entries.iter().map(|entry| {
        let value = literal(entry.value);
        let text = &entry.text;
        let builds = ident(&entry.builds);
        quote! { rt::MapEntry::new(#value, #text, #builds) }
    });
    let manifest_name = &map.text;
    let of_bits = map.bits.then(|| quote!(.of_bits()));
    let inferred = map.inferred.then(|| quote!(.inferred()));
    let info_docs = doc_attributes(&[format!("The map `{manifest_name}` as data.")]);
    let methods = if map.bits {
        quote! {
            /// The names of the bits that are set and named.
            pub fn names(self) -> impl Iterator<Item = &'static str> { #info.names_in(self.0) }
        }
    } else {
        quote! {
            /// The value's text in the manifest; none for a value that the manifest does not name.
            pub fn name(self) -> Option<&'static str> { #info.name_of(self.0) }
        }
    };
    let operators = map.bits.then(|| quote! { rt::flag_operators!(#name: u32); });
    quote! {
        #docs
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct #name(pub u32);

        impl #name {
            #(#constants)*

            #methods
        }

        rt::named_traits!(#name: u32 = rt::Meaning::Map(&#info));
        #operators

        #info_docs
        pub static #info: rt::MapInfo = rt::MapInfo::new(#manifest_name, &[#(#entries),*]) #of_bits #inferred;
    }
}
