//! `maps.rs`: the manifest's maps as newtypes, so that unknown values survive.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use super::{build_ranges, docs, hex, ident, number};
use crate::format::SourceFile;
use crate::plan::{MapPlan, Plan};
use etw_schema::message;

pub(super) fn file(plan: &Plan<'_>) -> SourceFile {
    let mut items = Vec::new();
    if !plan.maps.is_empty() {
        items.push(quote! { use etw_runtime::{BuildRange, MapEntry, MapInfo}; });
    }
    items.extend(plan.maps.iter().map(map));
    SourceFile {
        path: "maps.rs".to_owned(),
        docs: vec![
            "The manifest's maps: integers whose values have a text. A value without one is still a value.".to_owned(),
        ],
        items,
    }
}

fn map(map: &MapPlan) -> TokenStream {
    let (name, info, manifest_name) = (ident(&map.name), ident(&map.info), &map.map);
    let mut lines = vec![format!("The {} `{}`.", if map.bits { "bits of" } else { "values of" }, map.map)];
    if let Some(reason) = &map.inferred {
        lines.extend([String::new(), format!("No capture prints this map; its values are inferred: {reason}.")]);
    }
    lines.extend([String::new(), format!("{}.", map.builds)]);
    let map_docs = docs(&lines);
    let literal = |value| if map.bits { hex(value) } else { number(value).into_token_stream() };
    let constants = map.entries.iter().map(|entry| {
        let (name, value, docs) = (ident(&entry.name), literal(entry.value), docs(&entry.docs));
        quote! { #docs pub const #name: Self = Self(#value); }
    });
    let entries = map.entries.iter().map(|entry| {
        let (value, text, builds) =
            (literal(entry.value), message::without_expansion(&entry.text), build_ranges(&entry.builds));
        quote! { MapEntry::new(#value, #text, #builds) }
    });
    let (bits, inferred) = (map.bits, map.inferred.is_some());
    let info_doc = docs(&[format!("The map `{}` as data.", map.map)]);
    quote! {
        #map_docs
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct #name(pub u32);

        impl #name {
            #(#constants)*

            /// The value's text in the manifest; none for a value that the manifest does not name.
            pub fn text(self) -> Option<&'static str> { #info.text(self.0) }
        }

        #info_doc
        pub static #info: MapInfo = MapInfo {
            name: #manifest_name,
            bits: #bits,
            inferred: #inferred,
            entries: &[#(#entries),*],
        };
    }
}
