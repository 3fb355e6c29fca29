//! The function that writes a view's message.

use proc_macro2::TokenStream;
use quote::quote;

use super::{decimal, expressions, ident, index, option, path};
use crate::plan::ir::{Conversion, Expanded, Message, Printf, Show, Write};

/// `fn write` of a view.
pub(super) fn emit_write_function(messages: &[Message]) -> TokenStream {
    let build = ident(if messages.len() > 1 { "build" } else { "_build" });
    let out = ident(if messages.is_empty() { "_out" } else { "out" });
    let body = match messages {
        [] => quote! { Ok(()) },
        [message] => emit_statements(message),
        [oldest, newer @ ..] => {
            let branches = newer.iter().rev().map(|message| {
                let since = decimal(message.since);
                let statements = emit_statements(message);
                quote! { if build >= #since { #statements } }
            });
            let oldest = emit_statements(oldest);
            quote! { #(#branches else)* { #oldest } }
        }
    };
    quote! {
        fn write<W: core::fmt::Write + ?Sized>(
            &self,
            #build: u32,
            #out: &mut rt::MessageWriter<'_, W>,
        ) -> core::fmt::Result { #body }
    }
}

/// The most calls of a chain. rustc and the formatter go into each call by one more call of their own, so that a message of
/// thousands of inserts would end their stack.
const LONGEST_CHAIN: usize = 100;

/// Chains of calls on `out`: statements with all but the last one, and that.
fn emit_chains(writes: &[Write]) -> (TokenStream, TokenStream) {
    let (before, last) = writes.split_at(writes.len().saturating_sub(1) / LONGEST_CHAIN * LONGEST_CHAIN);
    let chain = |writes: &[Write]| {
        let calls = writes.iter().map(emit_call);
        quote! { out #(.#calls)* }
    };
    let before = before.chunks(LONGEST_CHAIN).map(chain);
    (quote! { #(#before;)* }, chain(last))
}

/// Chains of calls, apart only where they are long or a map's text has inserts of its own.
fn emit_statements(message: &Message) -> TokenStream {
    let statements = message.expanded.iter().map(|(before, expanded)| {
        let (statements, last) = emit_chains(before);
        let before = (!before.is_empty()).then(|| quote! { #statements #last; });
        let expanded = emit_expanded(expanded);
        quote! { #before #expanded }
    });
    let (before, last) = emit_chains(&message.end);
    quote! { #(#statements)* #before #last.finish() }
}

/// The statement that writes a map's text with the fields that it names.
fn emit_expanded(expanded: &Expanded) -> TokenStream {
    let value = expressions::emit_value(&expanded.value);
    let arms = expanded.texts.iter().map(|(value, writes)| {
        let value = decimal(*value);
        let (before, last) = emit_chains(writes);
        if before.is_empty() {
            quote! { #value => #last, }
        } else {
            quote! { #value => { #before #last } }
        }
    });
    let other = emit_show(&expanded.other);
    let texts = quote! { { #(#arms)* value => out.#other, } };
    let Some(map) = &expanded.bits_of else { return quote! { match #value #texts; } };
    let map = path(map);
    quote! { out.expanded_bits(&#map, #value, |out, bit| match bit #texts); }
}

fn emit_call(write: &Write) -> TokenStream {
    match write {
        Write::Text(text) => quote! { text(#text) },
        Write::Show(value) => emit_show(value),
        Write::Printf(format, value) => {
            let format = emit_printf(*format);
            let value = expressions::emit_value(value);
            quote! { formatted(&#format, &#value) }
        }
        Write::List(list, each) => {
            let list = expressions::emit_value(list);
            let each = each.as_ref().map_or_else(
                || quote!(rt::MessageWriter::show),
                |each| {
                    let each = emit_show(each);
                    quote!(|out, item| out.#each)
                },
            );
            quote! { list(#list, #each) }
        }
    }
}

/// The call that shows a value in a form.
fn emit_show(show: &Show) -> TokenStream {
    let method = ident(show.method);
    let value = expressions::emit_value(&show.value);
    let of = show.of.as_ref().map(|of| {
        let of = path(of);
        quote!(#of,)
    });
    quote! { #method(#of #value) }
}

fn emit_printf(format: Printf) -> TokenStream {
    let Printf { left, zeros, alternate, sign, width, precision, conversion } = format;
    let width = index(width);
    let precision = option(precision.map(index));
    let conversion = match conversion {
        Conversion::Decimal => quote!(Decimal),
        Conversion::Unsigned => quote!(Unsigned),
        Conversion::Octal => quote!(Octal),
        Conversion::LowerHex => quote!(LowerHex),
        Conversion::UpperHex => quote!(UpperHex),
        Conversion::Plain => quote!(Plain),
    };
    quote! {
        glue::Printf {
            left: #left,
            zeros: #zeros,
            alternate: #alternate,
            sign: #sign,
            width: #width,
            precision: #precision,
            conversion: glue::Conversion::#conversion,
        }
    }
}
