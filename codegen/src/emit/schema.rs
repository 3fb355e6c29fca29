//! `schema/`: the tables of reflection and layout choice.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use super::{decimal, doc_attributes, emit_build_ranges, hex, ident, index, path};
use crate::plan::ir::{
    Crate, Event, FieldEntry, FieldInfo, Header, InfoMeaning, InfoSize, Layout, Module, Provider, View,
};

pub(super) const DOC: &str = "The schema as data: what reflection shows and what decoding chooses layouts by.";

pub(super) fn emit_root_items(plan: &Crate) -> Vec<TokenStream> {
    let provider = &plan.provider;
    let events = provider.events.iter().map(|(module, info)| {
        let module = ident(module);
        let info = ident(info);
        quote! { &#module::#info }
    });
    let name = &provider.name;
    let builds = provider.builds.iter().map(|build| decimal(*build));
    let guid = emit_guid(provider);
    let versions = provider.binary_versions.iter().map(|(build, version)| {
        let build = decimal(*build);
        quote! { (#build, #version) }
    });
    let versions: Vec<TokenStream> = versions.collect();
    let versions = (!versions.is_empty()).then(|| quote! { .with_binary_versions(&[#(#versions),*]) });
    let item = quote! {
        /// The provider, its captured builds and its events.
        pub static PROVIDER: rt::ProviderInfo =
            rt::ProviderInfo::new(#name, #guid, &[#(#builds),*], &[#(#events),*]) #versions;
    };
    vec![quote! { use ::etw_runtime as rt; }, item]
}

/// The GUID as a constant expression.
fn emit_guid(provider: &Provider) -> TokenStream {
    let (data1, data2, data3, data4) = provider.guid;
    let data1 = path(&format!("0x{:04x}_{:04x}", data1 >> 16, data1 & 0xffff));
    let data2 = path(&format!("0x{data2:04x}"));
    let data3 = path(&format!("0x{data3:04x}"));
    let data4 = data4.map(|byte| path(&format!("0x{byte:02x}")));
    quote!(rt::Guid::from_fields(#data1, #data2, #data3, [#(#data4),*]))
}

pub(super) fn emit_items(module: &Module) -> Vec<TokenStream> {
    let mut items = vec![quote! {
        use ::etw_runtime as rt;
        #[allow(unused_imports)]
        use super::super::{maps, meanings};
    }];
    let constants = module.field_constants.iter().map(|(name, info)| {
        let name = ident(name);
        let info = emit_field_info(info);
        quote! { const #name: rt::FieldInfo = #info; }
    });
    items.push(quote! { #(#constants)* });
    for event in &module.events {
        items.push(emit_event_info(event));
        items.extend(event.layouts.iter().map(|layout| emit_layout_info(module, event, layout)));
        let structs = event.layouts.iter().flat_map(|layout| &layout.structs);
        items.extend(structs.map(|structure| emit_struct_info(structure, module)));
    }
    items
}

fn emit_event_info(event: &Event) -> TokenStream {
    let info = ident(&event.info);
    let id = decimal(event.id);
    let name = &event.name;
    let versions = event.versions.iter().map(|(version, layouts)| {
        let version = decimal(*version);
        let layouts = layouts.iter().map(|layout| ident(layout));
        quote! { rt::VersionInfo::new(#version, &[#(&#layouts),*]) }
    });
    let docs = doc_attributes(event.docs.get(..1).unwrap_or_default());
    quote! {
        #docs
        pub static #info: rt::EventInfo = rt::EventInfo::new(#id, #name, &[#(#versions),*]);
    }
}

fn emit_layout_info(module: &Module, event: &Event, layout: &Layout) -> TokenStream {
    let view = &layout.view;
    let info = ident(&view.info);
    let name = &view.name;
    let event_name = &event.name;
    let index = decimal(layout.index);
    let id = decimal(event.id);
    let version = decimal(layout.version);
    let builds = emit_build_ranges(&layout.builds);
    let fields = view.fields.iter().map(emit_field);
    let headers = layout.headers.iter().map(emit_header_info);
    let see = format!("[`{name}`](super::super::events::{module}::{name}) is the view.", module = module.name);
    let docs = doc_attributes(&[layout.view.summary.clone(), String::new(), see]);
    quote! {
        #docs
        pub static #info: rt::LayoutInfo =
            rt::LayoutInfo::new(#index, rt::EventKey::new(#id, #version), #event_name, #name)
                .with_builds(#builds)
                .with_fields(&[#(#fields),*])
                .with_headers(&[#(#headers),*]);
    }
}

fn emit_struct_info(structure: &View, module: &Module) -> TokenStream {
    let info = ident(&structure.info);
    let name = &structure.name;
    let view = ident(&structure.name);
    let module = ident(&module.name);
    let fields = structure.fields.iter().map(emit_field);
    let docs = doc_attributes(&[&structure.summary]);
    quote! {
        #docs
        pub static #info: rt::StructInfo =
            rt::StructInfo::new(#name, &[#(#fields),*], rt::read_struct!(super::super::events::#module::#view));
    }
}

fn emit_field(entry: &FieldEntry) -> TokenStream {
    match entry {
        FieldEntry::Constant(constant) => ident(constant).into_token_stream(),
        FieldEntry::Own(info) => emit_field_info(info),
    }
}

fn emit_field_info(field: &FieldInfo) -> TokenStream {
    let name = &field.name;
    let in_type = ident(field.in_type);
    let out_type = field.out_type.map(|out_type| {
        let out_type = ident(out_type);
        quote! { .shown_as(rt::OutType::#out_type) }
    });
    let length = field.length.map(emit_size).map(|size| quote! { .with_length(#size) });
    let count = field.count.map(emit_size).map(|size| quote! { .with_count(#size) });
    let map = field.map.as_deref().map(path).map(|map| quote! { .with_map(&#map) });
    let meaning = field.meaning.as_ref().map(emit_meaning).map(|meaning| quote! { .with_meaning(#meaning) });
    let members = field.members.as_deref().map(ident).map(|info| quote! { .with_members(&#info) });
    quote! { rt::FieldInfo::new(#name, rt::InType::#in_type) #out_type #length #count #map #meaning #members }
}

fn emit_size(size: InfoSize) -> TokenStream {
    match size {
        InfoSize::Fixed(n) => {
            let n = decimal(n);
            quote!(rt::Size::Fixed(#n))
        }
        InfoSize::Field(at) => {
            let at = index(at);
            quote!(rt::Size::Field(#at))
        }
    }
}

fn emit_meaning(meaning: &InfoMeaning) -> TokenStream {
    let variant = ident(&meaning.variant);
    let of = meaning.of.as_deref().map(path).map(|of| quote!((&#of)));
    quote!(rt::Meaning::#variant #of)
}

fn emit_header_info(header: &Header) -> TokenStream {
    let since = decimal(header.since);
    let level = decimal(header.level);
    let channel = header.channel.map(decimal).map(|channel| quote!(.with_channel(#channel)));
    let opcode =
        Some(header.opcode).filter(|opcode| *opcode != 0).map(decimal).map(|opcode| quote!(.with_opcode(#opcode)));
    let task = Some(header.task).filter(|task| *task != 0).map(decimal).map(|task| {
        if header.task_is_placeholder { quote!(.with_placeholder_task(#task)) } else { quote!(.with_task(#task)) }
    });
    let keywords = Some(header.keywords).filter(|bits| *bits != 0).map(hex).map(|bits| quote!(.with_keywords(#bits)));
    let message = header.message.as_ref().map(|message| quote!(.with_message(#message)));
    quote! { rt::HeaderInfo::new(#since, #level) #channel #opcode #task #keywords #message }
}
