//! `events/mod.rs`: the enum over all events and the way from (build, id, version, payload) to it.

use proc_macro2::TokenStream;
use quote::quote;

use super::{docs, ident, number};
use crate::format::{FOR_EACH_VIEW, SourceFile};
use crate::plan::Plan;

pub(super) fn file(plan: &Plan<'_>) -> SourceFile {
    let modules = plan.modules.iter().map(|module| {
        let name = ident(&module.name);
        quote! { pub mod #name; }
    });
    let imports = quote! {
        use etw_runtime::{
            AnyView, DecodeError, Decoded, Events, Fault, FaultKind, LayoutInfo, Lenient, ProviderInfo, Reader, Record,
            decode_as, read_as, refuse,
        };
        use super::{Build, schema};
    };
    SourceFile {
        path: "events/mod.rs".to_owned(),
        docs: vec![format!("The events of {}, a module for each group of them.", plan.schema.provider)],
        items: vec![
            quote! { #(#modules)* },
            imports,
            event_enum(plan),
            decoding(plan),
            record(plan),
            dispatch(plan),
            quote! { etw_runtime::record_traits!(Event); },
        ],
    }
}

fn event_enum(plan: &Plan<'_>) -> TokenStream {
    let variants = plan.events().map(|(module, event)| {
        let (module, name, docs) = (ident(&module.name), ident(&event.name), docs(&event.docs[..1]));
        quote! { #docs #name(#module::#name<'a>) }
    });
    let doc = docs(&[format!("An event of {}, whatever its id, version and build.", plan.schema.provider)]);
    quote! {
        #doc
        #[non_exhaustive]
        pub enum Event<'a> { #(#variants,)* }
    }
}

fn decoding(plan: &Plan<'_>) -> TokenStream {
    let of_pointers = plan.has_pointers().then(decoding_of_pointers);
    quote! {
        impl<'a> Event<'a> {
            /// Decodes the payload of an event that a known build wrote, to its last byte.
            ///
            /// A build between two captures is read with the lower one's layout, and
            /// [`Decoded::basis`] says whether the next capture still has it.
            ///
            /// # Errors
            /// A build older than every capture, an unknown id or version, a payload that does not fit the build's
            /// layout. If it fits the layout of another build to the last byte, the error names that layout.
            #[inline]
            pub fn decode(build: Build, id: u16, version: u8, payload: &'a [u8]) -> Result<Decoded<Self>, DecodeError> {
                <Self as Events>::decode(build.number(), id, version, payload)
            }

            /// Decodes the front of a payload: bytes after the last field are handed over with the event, and a last
            /// string may lack its NUL.
            ///
            /// # Errors
            /// As [`Event::decode`], left-over bytes apart. A payload that exactly fits another layout is refused.
            pub fn decode_lenient(
                build: Build,
                id: u16,
                version: u8,
                payload: &'a [u8],
            ) -> Result<Lenient<'a, Self>, DecodeError> {
                etw_runtime::decode_lenient(build.number(), id, version, payload)
            }

            /// Decodes a payload whose build is not known: by the one known layout that consumes it to its last byte.
            ///
            /// # Errors
            /// An unknown id or version, no layout that fits, or several: [`DecodeError::Ambiguous`].
            pub fn decode_any_build(id: u16, version: u8, payload: &'a [u8]) -> Result<Self, DecodeError> {
                etw_runtime::decode_any_build(id, version, payload)
            }

            #of_pointers

            /// The event's id.
            pub fn id(&self) -> u16 { Record::layout(self).id }

            /// The event's version.
            pub fn version(&self) -> u8 { Record::layout(self).version }

            /// The event's name.
            #[allow(clippy::misnamed_getters)] // a layout's name is that of its view
            pub fn name(&self) -> &'static str { Record::layout(self).event }
        }
    }
}

/// What a provider needs whose payloads hold pointers.
fn decoding_of_pointers() -> TokenStream {
    quote! {
        /// [`Event::decode`] for payloads with pointers of this size. The event's header tells it: a trace of a 64-bit
        /// machine holds events of 32-bit processes.
        ///
        /// # Errors
        /// Those of [`Event::decode`].
        pub fn decode_with(
            pointers: etw_runtime::PointerSize,
            build: Build,
            id: u16,
            version: u8,
            payload: &'a [u8],
        ) -> Result<Decoded<Self>, DecodeError> {
            etw_runtime::decode_with(pointers, build.number(), id, version, payload)
        }

        /// [`Event::decode_lenient`] for payloads with pointers of this size.
        ///
        /// # Errors
        /// Those of [`Event::decode_lenient`].
        pub fn decode_lenient_with(
            pointers: etw_runtime::PointerSize,
            build: Build,
            id: u16,
            version: u8,
            payload: &'a [u8],
        ) -> Result<Lenient<'a, Self>, DecodeError> {
            etw_runtime::decode_lenient_with(pointers, build.number(), id, version, payload)
        }

        /// [`Event::decode_any_build`] for payloads with pointers of this size.
        ///
        /// # Errors
        /// Those of [`Event::decode_any_build`].
        pub fn decode_any_build_with(
            pointers: etw_runtime::PointerSize,
            id: u16,
            version: u8,
            payload: &'a [u8],
        ) -> Result<Self, DecodeError> {
            etw_runtime::decode_any_build_with(pointers, id, version, payload)
        }
    }
}

fn record(plan: &Plan<'_>) -> TokenStream {
    let names: Vec<_> = plan.events().map(|(_, event)| ident(&event.name)).collect();
    quote! {
        #[allow(clippy::too_many_lines)]
        impl<'a> Record<'a> for Event<'a> {
            fn view(&self) -> &dyn AnyView<'a> {
                match self { #(Self::#names(event) => Record::view(event),)* }
            }
        }
    }
}

