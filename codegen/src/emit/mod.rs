//! One emitter a kind of output. They write down the plan and decide nothing.

mod builds;
mod constants;
mod encode;
mod event;
mod maps;
mod meanings;
mod messages;
mod schema;
mod types;
mod views;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::format::{SourceFile, one_line};
use crate::plan::Plan;
use etw_schema::model::schema::Builds;

/// Every source file of the crate.
pub(crate) fn emit(plan: &Plan<'_>) -> Vec<SourceFile> {
    let mut files =
        vec![builds::file(plan), constants::file(plan), maps::file(plan), meanings::file(plan), event::file(plan)];
    files.extend(plan.modules.iter().map(|module| views::file(plan, module)));
    files.push(encode::root_file(plan));
    files.extend(plan.modules.iter().map(|module| encode::file(plan, module)));
    files.push(event::for_each_view(plan));
    files.push(schema::root_file(plan));
    files.extend(plan.modules.iter().map(|module| schema::file(plan, module)));
    files
}

/// An identifier. The plan's names are valid ones.
fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}

/// Doc comment lines.
fn docs(lines: &[impl AsRef<str>]) -> TokenStream {
    let lines = lines.iter().map(|line| match line.as_ref() {
        "" => String::new(),
        line => format!(" {}", one_line(line)),
    });
    quote! { #(#[doc = #lines])* }
}

/// A set of builds as a slice of the runtime's `BuildRange`.
fn build_ranges(builds: &Builds) -> TokenStream {
    let ranges = builds.ranges().iter().map(|range| {
        let (first, last) = (number(range.first), number(range.last));
        quote! { BuildRange { first: #first, last: #last } }
    });
    quote! { &[#(#ranges),*] }
}

/// A hexadecimal number, its digits in groups of four.
fn hex(value: u64) -> TokenStream {
    let digits = format!("{value:x}");
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(4).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    format!("0x{}", groups.join("_")).parse().unwrap_or_default()
}

/// A number without its type's suffix.
fn number(value: impl Into<u64>) -> proc_macro2::Literal {
    proc_macro2::Literal::u64_unsuffixed(value.into())
}
