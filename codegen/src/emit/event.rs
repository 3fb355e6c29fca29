//! `events/mod.rs`: the enum over all events, and the types that decoding has for this provider.

use proc_macro2::TokenStream;
use quote::quote;

use super::{doc_attributes, ident};
use crate::plan::ir::Crate;

pub(super) fn write_doc(plan: &Crate) -> String {
    format!("The events of {}, a module for each group of them.", plan.provider.name)
}

pub(super) fn emit_items(plan: &Crate) -> Vec<TokenStream> {
    let imports = quote! {
        use ::etw_runtime as rt;
        use ::etw_runtime::glue;
        use super::{Build, descriptor, schema};
    };
    let traits = quote! { rt::record_traits!(Event); };
    vec![imports, emit_enum(plan), emit_decoding(), emit_provider(plan), emit_record(plan), traits]
}

fn emit_enum(plan: &Crate) -> TokenStream {
    let variants = plan.modules.iter().flat_map(|module| {
        module.events.iter().map(|event| {
            let module = ident(&module.name);
            let name = ident(&event.name);
            let docs = doc_attributes(event.docs.get(..1).unwrap_or_default());
            quote! { #docs #name(#module::#name<'a>) }
        })
    });
    let docs = doc_attributes(&[format!("An event of {}, whatever its id, version and build.", plan.provider.name)]);
    quote! {
        #docs
        #[non_exhaustive]
        pub enum Event<'a> { #(#variants,)* }
    }
}

fn emit_decoding() -> TokenStream {
    quote! {
        impl<'a> Event<'a> {
            /// The provider's id.
            pub const PROVIDER: rt::Guid = schema::PROVIDER.guid;

            /// Decodes the payload of an event that a known build wrote, to its last byte. A [`Decoder`] has options: no
            /// build, pointers of 32 bits, bytes that may be left over.
            ///
            /// A build between two captures is read with the lower one's layout; [`basis`](rt::Decoded::basis) says so, and
            /// whether the next capture still has it. The same says so where the build's capture lacks the event and one
            /// known layout of other builds fits.
            ///
            /// # Errors
            /// A build older than every capture, an unknown id or version, a payload that does not fit the build's
            /// layout. If it fits the layout of another build to the last byte, the error names that layout.
            #[inline]
            pub fn decode(build: Build, id: u16, version: u8, payload: &'a [u8]) -> Result<Decoded<'a>, rt::DecodeError> {
                <Self as rt::Events>::decode(build.number(), id, version, payload)
            }

            /// The event's id.
            pub fn id(&self) -> u16 { rt::Record::layout(self).id }

            /// The event's version.
            pub fn version(&self) -> u8 { rt::Record::layout(self).version }

            /// The event's id and version.
            pub fn key(&self) -> rt::EventKey { rt::Record::layout(self).key() }

            /// The event's name.
            #[allow(clippy::misnamed_getters)] // a layout's name is that of its view
            pub fn name(&self) -> &'static str { rt::Record::layout(self).event }
        }
    }
}

/// What ties the crate's types together, and the runtime's generic types for this provider.
fn emit_provider(plan: &Crate) -> TokenStream {
    let docs = doc_attributes(&[format!("{}, for the runtime's generic types.", plan.provider.name)]);
    quote! {
        #docs
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct Provider;

        impl rt::Provider for Provider {
            const INFO: &'static rt::ProviderInfo = &schema::PROVIDER;

            type Event<'a> = Event<'a>;
            type Build = Build;
            type Channel = descriptor::Channel;
            type Level = descriptor::Level;
            type Opcode = descriptor::Opcode;
            type Task = descriptor::Task;
            type Keywords = descriptor::Keywords;

            fn names_keyword(keywords: descriptor::Keywords) -> bool { keywords.names().next().is_some() }

            fn name_opcode(opcode: descriptor::Opcode, task: descriptor::Task) -> Option<&'static str> {
                opcode.display_name_in(task)
            }
        }

        /// Decodes events with options: for a build or without one, strictly or not.
        pub type Decoder = rt::Decoder<Provider>;

        /// A decoded event: the [`Event`], for which build, and how certain that is.
        pub type Decoded<'a> = rt::Decoded<'a, Event<'a>>;
    }
}

fn emit_record(plan: &Crate) -> TokenStream {
    let names = plan.modules.iter().flat_map(|module| &module.events).map(|event| ident(&event.name));
    quote! {
        #[allow(clippy::too_many_lines)]
        impl<'a> rt::Record<'a> for Event<'a> {
            fn view(&self) -> &dyn glue::AnyView<'a> {
                match self { #(Self::#names(event) => rt::Record::view(event),)* }
            }
        }
    }
}

pub(super) const FOR_EACH_VIEW_DOC: &str = "A macro over all views.";

/// `for_each_view.rs`: a macro over all views, for tables that need every one of them. It names paths from the crate's
/// root, so that a crate has it but an included file has not.
pub(super) fn emit_for_each_view(plan: &Crate) -> Vec<TokenStream> {
    let views = plan.layouts.iter().map(|layout| {
        let module = ident(&layout.module);
        let view = ident(&layout.view);
        quote! { $crate::events::#module::#view }
    });
    let item = quote! {
        /// Calls a macro with the paths of all views, in the order of [`LayoutInfo::index`](etw_runtime::LayoutInfo::index).
        #[macro_export]
        macro_rules! for_each_view {
            ($callback:ident) => { $callback! { #(#views),* } };
        }
    };
    vec![item]
}
