//! `dispatch.rs`: the way from (build, id, version, payload) to the event.

use proc_macro2::TokenStream;
use quote::quote;

use super::{decimal, ident};
use crate::plan::ir::{Crate, LayoutPath};

pub(super) const DOC: &str = "Which layout an id and a version have in a build, and the way to its view.";

pub(super) fn emit_items(plan: &Crate) -> Vec<TokenStream> {
    let modules = plan.modules.iter().map(|module| ident(&module.name));
    let imports = quote! {
        use ::etw_runtime as rt;
        use ::etw_runtime::glue;
        use super::events::{Decoded, Event, Provider, #(#modules),*};
    };
    vec![imports, emit_impl(plan)]
}

fn emit_impl(plan: &Crate) -> TokenStream {
    let decodes = plan.dispatch.iter().map(|arm| {
        let id = decimal(arm.id);
        let version = decimal(arm.version);
        let builds = arm.builds.iter().map(|builds| emit_builds(*builds));
        let constructors = plan.layouts.get(usize::from(arm.layout)).map(emit_constructors);
        quote! { (#id, #version, #(#builds)|*) => glue::decode_as(build, id, version, payload, #constructors), }
    });
    let reads = plan.layouts.iter().enumerate().map(|(at, layout)| {
        let at = super::index(at);
        let constructors = emit_constructors(layout);
        quote! { #at => glue::read_as(reader, #constructors), }
    });
    quote! {
        #[allow(clippy::too_many_lines)]
        impl<'a> rt::Events<'a> for Event<'a> {
            type Provider = Provider;

            #[inline]
            fn decode(build: u32, id: u16, version: u8, payload: &'a [u8]) -> Result<Decoded<'a>, rt::DecodeError> {
                match (id, version, build) {
                    #(#decodes)*
                    _ => glue::refuse(build, id, version, payload),
                }
            }

            fn read(index: u16, reader: &mut glue::Reader<'a>) -> Result<Self, rt::Fault> {
                match index {
                    #(#reads)*
                    _ => Err(rt::Fault::new(0, 0, rt::FaultKind::UnknownLayout)),
                }
            }
        }
    }
}

/// The constructors from a view to an event: of the event's enum, and of `Event`.
fn emit_constructors(layout: &LayoutPath) -> TokenStream {
    let module = ident(&layout.module);
    let event = ident(&layout.event);
    let variant = ident(&layout.variant);
    quote! { #module::#event::#variant, Self::#event }
}

/// The builds that a capture serves, as a pattern.
fn emit_builds((first, before): (u32, Option<u32>)) -> TokenStream {
    let first = decimal(first);
    before.map(decimal).map_or_else(|| quote!(#first..), |before| quote!(#first..#before))
}
