//! `builds.rs`: the Windows builds that were captured.

use proc_macro2::Ident;
use quote::quote;

use super::{docs, ident, number};
use crate::format::SourceFile;
use crate::plan::Plan;
use etw_schema::model::schema::Build;

pub(super) fn file(plan: &Plan<'_>) -> SourceFile {
    let builds = &plan.schema.builds;
    let constants = builds.iter().map(|build| {
        let (name, value, docs) = (constant(build), number(build.number), docs(&lines(build)));
        quote! { #docs pub const #name: Self = Self(#value); }
    });
    let captured = builds.iter().map(constant);
    let products = builds.iter().map(|build| {
        let (number, product) = (number(build.number), &build.product);
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

        impl From<u32> for Build {
            fn from(number: u32) -> Self { Self(number) }
        }

        impl core::fmt::Display for Build {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result { self.0.fmt(f) }
        }
    };
    SourceFile {
        path: "builds.rs".to_owned(),
        docs: vec!["The Windows builds whose manifests this crate was generated from.".to_owned()],
        items: vec![item],
    }
}

/// The name of a build's constant.
fn constant(build: &Build) -> Ident {
    if build.number == Build::UNKNOWN { ident("UNKNOWN") } else { ident(&format!("B{}", build.number)) }
}

/// The product, and what was captured from the build and what not.
fn lines(build: &Build) -> Vec<String> {
    let product = match (build.number, build.product.as_str()) {
        (Build::UNKNOWN, "") => "A capture of an unknown build: it serves every build".to_owned(),
        (number, "") => format!("Build {number}"),
        (_, product) => product.to_owned(),
    };
    let mut lines = vec![format!("{product}.")];
    if !build.facts.is_empty() {
        lines.extend([String::new(), "Where its facts come from:".to_owned(), String::new()]);
    }
    lines.extend(build.facts.iter().map(|(kind, fact)| {
        format!(
            "- {}: {} ({})",
            kind.replace('_', " "),
            fact.status,
            fact.source.replace('<', "\\<").replace('[', "\\[")
        )
    }));
    lines
}
