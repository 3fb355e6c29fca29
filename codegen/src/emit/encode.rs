//! `encode/<module>.rs`: the fields of each layout as a plain struct that makes a payload.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

use super::{docs, ident, number, types};
use crate::format::SourceFile;
use crate::plan::{Access, Extent, FieldPlan, Fields, Item, Kind, LayoutPlan, Module, Plan, Scalar, StructPlan};

/// The names that an encoder may need of the runtime's module `encode`, and of the runtime.
const FROM_ENCODE: &[&str] = &["Count", "Elements", "Encode", "EncodeFault", "Put", "Text", "Writer"];
const FROM_RUNTIME: &[&str] =
    &["Bool32", "FileTime", "Guid", "HexInt32", "HexInt64", "LayoutInfo", "Sid", "SystemTime"];

pub(super) fn root_file(plan: &Plan<'_>) -> SourceFile {
    let modules = plan.modules.iter().map(|module| {
        let name = ident(&module.name);
        quote! { pub mod #name; }
    });
    let doc = "The way back, from typed values to payloads: each layout's fields as a plain struct, without the lengths \
               and counts, which are what the data says. [`Encode::encode`](etw_runtime::encode::Encode::encode) makes the \
               bytes.";
    SourceFile { path: "encode/mod.rs".to_owned(), docs: vec![doc.to_owned()], items: vec![quote! { #(#modules)* }] }
}

pub(super) fn file(plan: &Plan<'_>, module: &Module) -> SourceFile {
    let mut items = Vec::new();
    for layout in module.events.iter().flat_map(|event| &event.layouts) {
        for structure in &layout.fields.structs {
            items.push(definition(&structure.name, &structure.docs, &structure.fields, &[], plan));
            items.push(put(&structure.name, &structure.fields, &[]));
        }
        let doc = format!("The fields of [`{0}`](super::super::events::{1}::{0}).", layout.name, module.name);
        let structs = &layout.fields.structs;
        items.push(definition(&layout.name, &[doc], &layout.fields, structs, plan));
        items.push(put(&layout.name, &layout.fields, structs));
        items.push(encode(layout));
        items.extend(from_view(layout));
    }
    items.insert(0, imports(&items, module));
    SourceFile { path: format!("encode/{}.rs", module.name), docs: vec![module.doc.clone()], items }
}

/// Imports what the items name.
fn imports(items: &[TokenStream], module: &Module) -> TokenStream {
    let mut used = BTreeSet::new();
    for item in items {
        collect(item.clone(), &mut used);
    }
    let of = |names: &[&'static str]| -> Vec<_> {
        names.iter().filter(|name| used.contains(**name)).map(|name| ident(name)).collect()
    };
    let (encode, runtime) = (of(FROM_ENCODE), of(FROM_RUNTIME));
    let maps = used.contains("maps").then(|| quote! { use super::super::maps; });
    let views = used.contains("views").then(|| {
        let module = ident(&module.name);
        quote! { use super::super::events::#module as views; }
    });
    let schema = ident(&module.name);
    quote! {
        use etw_runtime::encode::{#(#encode),*};
        use etw_runtime::{#(#runtime),*};
        #views
        #maps
        use super::super::schema::#schema as schema;
    }
}

fn collect(tokens: TokenStream, used: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(name) => drop(used.insert(name.to_string())),
            TokenTree::Group(group) => collect(group.stream(), used),
            _ => {}
        }
    }
}

/// Whether a field only says how long others are.
fn is_counter(at: usize, fields: &Fields) -> bool {
    let counter = Extent::Field(at);
    fields.fields.iter().any(|field| field.access == Access::Own(counter.clone()) || field.each == counter)
}

/// The fields that the struct holds, with their indexes.
fn held(fields: &Fields) -> impl Iterator<Item = (usize, &FieldPlan)> {
    fields.fields.iter().enumerate().filter(|(at, _)| !is_counter(*at, fields))
}

fn borrows(fields: &Fields, structs: &[StructPlan]) -> bool {
    held(fields).any(|(_, field)| match &field.kind {
        Kind::Struct(name) => {
            structs.iter().any(|structure| structure.name == *name && borrows(&structure.fields, &[]))
        }
        kind => types::borrows(kind),
    })
}

fn lifetime(fields: &Fields, structs: &[StructPlan]) -> Option<TokenStream> {
    borrows(fields, structs).then(|| quote!(<'a>))
}

fn definition(
    name: &str,
    type_docs: &[String],
    fields: &Fields,
    structs: &[StructPlan],
    plan: &Plan<'_>,
) -> TokenStream {
    let (name, type_docs, lifetime) = (ident(name), docs(type_docs), lifetime(fields, structs));
    let members = held(fields).map(|(_, field)| {
        let (member, ty) = (ident(&field.accessor), field_type(&field.kind, structs, plan));
        let doc = docs(&[format!("`{}`, `{}`.", field.field.name, field.field.in_type)]);
        quote! { #doc pub #member: #ty }
    });
    let is_bool = |(_, field): &(usize, &FieldPlan)| field.kind == Kind::Scalar(Scalar::Bool);
    let many_bools = held(fields).filter(is_bool).count() > 3;
    // A payload has what it has.
    let allow = many_bools.then(|| quote! { #[allow(clippy::struct_excessive_bools)] });
    quote! {
        #type_docs
        #allow
        #[derive(Clone, Copy, Debug, Default)]
        pub struct #name #lifetime { #(#members,)* }
    }
}

fn field_type(kind: &Kind, structs: &[StructPlan], plan: &Plan<'_>) -> TokenStream {
    let structure = |name: &String| {
        let lifetime = structs.iter().find(|s| s.name == *name).and_then(|s| lifetime(&s.fields, &[]));
        let name = ident(name);
        quote!(#name #lifetime)
    };
    match kind {
        Kind::Utf16 => quote!(Text<'a>),
        Kind::Ansi | Kind::Binary | Kind::SocketAddr => quote!(&'a [u8]),
        Kind::Array(scalar) => {
            let element = types::element(*scalar);
            quote!(Elements<'a, #element>)
        }
        Kind::List(Item::Utf16) => quote!(&'a [Text<'a>]),
        Kind::List(Item::Ansi | Item::Binary | Item::SocketAddr) => quote!(&'a [&'a [u8]]),
        Kind::List(Item::Sid) => quote!(&'a [Sid<'a>]),
        Kind::List(Item::Pointer) => quote!(&'a [u64]),
        Kind::List(Item::Struct(name)) => {
            let structure = structure(name);
            quote!(&'a [#structure])
        }
        Kind::Struct(name) => structure(name),
        Kind::Scalar(_) | Kind::Mapped(..) | Kind::Sid | Kind::Pointer => types::return_type(kind, plan),
    }
}

fn put(name: &str, fields: &Fields, structs: &[StructPlan]) -> TokenStream {
    let name = ident(name);
    let anonymous = borrows(fields, structs).then(|| quote!(<'_>));
    let out = ident(if fields.fields.is_empty() { "_out" } else { "out" });
    let writes =
        fields.fields.iter().enumerate().map(|(at, field)| {
            if is_counter(at, fields) { write_counter(at, field, fields) } else { write(at, field) }
        });
    quote! {
        impl Put for #name #anonymous {
            fn put(&self, #out: &mut Writer) -> Result<(), EncodeFault> {
                #(#writes)*
                Ok(())
            }
        }
    }
}

/// Writes a length or count: what all that it counts say.
fn write_counter(at: usize, field: &FieldPlan, fields: &Fields) -> TokenStream {
    let counter = Extent::Field(at);
    let lengths = fields.fields.iter().map(|counted| {
        let member = ident(&counted.accessor);
        let own = (counted.access == Access::Own(counter.clone())).then(|| {
            let length = length(&counted.kind, &quote!(self.#member));
            quote!(.is(#length))
        });
        let each = (counted.each == counter).then(|| {
            let item = if matches!(counted.kind, Kind::List(Item::Utf16)) { Kind::Utf16 } else { Kind::Binary };
            let length = length(&item, &quote!(item));
            quote!(.each(self.#member.iter().map(|item| #length)))
        });
        quote!(#own #each)
    });
    let index = number(at as u64);
    let method = match &field.kind {
        Kind::Scalar(scalar) | Kind::Mapped(_, scalar) => ident(types::segment_method(*scalar)),
        _ => ident("u32"), // no other kind can count
    };
    quote! { out.#method(Count::of(#index) #(#lengths)* .fit()?); }
}

fn length(kind: &Kind, value: &TokenStream) -> TokenStream {
    if *kind == Kind::Utf16 { quote!(#value.units()) } else { quote!(#value.len()) }
}

fn write(at: usize, field: &FieldPlan) -> TokenStream {
    let (member, index) = (ident(&field.accessor), number(at as u64));
    let value = quote!(self.#member);
    let extent = field.extent();
    match &field.kind {
        Kind::Scalar(scalar) => {
            let method = ident(types::segment_method(*scalar));
            quote! { out.#method(#value); }
        }
        Kind::Mapped(_, scalar) => write_mapped(*scalar, &value, &index),
        Kind::Array(_) => {
            if let Extent::Fixed(n) = extent {
                let n = number(*n);
                quote! { out.array_of(#index, #value, #n)?; }
            } else {
                quote! { out.array(#value); }
            }
        }
        Kind::List(item) => write_list(item, field, extent, &value, &index),
        Kind::Struct(_) => quote! { out.structure(#index, &#value)?; },
        Kind::Utf16 => write_one(&Item::Utf16, extent, &value, &index),
        Kind::Ansi => write_one(&Item::Ansi, extent, &value, &index),
        Kind::Binary | Kind::SocketAddr => write_one(&Item::Binary, extent, &value, &index),
        Kind::Sid => write_one(&Item::Sid, extent, &value, &index),
        Kind::Pointer => write_one(&Item::Pointer, extent, &value, &index),
    }
}

/// A map's newtype holds 32 bits, of which the field may have fewer.
fn write_mapped(scalar: Scalar, value: &TokenStream, index: &proc_macro2::Literal) -> TokenStream {
    let method = ident(types::segment_method(scalar));
    match scalar {
        Scalar::U32 | Scalar::HexInt32 => quote! { out.#method(#value.0); },
        Scalar::I32 => quote! { out.#method(#value.0.cast_signed()); },
        Scalar::I8 | Scalar::I16 => quote! { out.#method(Writer::narrow(#index, #value.0.cast_signed())?); },
        _ => quote! { out.#method(Writer::narrow(#index, #value.0)?); },
    }
}

fn write_list(
    item: &Item,
    field: &FieldPlan,
    extent: &Extent,
    value: &TokenStream,
    index: &proc_macro2::Literal,
) -> TokenStream {
    let check = match extent {
        Extent::Fixed(n) => {
            let n = number(*n);
            Some(quote! { Writer::check_length(#index, #value.len(), #n)?; })
        }
        _ => None,
    };
    let (pattern, each) = match item {
        Item::Struct(_) => (quote!(item), quote! { out.structure(#index, item)?; }),
        item => (quote!(&item), write_one(item, &field.each, &quote!(item), index)),
    };
    quote! { #check for #pattern in #value { #each } }
}

/// Writes one value of variable size.
fn write_one(item: &Item, extent: &Extent, value: &TokenStream, index: &proc_macro2::Literal) -> TokenStream {
    let fixed = match extent {
        Extent::Fixed(n) => Some(number(*n)),
        _ => None,
    };
    match (item, extent, fixed) {
        (Item::Utf16, _, Some(n)) => quote! { out.utf16_of(#index, #value, #n)?; },
        (Item::Utf16, Extent::UntilNul, _) => quote! { out.utf16_nul(#index, #value)?; },
        (Item::Utf16, Extent::Counted, _) => quote! { out.utf16_counted(#index, #value)?; },
        (Item::Utf16, ..) => quote! { out.utf16(#value); },
        (Item::Ansi, _, Some(n)) => quote! { out.ansi_of(#index, #value, #n)?; },
        (Item::Ansi, Extent::UntilNul, _) => quote! { out.ansi_nul(#index, #value)?; },
        (Item::Ansi | Item::Binary | Item::SocketAddr, Extent::Counted, _) => {
            quote! { out.bytes_counted(#index, #value)?; }
        }
        (Item::Binary | Item::SocketAddr, _, Some(n)) => quote! { out.bytes_of(#index, #value, #n)?; },
        (Item::Ansi | Item::Binary | Item::SocketAddr, ..) => quote! { out.bytes(#value); },
        (Item::Sid, ..) => quote! { out.bytes(#value.as_bytes()); },
        (Item::Pointer, ..) => quote! { out.pointer(#index, #value)?; },
        // Structs are written where they are met.
        (Item::Struct(_), ..) => quote! { out.structure(#index, &#value)?; },
    }
}

fn encode(layout: &LayoutPlan) -> TokenStream {
    let (name, info) = (ident(&layout.name), ident(&layout.info));
    let anonymous = borrows(&layout.fields, &layout.fields.structs).then(|| quote!(<'_>));
    quote! {
        impl Encode for #name #anonymous {
            const LAYOUT: &'static LayoutInfo = &schema::#info;
        }
    }
}

/// The fields of a decoded event, where none of them has to be gathered.
fn from_view(layout: &LayoutPlan) -> Option<TokenStream> {
    let gathered = |field: &FieldPlan| matches!(field.kind, Kind::List(_) | Kind::Struct(_));
    if layout.fields.fields.iter().any(gathered) {
        return None;
    }
    let name = ident(&layout.name);
    let members: Vec<TokenStream> = held(&layout.fields)
        .map(|(_, field)| {
            let accessor = ident(&field.accessor);
            let convert = match field.kind {
                Kind::Utf16 | Kind::Array(_) => Some(quote!(.into())),
                Kind::Ansi | Kind::Binary | Kind::SocketAddr => Some(quote!(.as_bytes())),
                _ => None,
            };
            quote! { #accessor: view.#accessor()#convert }
        })
        .collect();
    let view = ident(if members.is_empty() { "_view" } else { "view" });
    let borrows = borrows(&layout.fields, &[]);
    let (parameters, of_view, own) =
        if borrows { (Some(quote!(<'a>)), quote!(<'a>), Some(quote!(<'a>))) } else { (None, quote!(<'_>), None) };
    Some(quote! {
        impl #parameters From<views::#name #of_view> for #name #own {
            fn from(#view: views::#name #of_view) -> Self { Self { #(#members,)* } }
        }
    })
}
