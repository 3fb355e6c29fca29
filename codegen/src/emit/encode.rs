//! `encode/<module>.rs`: the fields of each layout as a plain struct that makes a payload.

use proc_macro2::TokenStream;
use quote::quote;

use super::{decimal, doc_attributes, expressions, ident, index, path};
use crate::plan::ir::{Encoder, Length, Module, Put, PutOne};

pub(super) const DOC: &str = "The way back, from typed values to payloads: each layout's fields as a plain struct, without the lengths \
     and counts, which are what the data says. [`Encode::encode`](etw_runtime::encode::Encode::encode) makes the \
     bytes.";

pub(super) fn emit_items(module: &Module) -> Vec<TokenStream> {
    let name = ident(&module.name);
    let mut items = vec![quote! {
        use ::etw_runtime as rt;
        #[allow(unused_imports)]
        use super::super::events::#name as views;
        #[allow(unused_imports)]
        use super::super::maps;
        use super::super::schema::#name as schema;
    }];
    let layouts = module.events.iter().flat_map(|event| &event.layouts);
    for encoder in layouts.flat_map(|layout| &layout.encoders) {
        items.push(emit_definition(encoder));
        items.push(emit_put_trait(encoder));
        items.extend(emit_encode_trait(encoder));
        items.extend(emit_from_view(encoder));
    }
    items
}

fn emit_definition(encoder: &Encoder) -> TokenStream {
    let name = ident(&encoder.name);
    let docs = doc_attributes(&encoder.docs);
    let lifetime = encoder.borrows.then(|| quote!(<'a>));
    let members = encoder.members.iter().map(|member| {
        let name = ident(&member.name);
        let ty = path(&member.ty);
        let docs = doc_attributes(&member.docs);
        quote! { #docs pub #name: #ty }
    });
    // The manifest decides how many Booleans there are.
    let allow = encoder.has_many_bools.then(|| quote! { #[allow(clippy::struct_excessive_bools)] });
    quote! {
        #docs
        #allow
        #[derive(Clone, Copy, Debug, Default)]
        pub struct #name #lifetime { #(#members,)* }
    }
}

fn emit_put_trait(encoder: &Encoder) -> TokenStream {
    let name = ident(&encoder.name);
    let anonymous = encoder.borrows.then(|| quote!(<'_>));
    let out = ident(if encoder.puts.is_empty() { "_out" } else { "out" });
    let puts = encoder.puts.iter().map(emit_put);
    quote! {
        impl rt::encode::Put for #name #anonymous {
            fn put(&self, #out: &mut rt::encode::Writer) -> Result<(), rt::encode::EncodeFault> {
                #(#puts)*
                Ok(())
            }
        }
    }
}

fn emit_put(put: &Put) -> TokenStream {
    match put {
        Put::Count { method, field, lengths } => {
            let method = ident(method);
            let field = index(*field);
            let lengths = lengths.iter().map(emit_length);
            quote! { out.#method(rt::encode::Count::new(#field) #(#lengths)* .fit()?); }
        }
        Put::One(one) => emit_put_one(one),
        Put::List { member, field, count, by_reference, item } => {
            let member = ident(member);
            let field = index(*field);
            let check = count.map(decimal).map(|count| {
                quote! { rt::encode::Writer::check_length(#field, self.#member.len(), #count)?; }
            });
            let pattern = if *by_reference { quote!(item) } else { quote!(&item) };
            let item = emit_put_one(item);
            quote! { #check for #pattern in self.#member { #item } }
        }
    }
}

fn emit_length(length: &Length) -> TokenStream {
    let member = ident(&length.member);
    let method = ident(length.method);
    if length.each {
        quote!(.each(self.#member.iter().map(|item| item.#method())))
    } else {
        quote!(.is(self.#member.#method()))
    }
}

fn emit_put_one(put: &PutOne) -> TokenStream {
    let method = ident(put.method);
    let value = expressions::emit_value(&put.value);
    let value = if put.is_borrowed { quote!(&#value) } else { value };
    let value = match put.narrowed.map(index) {
        Some(field) => quote!(rt::encode::Writer::narrow(#field, #value)?),
        None => value,
    };
    let length = put.length.map(decimal).map(|length| quote!(, #length));
    let Some(field) = put.field.map(index) else { return quote! { out.#method(#value); } };
    quote! { out.#method(#field, #value #length)?; }
}

fn emit_encode_trait(encoder: &Encoder) -> Option<TokenStream> {
    let name = ident(&encoder.name);
    let anonymous = encoder.borrows.then(|| quote!(<'_>));
    let info = ident(encoder.layout.as_ref()?);
    Some(quote! {
        impl rt::encode::Encode for #name #anonymous {
            const LAYOUT: &'static rt::LayoutInfo = &schema::#info;
        }
    })
}

/// The fields of a decoded event.
fn emit_from_view(encoder: &Encoder) -> Option<TokenStream> {
    let members = encoder.from_view.as_ref()?;
    let view = ident(if members.is_empty() { "_view" } else { "view" });
    let members = members.iter().map(|from| {
        let member = ident(&from.member);
        let accessor = ident(&from.accessor);
        let value = expressions::emit_steps(quote!(view.#accessor()), &from.steps);
        quote! { #member: #value }
    });
    let name = ident(&encoder.name);
    let parameters = encoder.borrows.then(|| quote!(<'a>));
    let of_view = if encoder.borrows { quote!(<'a>) } else { quote!(<'_>) };
    Some(quote! {
        impl #parameters From<views::#name #of_view> for #name #parameters {
            fn from(#view: views::#name #of_view) -> Self { Self { #(#members,)* } }
        }
    })
}
