//! `events/<module>.rs`: the views of a module's events and the enums over them.

use proc_macro2::TokenStream;
use quote::quote;

use super::{decimal, doc_attributes, expressions, ident, index, messages, path};
use crate::plan::ir::{Accessor, Body, Each, Event, Layout, Module, Read, Size, View};

pub(super) fn emit_items(module: &Module) -> Vec<TokenStream> {
    let schema = ident(&module.name);
    let mut items = vec![quote! {
        use ::etw_runtime as rt;
        use ::etw_runtime::glue;
        #[allow(unused_imports)]
        use super::super::{maps, meanings};
        use super::super::schema::#schema as schema;
    }];
    for event in &module.events {
        items.push(emit_event_enum(event));
        items.push(emit_event_record(event));
        for layout in &event.layouts {
            items.push(emit_view_struct(&layout.view));
            items.extend(emit_view_accessors(&layout.view));
            items.push(emit_view_trait(layout));
            for structure in &layout.structs {
                items.push(emit_view_struct(structure));
                items.extend(emit_view_accessors(structure));
                items.push(emit_struct_trait(structure));
            }
        }
    }
    items.push(emit_traits(module));
    items
}

/// The traits that every type of the module has.
fn emit_traits(module: &Module) -> TokenStream {
    let records = module.events.iter().flat_map(|event| {
        std::iter::once(ident(&event.name)).chain(event.layouts.iter().map(|layout| ident(&layout.view.name)))
    });
    let layouts = module.events.iter().flat_map(|event| &event.layouts);
    let structs: Vec<_> = layouts.flat_map(|layout| &layout.structs).map(|structure| ident(&structure.name)).collect();
    let struct_traits = (!structs.is_empty()).then(|| quote! { rt::struct_traits!(#(#structs),*); });
    quote! {
        rt::record_traits!(#(#records),*);
        #struct_traits
    }
}

fn emit_event_enum(event: &Event) -> TokenStream {
    let name = ident(&event.name);
    let docs = doc_attributes(&event.docs);
    let variants = event.layouts.iter().map(|layout| {
        let variant = ident(&layout.variant);
        let view = ident(&layout.view.name);
        let docs = doc_attributes(&[&layout.view.summary]);
        quote! { #docs #variant(#view<'a>) }
    });
    let aliases = &event.aliases;
    let id = decimal(event.id);
    let id_docs = doc_attributes(&[format!("The event's id, {}.", event.id)]);
    let accessors = event.accessors.iter().map(emit_accessor);
    let (parameters, lifetime) = emit_lifetimes(event.borrows);
    quote! {
        #docs
        #(#[doc(alias = #aliases)])*
        #[non_exhaustive]
        pub enum #name<'a> { #(#variants,)* }

        impl #parameters #name #lifetime {
            #id_docs
            pub const ID: u16 = #id;
            #(#accessors)*
        }
    }
}

/// The generics of an `impl` of accessors: the lifetime has a name only where one of them returns it.
fn emit_lifetimes(borrows: bool) -> (TokenStream, TokenStream) {
    if borrows { (quote!(<'a>), quote!(<'a>)) } else { (TokenStream::new(), quote!(<'_>)) }
}

fn emit_event_record(event: &Event) -> TokenStream {
    let name = ident(&event.name);
    let variants = event.layouts.iter().map(|layout| ident(&layout.variant));
    quote! {
        impl<'a> rt::Record<'a> for #name<'a> {
            fn view(&self) -> &dyn glue::AnyView<'a> {
                match self { #(Self::#variants(view) => view,)* }
            }
        }
    }
}

fn emit_view_struct(view: &View) -> TokenStream {
    let name = ident(&view.name);
    let docs = doc_attributes(&view.docs);
    let members = view.members.iter().map(|member| {
        let name = ident(&member.name);
        let ty = path(&member.ty);
        quote! { #name: #ty }
    });
    let marker = view.marker.as_ref().map(|marker| {
        let marker = ident(marker);
        quote! { #marker: core::marker::PhantomData<&'a [u8]>, }
    });
    quote! {
        #docs
        pub struct #name<'a> { #(#members,)* #marker }
    }
}

fn emit_view_accessors(view: &View) -> Option<TokenStream> {
    let name = ident(&view.name);
    let accessors = view.accessors.iter().map(emit_accessor);
    let (parameters, lifetime) = emit_lifetimes(view.borrows);
    (!view.accessors.is_empty()).then(|| quote! { impl #parameters #name #lifetime { #(#accessors)* } })
}

fn emit_accessor(accessor: &Accessor) -> TokenStream {
    let name = ident(&accessor.name);
    let docs = doc_attributes(&accessor.docs);
    let ty = path(&accessor.ty);
    let inline = accessor.is_inline.then(|| quote!(#[inline]));
    let body = emit_body(&accessor.body);
    quote! {
        #docs
        #inline
        pub fn #name(&self) -> #ty { #body }
    }
}

fn emit_body(body: &Body) -> TokenStream {
    match body {
        Body::Value(value) => expressions::emit_value(value),
        Body::MapEach { accessor, is_optional, steps } => {
            let accessor = ident(accessor);
            let function = expressions::emit_function(steps);
            if *is_optional {
                quote!(self.#accessor().map(|array| array.into_iter().map(#function)))
            } else {
                quote!(self.#accessor().into_iter().map(#function))
            }
        }
        Body::Match { accessor, variants, is_optional } => {
            let accessor = ident(accessor);
            let variants = variants.iter().map(|variant| ident(variant));
            if *is_optional {
                quote! { match self { #(Self::#variants(view) => Some(view.#accessor()),)* _ => None, } }
            } else {
                quote! { match self { #(Self::#variants(view) => view.#accessor(),)* } }
            }
        }
    }
}

fn emit_view_trait(layout: &Layout) -> TokenStream {
    let name = ident(&layout.view.name);
    let info = ident(&layout.view.info);
    let read = emit_read_function(&layout.view);
    let part = emit_part_function(&layout.view);
    let write = messages::emit_write_function(&layout.messages);
    let confusable = layout.confusable.then(|| quote! { const CONFUSABLE: bool = true; });
    quote! {
        impl<'a> rt::View<'a> for #name<'a> {
            const INFO: &'static rt::LayoutInfo = &schema::#info;
            #confusable
            #read
            #part
            #write
        }
    }
}

fn emit_struct_trait(structure: &View) -> TokenStream {
    let name = ident(&structure.name);
    let info = ident(&structure.info);
    let read = emit_read_function(structure);
    let part = emit_part_function(structure);
    quote! {
        impl<'a> glue::Struct<'a> for #name<'a> {
            const INFO: &'static rt::StructInfo = &schema::#info;
            #read
            #part
        }
    }
}

fn emit_read_function(view: &View) -> TokenStream {
    let reads = view.members.iter().map(|member| {
        let name = ident(&member.name);
        let read = emit_read(&member.read);
        quote! { let #name = #read; }
    });
    let names = view.members.iter().map(|member| ident(&member.name));
    let marker = view.marker.as_ref().map(|marker| {
        let marker = ident(marker);
        quote! { #marker: core::marker::PhantomData }
    });
    quote! {
        #[inline]
        fn read(__reader: &mut glue::Reader<'a>) -> Result<Self, rt::Fault> {
            #(#reads)*
            Ok(Self { #(#names,)* #marker })
        }
    }
}

/// The expression that takes a member off the reader.
fn emit_read(read: &Read) -> TokenStream {
    let method = ident(read.method);
    let field = index(read.field);
    let size = read.size.as_ref().map(|size| {
        let size = emit_reader_size(size);
        quote!(, #size)
    });
    let each = read.each.as_ref().map(|each| {
        let each = emit_extent(each);
        quote!(, #each)
    });
    let call = quote!(__reader.#method(#field #size #each)?);
    if read.is_socket { quote!(rt::SocketAddr::new(#call.as_bytes())) } else { call }
}

/// A size as the reader's methods take it: anything that becomes a `u32`.
fn emit_reader_size(size: &Size) -> TokenStream {
    match size {
        Size::Fixed(n) => {
            let n = proc_macro2::Literal::u16_suffixed(*n);
            quote!(#n)
        }
        Size::Counter(counter) => expressions::emit_in_segment(counter),
    }
}

/// How each element of a list finds its end.
fn emit_extent(each: &Each) -> TokenStream {
    match each {
        Each::Units(Size::Fixed(n)) => {
            let n = decimal(*n);
            quote!(glue::Extent::Units(#n))
        }
        Each::Units(Size::Counter(counter)) => {
            let units = expressions::emit_in_segment(counter);
            quote!(glue::Extent::Units(#units.into()))
        }
        Each::Counted => quote!(glue::Extent::Counted),
        Each::Own => quote!(glue::Extent::Own),
    }
}

/// `fn part`: what the view holds, in the order of the payload.
fn emit_part_function(view: &View) -> TokenStream {
    let parts: Vec<TokenStream> = view.members.iter().map(|member| expressions::emit_value(&member.part)).collect();
    let body = match parts.as_slice() {
        [] => return quote! { fn part(&self, _part: usize) -> Option<glue::Part<'a>> { None } },
        [only] => quote!(if part == 0 { Some(#only) } else { None }),
        parts => {
            let arms = parts.iter().enumerate().map(|(at, part)| {
                let at = index(at);
                quote!(#at => #part,)
            });
            quote!(Some(match part { #(#arms)* _ => return None, }))
        }
    };
    quote! { fn part(&self, part: usize) -> Option<glue::Part<'a>> { #body } }
}
