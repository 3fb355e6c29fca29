//! `schema/`: the tables of reflection and layout choice.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use super::{docs, hex, ident, meanings, number};
use crate::format::SourceFile;
use crate::plan::{EventPlan, Extent, FieldPlan, Fields, HeaderPlan, Item, Kind, LayoutPlan, Module, Plan, StructPlan};
use etw_schema::model::Size;

pub(super) fn root_file(plan: &Plan<'_>) -> SourceFile {
    let modules = plan.modules.iter().map(|module| {
        let name = ident(&module.name);
        quote! { pub mod #name; }
    });
    let mut events: Vec<_> = plan.events().collect();
    events.sort_by_key(|(_, event)| event.id);
    let events = events.into_iter().map(|(module, event)| {
        let (module, info) = (ident(&module.name), ident(&event.info));
        quote! { &#module::#info }
    });
    let (name, builds) = (&plan.schema.provider, plan.schema.builds.iter().map(|build| number(build.number)));
    let guid = guid(&plan.schema.guid);
    let provider = quote! {
        /// The provider, its captured builds and its events.
        pub static PROVIDER: ProviderInfo = ProviderInfo {
            name: #name,
            guid: #guid,
            builds: &[#(#builds),*],
            events: &[#(#events),*],
        };
    };
    SourceFile {
        path: "schema/mod.rs".to_owned(),
        docs: vec!["The schema as data: what reflection shows and what decoding chooses layouts by.".to_owned()],
        items: vec![quote! { #(#modules)* }, quote! { use etw_runtime::{Guid, ProviderInfo}; }, provider],
    }
}

/// The GUID as a constant expression. The reader left hexadecimal digits and hyphens only.
fn guid(text: &str) -> TokenStream {
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
    let bytes: Vec<u8> = (0..16)
        .map(|i| digits.get(i * 2..i * 2 + 2).and_then(|b| u8::from_str_radix(b, 16).ok()).unwrap_or(0))
        .collect();
    let literal = |text: String| -> TokenStream { text.parse().unwrap_or_default() };
    let data1 = literal(format!("0x{:02x}{:02x}_{:02x}{:02x}", bytes[0], bytes[1], bytes[2], bytes[3]));
    let data2 = literal(format!("0x{:02x}{:02x}", bytes[4], bytes[5]));
    let data3 = literal(format!("0x{:02x}{:02x}", bytes[6], bytes[7]));
    let data4 = bytes[8..].iter().map(|b| literal(format!("0x{b:02x}")));
    quote!(Guid::from_fields(#data1, #data2, #data3, [#(#data4),*]))
}

pub(super) fn file(plan: &Plan<'_>, module: &Module) -> SourceFile {
    let layouts = || module.events.iter().flat_map(|event| &event.layouts);
    let structs = || layouts().flat_map(|layout| &layout.fields.structs);
    let inner = structs().flat_map(|structure| &structure.fields.fields);
    let fields: Vec<&FieldPlan> = layouts().flat_map(|layout| &layout.fields.fields).chain(inner).collect();
    let has = |wanted: fn(&FieldPlan) -> bool| fields.iter().any(|field| wanted(field));
    let mut names = vec!["BuildRange", "EventInfo", "HeaderInfo", "LayoutInfo", "VersionInfo"];
    names.extend((!fields.is_empty()).then_some(["FieldInfo", "InType"]).into_iter().flatten());
    names.extend(has(|f| shown_as(f).is_some()).then_some("OutType"));
    names.extend(has(|f| sizes(f) != (None, None)).then_some("Size"));
    let used = meanings::used(fields.iter().copied(), plan);
    names.extend((used.meanings || used.maps || used.status).then_some("Meaning"));
    names.extend(structs().next().map(|_| "StructInfo"));
    names.sort_unstable();
    let names = names.into_iter().map(ident);
    let has_maps = used.maps || has(|f| f.map.is_some());
    let maps = has_maps.then(|| quote! { use super::super::maps; });
    let meanings = used.meanings.then(|| quote! { use super::super::meanings; });
    let mut items = vec![quote! { use etw_runtime::{#(#names),*}; #maps #meanings }];
    items.extend(field_constants(layouts(), plan));
    for event in &module.events {
        items.push(event_info(event));
        items.extend(event.layouts.iter().map(|layout| layout_info(event, layout, plan)));
        let structs = event.layouts.iter().flat_map(|layout| &layout.fields.structs);
        items.extend(structs.map(|structure| struct_info(structure, module, plan)));
    }
    SourceFile { path: format!("schema/{}.rs", module.name), docs: vec![module.doc.clone()], items }
}

/// The fields that several layouts have, in the order of their first use.
fn field_constants<'p>(layouts: impl Iterator<Item = &'p LayoutPlan>, plan: &Plan<'_>) -> Option<TokenStream> {
    let mut written = BTreeSet::new();
    let mut constants = TokenStream::new();
    for all in layouts.map(|layout| &layout.fields) {
        for field in &all.fields {
            let Some(name) = field.constant.as_ref().filter(|name| written.insert(*name)) else { continue };
            let (name, info) = (ident(name), field_expression(field, all, plan));
            constants.extend(quote! { const #name: FieldInfo = #info; });
        }
    }
    (!constants.is_empty()).then_some(constants)
}

fn event_info(event: &EventPlan) -> TokenStream {
    let (info, id, name) = (ident(&event.info), number(event.id), &event.name);
    let mut versions: Vec<(u8, Vec<&LayoutPlan>)> = Vec::new();
    for layout in &event.layouts {
        match versions.last_mut() {
            Some((version, layouts)) if *version == layout.version => layouts.push(layout),
            _ => versions.push((layout.version, vec![layout])),
        }
    }
    let versions = versions.into_iter().map(|(version, layouts)| {
        let version = number(version);
        let layouts = layouts.into_iter().map(|layout| ident(&layout.info));
        quote! { VersionInfo { version: #version, layouts: &[#(&#layouts),*] } }
    });
    let doc = format!(" Event {}.", event.id);
    quote! {
        #[doc = #doc]
        pub static #info: EventInfo = EventInfo { id: #id, name: #name, versions: &[#(#versions),*] };
    }
}

fn layout_info(event: &EventPlan, layout: &LayoutPlan, plan: &Plan<'_>) -> TokenStream {
    let (info, name, event_name) = (ident(&layout.info), &layout.name, &event.name);
    let (index, id, version) = (number(layout.index), number(event.id), number(layout.version));
    let builds = layout.builds.iter().map(|(first, last)| {
        let (first, last) = (number(*first), number(*last));
        quote! { BuildRange { first: #first, last: #last } }
    });
    let fields = layout.fields.fields.iter().map(|field| field_info(field, &layout.fields, plan));
    let headers = layout.headers.iter().map(header_info);
    let doc = docs(layout.docs.get(..1).unwrap_or_default());
    quote! {
        #doc
        pub static #info: LayoutInfo = LayoutInfo {
            index: #index,
            name: #name,
            event: #event_name,
            id: #id,
            version: #version,
            builds: &[#(#builds),*],
            fields: &[#(#fields),*],
            headers: &[#(#headers),*],
        };
    }
}

fn struct_info(structure: &StructPlan, module: &Module, plan: &Plan<'_>) -> TokenStream {
    let (info, name, view, module) =
        (ident(&structure.info), &structure.name, ident(&structure.name), ident(&module.name));
    let fields = structure.fields.fields.iter().map(|field| field_info(field, &structure.fields, plan));
    let doc = docs(structure.docs.get(..1).unwrap_or_default());
    quote! {
        #doc
        pub static #info: StructInfo = StructInfo {
            name: #name,
            fields: &[#(#fields),*],
            read: etw_runtime::read_struct!(super::super::events::#module::#view),
        };
    }
}

fn shown_as(field: &FieldPlan) -> Option<etw_schema::model::OutType> {
    field.field.out_type.filter(|out_type| Some(*out_type) != field.field.in_type.default_out_type())
}

/// Length and count as the manifest gives them.
fn sizes(field: &FieldPlan) -> (Option<&Size>, Option<&Size>) {
    (field.field.length.as_ref().filter(|_| field.field.in_type.takes_length()), field.field.count.as_ref())
}

fn field_info(field: &FieldPlan, all: &Fields, plan: &Plan<'_>) -> TokenStream {
    match &field.constant {
        Some(constant) => ident(constant).to_token_stream(),
        None => field_expression(field, all, plan),
    }
}

fn field_expression(field: &FieldPlan, all: &Fields, plan: &Plan<'_>) -> TokenStream {
    let (name, in_type) = (&field.field.name, ident(field.field.in_type.ident()));
    let out_type = shown_as(field).map(|out_type| {
        let out_type = ident(out_type.ident());
        quote! { .shown_as(OutType::#out_type) }
    });
    let extent = field.extent();
    let (length, count) = sizes(field);
    let of_one = if count.is_some() { &field.each } else { extent };
    let length = length.map(|length| size(length, of_one)).map(|size| quote! { .with_length(#size) });
    let count = count.map(|count| size(count, extent)).map(|size| quote! { .with_count(#size) });
    let map = field.map.map(|map| {
        let info = ident(&plan.maps[map].info);
        quote! { .with_map(&maps::#info) }
    });
    let members = match &field.kind {
        Kind::Struct(view) | Kind::List(Item::Struct(view)) => {
            let structure = all.structs.iter().find(|structure| structure.name == *view);
            structure.map(|structure| {
                let info = ident(&structure.info);
                quote! { .with_members(&#info) }
            })
        }
        _ => None,
    };
    let meaning = meanings::field_info(field, plan);
    quote! { FieldInfo::new(#name, InType::#in_type) #out_type #length #count #map #meaning #members }
}

/// A length or count; where a field gives it, the plan knows which.
fn size(size: &Size, extent: &Extent) -> TokenStream {
    match (size, extent) {
        (Size::Fixed(n), _) => {
            let n = number(*n);
            quote!(Size::Fixed(#n))
        }
        (Size::Field(_), Extent::Field(at)) => {
            let at = number(*at as u64);
            quote!(Size::Field(#at))
        }
        (Size::Field(_), _) => quote!(Size::Field(0)),
    }
}

fn header_info(header: &HeaderPlan) -> TokenStream {
    let (since, level, opcode, task) =
        (number(header.since), number(header.level), number(header.opcode), number(header.task));
    let channel = option(header.channel.map(number));
    let message = option(header.message.as_ref());
    let keywords = hex(header.keywords);
    quote! {
        HeaderInfo {
            since: #since,
            channel: #channel,
            level: #level,
            opcode: #opcode,
            task: #task,
            keywords: #keywords,
            message: #message,
        }
    }
}

fn option(value: Option<impl ToTokens>) -> TokenStream {
    value.map_or_else(|| quote!(None), |value| quote!(Some(#value)))
}
