//! One emitter a kind of output. They write down the plan and decide nothing: all that they read is
//! [`ir`](crate::plan::ir).
//!
//! Generated code names the runtime by its path, `rt::…`. Names that it keeps to itself, where a name of a manifest
//! could meet them, begin with two underscores, as no public name does.

mod builds;
mod constants;
mod dispatch;
mod encode;
mod event;
mod expressions;
mod maps;
mod meanings;
mod messages;
mod schema;
mod views;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;

use crate::format::{Tree, one_line};
use crate::plan::ir::{BuildRange, Constant, Crate, Module, Number};

/// The modules of the crate. Each makes its items when it is asked for them.
pub(crate) fn emit(plan: &Crate) -> Tree<'_> {
    let events = plan.modules.iter().map(|module| make_child(module, move || views::emit_items(module)));
    let encoders = plan.modules.iter().map(|module| make_child(module, move || encode::emit_items(module)));
    let tables = plan.modules.iter().map(|module| make_child(module, move || schema::emit_items(module)));
    let children = vec![
        Tree::new("builds", builds::DOC, || builds::emit_items(&plan.builds)),
        Tree::new("descriptor", constants::DOC, || constants::emit_items(plan)),
        Tree::new("dispatch", dispatch::DOC, || dispatch::emit_items(plan)).private(),
        Tree::new("encode", encode::DOC, Vec::new).with_children(encoders).in_crates_only(),
        Tree::new("events", &event::write_doc(plan), || event::emit_items(plan)).with_children(events),
        Tree::new("for_each_view", event::FOR_EACH_VIEW_DOC, || event::emit_for_each_view(plan))
            .private()
            .in_crates_only(),
        Tree::new("maps", maps::DOC, || maps::emit_items(plan)),
        Tree::new("meanings", meanings::DOC, || meanings::emit_items(&plan.meanings)),
        Tree::new("schema", schema::DOC, || schema::emit_root_items(plan)).with_children(tables),
    ];
    let exports = || {
        vec![
            quote! { pub use builds::Build; },
            // Whoever includes the file may need only some.
            quote! { #[allow(unused_imports)] pub use events::{Decoded, Decoder, Event, Provider}; },
        ]
    };
    Tree::new("", "", exports).with_children(children)
}

fn make_child<'p>(module: &'p Module, items: impl Fn() -> Vec<TokenStream> + 'p) -> Tree<'p> {
    Tree::new(&module.name, &module.docs.join("\n"), items)
}

/// An identifier. The plan's names are valid ones.
fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}

/// A type or a path. The plan spells valid ones.
fn path(text: &str) -> TokenStream {
    text.parse().unwrap_or_default()
}

/// Doc comment lines.
fn doc_attributes(lines: &[impl AsRef<str>]) -> TokenStream {
    let lines = lines.iter().map(|line| match line.as_ref() {
        "" => String::new(),
        line => format!(" {}", one_line(line)),
    });
    quote! { #(#[doc = #lines])* }
}

/// The constants of a newtype.
fn emit_constants(constants: &[Constant]) -> TokenStream {
    let constants = constants.iter().map(|constant| {
        let name = ident(&constant.name);
        let value = literal(constant.value);
        let docs = doc_attributes(&constant.docs);
        quote! { #docs pub const #name: Self = Self(#value); }
    });
    quote! { #(#constants)* }
}

/// A set of builds as a slice of the runtime's `BuildRange`.
fn emit_build_ranges(ranges: &[BuildRange]) -> TokenStream {
    let ranges = ranges.iter().map(|range| {
        let first = decimal(range.first);
        let last = decimal(range.last);
        quote! { rt::BuildRange::new(#first, #last) }
    });
    quote! { &[#(#ranges),*] }
}

fn literal(number: Number) -> TokenStream {
    match number {
        Number::Decimal(value) => {
            let value = decimal(value);
            quote!(#value)
        }
        Number::Hex(value) => hex(value),
    }
}

/// A hexadecimal number, its digits in groups of four.
fn hex(value: u64) -> TokenStream {
    let digits = format!("{value:x}");
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(4).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    path(&format!("0x{}", groups.join("_")))
}

/// A number without its type's suffix.
fn decimal(value: impl Into<u64>) -> Literal {
    Literal::u64_unsuffixed(value.into())
}

/// The same of an index or a length.
fn index(value: usize) -> Literal {
    Literal::usize_unsuffixed(value)
}

fn option(value: Option<impl quote::ToTokens>) -> TokenStream {
    value.map_or_else(|| quote!(None), |value| quote!(Some(#value)))
}
