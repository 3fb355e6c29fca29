//! The function that writes a view's message.

use proc_macro2::TokenStream;
use quote::quote;

use super::{ident, number, types};
use crate::plan::{Form, Format, Kind, LayoutPlan, MessagePlan, Part, Plan, Scalar};

/// `fn write` of a view.
pub(super) fn function(layout: &LayoutPlan, plan: &Plan<'_>) -> TokenStream {
    let silent = layout.messages.iter().all(|message| message.parts.is_empty());
    let (build, out) =
        (ident(if layout.messages.len() > 1 { "build" } else { "_build" }), ident(if silent { "_out" } else { "out" }));
    let body = match layout.messages.as_slice() {
        _ if silent => quote! { Ok(()) },
        [message] => writes(&message.parts, layout, plan),
        [] => quote! { Ok(()) },
        [oldest, newer @ ..] => {
            let branches = newer.iter().rev().map(|message| branch(message, layout, plan));
            let oldest = writes(&oldest.parts, layout, plan);
            quote! { #(#branches else)* { #oldest } }
        }
    };
    quote! {
        fn write<W: fmt::Write + ?Sized>(&self, #build: u32, #out: &mut MessageWriter<'_, W>) -> fmt::Result { #body }
    }
}

fn branch(message: &MessagePlan, layout: &LayoutPlan, plan: &Plan<'_>) -> TokenStream {
    let (since, writes) = (number(message.since), writes(&message.parts, layout, plan));
    quote! { if build >= #since { #writes } }
}

/// The expression that writes parts: chains of calls, apart only where a map's text has inserts of its own.
fn writes(parts: &[Part], layout: &LayoutPlan, plan: &Plan<'_>) -> TokenStream {
    let mut statements = Vec::new();
    let mut chain = quote!(out);
    for part in parts {
        if let Part::Field { index, form: Form::Expanded { map, texts } } = part {
            statements.push(quote!(#chain;));
            statements.push(expanded(*index, *map, texts, layout, plan));
            chain = quote!(out);
            continue;
        }
        let call = call(part, layout, plan);
        chain = quote!(#chain.#call);
    }
    // A chain of no calls is no statement.
    let bare = quote!(out;).to_string();
    statements.retain(|statement| statement.to_string() != bare);
    quote! { #(#statements)* #chain.finish() }
}

/// The statement that writes a map's text with the fields that it names.
fn expanded(index: usize, map: usize, texts: &[(u32, Vec<Part>)], layout: &LayoutPlan, plan: &Plan<'_>) -> TokenStream {
    let field = &layout.fields.fields[index];
    let (accessor, info) = (ident(&field.accessor), ident(&plan.maps[map].info));
    let arms = texts.iter().map(|(value, parts)| {
        let value = number(*value);
        let calls = parts.iter().map(|part| call(part, layout, plan));
        quote! { #value => out #(.#calls)*, }
    });
    let signed = matches!(field.kind, Kind::Mapped(_, Scalar::I8 | Scalar::I16 | Scalar::I32));
    let other = if signed {
        quote!(out.map_signed(&maps::#info, value.cast_signed()))
    } else {
        quote!(out.map(&maps::#info, value))
    };
    let texts = quote! { { #(#arms)* value => #other, } };
    if plan.maps[map].bits {
        quote! { out.expanded_bits(&maps::#info, self.#accessor().0, |out, bit| match bit #texts); }
    } else {
        quote! { match self.#accessor().0 #texts; }
    }
}

fn call(part: &Part, layout: &LayoutPlan, plan: &Plan<'_>) -> TokenStream {
    let (index, form) = match part {
        Part::Text(text) => return quote! { text(#text) },
        Part::Field { index, form } => (*index, form),
    };
    let field = &layout.fields.fields[index];
    let accessor = ident(&field.accessor);
    match form {
        Form::Printf(format) => {
            let (format, value) = (printf(*format), types::value(field));
            quote! { formatted(&#format, &#value) }
        }
        form if matches!(field.kind, Kind::Mapped(..)) => shown(form, &quote!(self.#accessor().0), plan),
        Form::List(element) if field.map.is_some() => {
            let Kind::Array(scalar) = field.kind else { return shown(form, &quote!(self.#accessor()), plan) };
            let item = if scalar == Scalar::HexInt32 { quote!(item.0) } else { types::map_key(scalar, &quote!(item)) };
            let each = shown(element, &item, plan);
            quote! { list(self.#accessor(), |out, item| out.#each) }
        }
        form => shown(form, &quote!(self.#accessor()), plan),
    }
}

/// The call that shows a value in a form.
fn shown(form: &Form, value: &TokenStream, plan: &Plan<'_>) -> TokenStream {
    let status = |kind: &str| {
        let kind = ident(kind);
        quote! { status(StatusKind::#kind, #value) }
    };
    match form {
        // The parts that need the whole layout never get here: `call` writes them.
        Form::Plain | Form::Expanded { .. } | Form::Printf(_) => quote! { show(#value) },
        Form::Utf16 => quote! { utf16(#value) },
        Form::Ansi => quote! { ansi(#value) },
        Form::Utf8 => quote! { utf8(#value) },
        Form::Hex => quote! { hex(#value) },
        Form::Character => quote! { character(#value) },
        Form::Boolean => quote! { show(#value != 0) },
        Form::Port => quote! { port(#value) },
        Form::IPv4 => quote! { show(Ipv4(#value)) },
        Form::IPv6 => quote! { ipv6(#value) },
        Form::DateTime => quote! { date_time(#value) },
        Form::NtStatus => status("NtStatus"),
        Form::Win32Error => status("Win32"),
        Form::HResult => status("HResult"),
        Form::Map(map) => {
            let map = ident(&plan.maps[*map].info);
            quote! { map(&maps::#map, #value) }
        }
        Form::SignedMap(map) => {
            let map = ident(&plan.maps[*map].info);
            quote! { map_signed(&maps::#map, #value.cast_signed()) }
        }
        Form::Bits(map) => {
            let map = ident(&plan.maps[*map].info);
            quote! { bits(&maps::#map, #value) }
        }
        Form::List(element) if **element == Form::Plain => quote! { list(#value, MessageWriter::show) },
        Form::List(element) => {
            let each = shown(element, &quote!(item), plan);
            quote! { list(#value, |out, item| out.#each) }
        }
    }
}

fn printf(format: Format) -> TokenStream {
    let Format { left, zeros, alternate, width, precision, conversion } = format;
    let precision = precision.map_or(quote!(None), |digits| {
        let digits = number(digits as u64);
        quote!(Some(#digits))
    });
    let (width, conversion) = (number(width as u64), ident(conversion));
    quote! {
        Printf {
            left: #left,
            zeros: #zeros,
            alternate: #alternate,
            width: #width,
            precision: #precision,
            conversion: Conversion::#conversion,
        }
    }
}

/// Whether a message of this layout shows the elements of an array by the texts of a map.
pub(super) fn has_mapped_list(layout: &LayoutPlan) -> bool {
    let mut parts = layout.messages.iter().flat_map(|message| &message.parts);
    parts.any(|part| match part {
        Part::Field { form: Form::List(element), .. } => {
            matches!(**element, Form::Map(_) | Form::SignedMap(_) | Form::Bits(_))
        }
        _ => false,
    })
}

/// The runtime's names that the messages of a module need.
pub(super) fn imports<'l>(layouts: impl Iterator<Item = &'l LayoutPlan>) -> Vec<&'static str> {
    let mut names = vec!["MessageWriter"];
    let parts: Vec<&Part> = layouts.flat_map(|layout| &layout.messages).flat_map(|message| &message.parts).collect();
    collect(&parts, &mut names);
    names
}

fn collect(parts: &[&Part], names: &mut Vec<&'static str>) {
    for part in parts {
        let Part::Field { form, .. } = part else { continue };
        match form {
            Form::NtStatus | Form::Win32Error | Form::HResult => names.push("StatusKind"),
            Form::IPv4 => names.push("Ipv4"),
            Form::Printf(_) => names.extend(["Conversion", "Printf", "Value"]),
            Form::List(element) => {
                let element = Part::Field { index: 0, form: (**element).clone() };
                collect(&[&element], names);
            }
            Form::Expanded { texts, .. } => {
                let inner: Vec<&Part> = texts.iter().flat_map(|(_, parts)| parts).collect();
                collect(&inner, names);
            }
            _ => {}
        }
    }
}
