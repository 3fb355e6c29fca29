//! `builds.rs`: the Windows builds that were captured.

use proc_macro2::TokenStream;
use quote::quote;

use super::{decimal, doc_attributes, ident};
use crate::plan::ir::BuildConstant;

pub(super) const DOC: &str = "The Windows builds whose manifests this crate was generated from.";

pub(super) fn emit_items(builds: &[BuildConstant]) -> Vec<TokenStream> {
    let constants = builds.iter().map(|build| {
        let name = ident(&build.name);
        let number = decimal(build.number);
        let docs = doc_attributes(&build.docs);
        quote! { #docs pub const #name: Self = Self(#number); }
    });
    let captured = builds.iter().map(|build| ident(&build.name));
    let products = builds.iter().map(|build| {
        let number = decimal(build.number);
        let product = &build.product;
        quote! { #number => #product, }
    });
    let item = quote! {
        /// A Windows build number. Any number is one; those that were captured have a constant.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct Build(u32);

        impl Build {
            #(#constants)*

            /// The builds whose manifest was captured, ascending.
            pub const CAPTURED: &'static [Self] = &[#(Self::#captured),*];

            /// The build of this number, captured or not.
            pub const fn from_number(number: u32) -> Self { Self(number) }

            /// The number.
            pub const fn number(self) -> u32 { self.0 }

            /// The captured build whose manifest serves this one: itself, or the nearest below. None for a build older
            /// than every capture.
            pub fn capture(self) -> Option<Self> {
                Self::CAPTURED.iter().rev().copied().find(|captured| *captured <= self)
            }

            /// The product that the capture was taken from; none for a build that was not captured.
            pub fn product(self) -> Option<&'static str> {
                Some(match self.0 { #(#products)* _ => return None, })
            }
        }

        ::etw_runtime::build_traits!(Build);
    };
    vec![item]
}
