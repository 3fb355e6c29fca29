//! `events/<module>.rs`: the views of a module's events and the enums over them.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::quote;

use super::{docs, ident, meanings, messages, number, types};
use crate::format::SourceFile;
use crate::plan::{EventPlan, FieldPlan, Fields, Kind, LayoutPlan, Member, Module, Plan, SharedField, StructPlan};

pub(super) fn file(plan: &Plan<'_>, module: &Module) -> SourceFile {
    let mut items = vec![imports(module, plan)];
    for event in &module.events {
        items.push(event_enum(event, plan));
        items.push(event_record(event));
        for layout in &event.layouts {
            items.push(view_struct(&layout.name, &layout.docs, &layout.fields, plan));
            items.push(view_accessors(&layout.name, &layout.fields, &layout.field_docs, plan));
            items.push(view_trait(layout, plan));
            for structure in &layout.fields.structs {
                items.push(view_struct(&structure.name, &structure.docs, &structure.fields, plan));
                items.push(view_accessors(&structure.name, &structure.fields, &structure.field_docs, plan));
                items.push(struct_trait(structure));
            }
        }
    }
    let records = module.events.iter().flat_map(|event| {
        std::iter::once(ident(&event.name)).chain(event.layouts.iter().map(|layout| ident(&layout.name)))
    });
    items.push(quote! { etw_runtime::record_traits!(#(#records),*); });
    let structs: Vec<_> = structs(module).map(|structure| ident(&structure.name)).collect();
    if !structs.is_empty() {
        items.push(quote! { etw_runtime::struct_traits!(#(#structs),*); });
    }
    SourceFile { path: format!("events/{}.rs", module.name), docs: vec![module.doc.clone()], items }
}

/// The structs of a module's layouts.
fn structs(module: &Module) -> impl Iterator<Item = &StructPlan> {
    module.events.iter().flat_map(|event| &event.layouts).flat_map(|layout| &layout.fields.structs)
}

fn imports(module: &Module, plan: &Plan<'_>) -> TokenStream {
    let layouts = || module.events.iter().flat_map(|event| &event.layouts);
    let all = || layouts().map(|layout| &layout.fields).chain(structs(module).map(|structure| &structure.fields));
    let fields = || all().flat_map(|fields| &fields.fields);
    let mut names: BTreeSet<&str> = ["AnyView", "Fault", "LayoutInfo", "Part", "Reader", "Record", "View"].into();
    names.extend(fields().flat_map(|field| types::imports(&field.kind)));
    let has_segment = |fields: &Fields| fields.members.iter().any(|m| matches!(m, Member::Segment { .. }));
    names.extend(messages::imports(layouts()));
    names.extend(has_own_parts(all()).then_some("Value"));
    names.extend(all().any(has_segment).then_some("Segment"));
    names.extend(structs(module).next().map(|_| ["Struct", "StructInfo"]).into_iter().flatten());
    let names = names.into_iter().map(ident);
    let used = meanings::used(fields(), plan);
    let is_mapped = |field: &FieldPlan| matches!(field.kind, Kind::Mapped(..));
    let has_maps = used.maps || fields().any(is_mapped) || layouts().any(messages::has_mapped_list);
    let maps = has_maps.then(|| quote! { use super::super::maps; });
    let meanings = used.meanings.then(|| quote! { use super::super::meanings; });
    let status = used.status.then(|| quote! { use etw_runtime::status; });
    let phantom = all().any(|fields| !fields.borrow()).then(|| quote! { use core::marker::PhantomData; });
    let deref = module.events.iter().any(|event| event.layouts.len() == 1).then(|| quote! { use core::ops::Deref; });
    let schema = ident(&module.name);
    quote! {
        use core::fmt;
        #phantom
        #deref
        use etw_runtime::{#(#names),*};
        #status
        #maps
        #meanings
        use super::super::schema::#schema as schema;
    }
}

/// Whether a field of some layout is a part by itself, or formatted by its value.
fn has_own_parts<'f>(mut all: impl Iterator<Item = &'f Fields>) -> bool {
    all.any(|fields| fields.members.iter().any(|member| matches!(member, Member::Field(_))))
}

fn event_enum(event: &EventPlan, plan: &Plan<'_>) -> TokenStream {
    let (name, event_docs) = (ident(&event.name), docs(&event.docs));
    let variants = event.layouts.iter().map(|layout| {
        let (variant, view, docs) = (ident(&layout.variant), ident(&layout.name), docs(&layout.docs[..1]));
        quote! { #docs #variant(#view<'a>) }
    });
    let id = number(event.id);
    let (accessors, deref) = match event.layouts.as_slice() {
        [layout] => (Vec::new(), Some(deref(&event.name, layout))),
        _ => (event.shared.iter().map(|field| shared_accessor(field, event, plan)).collect(), None),
    };
    let named = if deref.is_none() { event.shared.as_slice() } else { &[] };
    let (parameters, lifetime) = lifetimes(named.iter().map(|field| &field.kind));
    let id_doc = format!(" The event's id, {}.", event.id);
    quote! {
        #event_docs
        #[non_exhaustive]
        pub enum #name<'a> { #(#variants,)* }

        impl #parameters #name #lifetime {
            #[doc = #id_doc]
            pub const ID: u16 = #id;
            #(#accessors)*
        }

        #deref
    }
}

/// An event of one layout has all that its view has.
fn deref(event: &str, layout: &LayoutPlan) -> TokenStream {
    let (event, view, variant) = (ident(event), ident(&layout.name), ident(&layout.variant));
    quote! {
        impl<'a> Deref for #event<'a> {
            type Target = #view<'a>;

            fn deref(&self) -> &#view<'a> {
                match self { Self::#variant(view) => view, }
            }
        }
    }
}

/// The generics of an `impl` of accessors: the lifetime has a name only where one of them returns it.
fn lifetimes<'k>(mut kinds: impl Iterator<Item = &'k Kind>) -> (TokenStream, TokenStream) {
    if kinds.any(types::borrows) { (quote!(<'a>), quote!(<'a>)) } else { (TokenStream::new(), quote!(<'_>)) }
}

fn shared_accessor(field: &SharedField, event: &EventPlan, plan: &Plan<'_>) -> TokenStream {
    let (accessor, value) = (ident(&field.accessor), types::return_type(&field.kind, plan));
    let everywhere = field.layouts.len() == event.layouts.len();
    let typed = meanings::shared_accessor(field, everywhere, plan);
    let arms = field.layouts.iter().map(|at| {
        let variant = ident(&event.layouts[*at].variant);
        if everywhere {
            quote! { Self::#variant(view) => view.#accessor(), }
        } else {
            quote! { Self::#variant(view) => Some(view.#accessor()), }
        }
    });
    if everywhere {
        let doc = docs(&[format!("`{}`, `{}`.", field.name, field.in_type)]);
        return quote! {
            #doc
            pub fn #accessor(&self) -> #value { match self { #(#arms)* } }

            #typed
        };
    }
    let variants: Vec<&str> = field.layouts.iter().map(|at| event.layouts[*at].variant.as_str()).collect();
    let have = if variants.len() == 1 { "has" } else { "have" };
    let doc = docs(&[format!("`{}`, `{}`, which only {} {have}.", field.name, field.in_type, variants.join(", "))]);
    quote! {
        #doc
        pub fn #accessor(&self) -> Option<#value> { match self { #(#arms)* _ => None, } }

        #typed
    }
}

fn event_record(event: &EventPlan) -> TokenStream {
    let name = ident(&event.name);
    let variants: Vec<_> = event.layouts.iter().map(|layout| ident(&layout.variant)).collect();
    quote! {
        impl<'a> Record<'a> for #name<'a> {
            fn view(&self) -> &dyn AnyView<'a> {
                match self { #(Self::#variants(view) => view,)* }
            }
        }
    }
}

fn view_struct(name: &str, view_docs: &[String], fields: &Fields, plan: &Plan<'_>) -> TokenStream {
    let (name, view_docs) = (ident(name), docs(view_docs));
    let members = fields.members.iter().map(|member| match member {
        Member::Segment { name, size, .. } => {
            let (name, size) = (ident(name), number(*size));
            quote! { #name: Segment<'a, #size> }
        }
        Member::Field(at) => {
            let field = &fields.fields[*at];
            let (name, ty) = (ident(&field.accessor), types::member_type(&field.kind, plan));
            quote! { #name: #ty }
        }
    });
    let phantom = (!fields.borrow()).then(|| quote! { payload: PhantomData<&'a [u8]>, });
    quote! {
        #view_docs
        pub struct #name<'a> { #(#members,)* #phantom }
    }
}

fn view_accessors(name: &str, fields: &Fields, field_docs: &[String], plan: &Plan<'_>) -> TokenStream {
    if fields.fields.is_empty() {
        return TokenStream::new();
    }
    let name = ident(name);
    let accessors = fields.fields.iter().zip(field_docs).map(|(field, doc)| {
        let accessor = ident(&field.accessor);
        let (ty, body) = (types::return_type(&field.kind, plan), types::accessor_body(field, plan));
        let (doc, typed) = (docs(&[doc]), meanings::accessor(field, plan));
        quote! {
            #doc
            #[inline]
            pub fn #accessor(&self) -> #ty { #body }

            #typed
        }
    });
    let (parameters, lifetime) = lifetimes(fields.fields.iter().map(|field| &field.kind));
    quote! { impl #parameters #name #lifetime { #(#accessors)* } }
}

fn view_trait(layout: &LayoutPlan, plan: &Plan<'_>) -> TokenStream {
    let (name, info) = (ident(&layout.name), ident(&layout.info));
    let (read, part) = (read_function(&layout.fields), part_function(&layout.fields));
    let write = messages::function(layout, plan);
    let confusable = layout.confusable.then(|| quote! { const CONFUSABLE: bool = true; });
    quote! {
        impl<'a> View<'a> for #name<'a> {
            const INFO: &'static LayoutInfo = &schema::#info;
            #confusable
            #read
            #part
            #write
        }
    }
}

fn struct_trait(structure: &StructPlan) -> TokenStream {
    let (name, info) = (ident(&structure.name), ident(&structure.info));
    let (read, part) = (read_function(&structure.fields), part_function(&structure.fields));
    quote! {
        impl<'a> Struct<'a> for #name<'a> {
            const INFO: &'static StructInfo = &schema::#info;
            #read
            #part
        }
    }
}

fn read_function(plan: &Fields) -> TokenStream {
    let (fields, members) = (&plan.fields, &plan.members);
    if members.is_empty() {
        return quote! {
            #[inline]
            fn read(_reader: &mut Reader<'a>) -> Result<Self, Fault> { Ok(Self { payload: PhantomData }) }
        };
    }
    let reads = members.iter().map(|member| match member {
        Member::Segment { name, first_field, .. } => {
            let (name, first) = (ident(name), number(*first_field as u64));
            quote! { let #name = reader.segment(#first)?; }
        }
        Member::Field(at) => {
            let (name, read) = (ident(&fields[*at].accessor), types::read(*at, &fields[*at], fields));
            quote! { let #name = #read; }
        }
    });
    let names = members.iter().map(|member| match member {
        Member::Segment { name, .. } => ident(name),
        Member::Field(at) => ident(&fields[*at].accessor),
    });
    let phantom = (!plan.borrow()).then(|| quote! { payload: PhantomData });
    quote! {
        #[inline]
        fn read(reader: &mut Reader<'a>) -> Result<Self, Fault> {
            #(#reads)*
            Ok(Self { #(#names,)* #phantom })
        }
    }
}

/// `fn part`: what the view holds, in the order of the payload.
fn part_function(plan: &Fields) -> TokenStream {
    let parts: Vec<TokenStream> = plan
        .members
        .iter()
        .map(|member| match member {
            Member::Segment { name, .. } => {
                let name = ident(name);
                quote!(Part::Segment(self.#name.as_bytes()))
            }
            Member::Field(at) => {
                let value = types::value(&plan.fields[*at]);
                quote!(Part::Field(#value))
            }
        })
        .collect();
    let body = match parts.as_slice() {
        [] => return quote! { fn part(&self, _part: usize) -> Option<Part<'a>> { None } },
        [part] => quote!((part == 0).then(|| #part)),
        parts => {
            let arms = parts.iter().enumerate().map(|(at, part)| {
                let at = number(at as u64);
                quote!(#at => #part,)
            });
            quote!(Some(match part { #(#arms)* _ => return None, }))
        }
    };
    quote! { fn part(&self, part: usize) -> Option<Part<'a>> { #body } }
}