fn dispatch(plan: &Plan<'_>) -> TokenStream {
    let mut layouts = plan.layouts();
    layouts.sort_by_key(|(_, event, layout)| (event.id, layout.version, layout.index));
    let served = layouts.into_iter().filter(|(_, _, layout)| !layout.serves.is_empty());
    let decodes = served.map(|(module, event, layout)| {
        let (id, version) = (number(event.id), number(layout.version));
        let (module, event, variant) = (ident(&module.name), ident(&event.name), ident(&layout.variant));
        let builds = layout.serves.iter().map(|serves| build_pattern(*serves));
        quote! {
            (#id, #version, #(#builds)|*) => {
                decode_as(build, id, version, payload, #module::#event::#variant, Self::#event)
            }
        }
    });
    let reads = plan.layouts().into_iter().map(|(module, event, layout)| {
        let index = number(layout.index);
        let (module, event, variant) = (ident(&module.name), ident(&event.name), ident(&layout.variant));
        quote! { #index => read_as(reader, #module::#event::#variant, Self::#event), }
    });
    quote! {
        #[allow(clippy::too_many_lines)]
        impl<'a> Events<'a> for Event<'a> {
            const PROVIDER: &'static ProviderInfo = &schema::PROVIDER;

            #[inline]
            fn decode(build: u32, id: u16, version: u8, payload: &'a [u8]) -> Result<Decoded<Self>, DecodeError> {
                match (id, version, build) {
                    #(#decodes)*
                    _ => refuse(build, id, version, payload),
                }
            }

            fn read(layout: &'static LayoutInfo, reader: &mut Reader<'a>) -> Result<Self, Fault> {
                match layout.index {
                    #(#reads)*
                    _ => Err(Fault { field: 0, offset: 0, kind: FaultKind::UnknownLayout }),
                }
            }
        }
    }
}

/// The builds that a capture serves, as a pattern.
fn build_pattern((first, before): (u32, Option<u32>)) -> TokenStream {
    let first = number(first);
    before.map(number).map_or_else(|| quote!(#first..), |before| quote!(#first..#before))
}

/// `for_each_view.rs`: a macro over all views, for tables that need every one of them. It names paths from the crate's
/// root, so that a crate has it but an included file has not.
pub(super) fn for_each_view(plan: &Plan<'_>) -> SourceFile {
    let views = plan.layouts().into_iter().map(|(module, _, layout)| {
        let (module, view) = (ident(&module.name), ident(&layout.name));
        quote! { $crate::events::#module::#view }
    });
    let item = quote! {
        /// Calls a macro with the paths of all views, in the order of [`LayoutInfo::index`](etw_runtime::LayoutInfo::index).
        #[macro_export]
        macro_rules! for_each_view {
            ($callback:ident) => { $callback! { #(#views),* } };
        }
    };
    let docs = vec!["A macro over all views.".to_owned()];
    SourceFile { path: FOR_EACH_VIEW.to_owned(), docs, items: vec![item] }
}
