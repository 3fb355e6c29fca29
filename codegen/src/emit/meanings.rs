//! `meanings.rs`: names for values that no manifest names, and the accessors that return them.

use proc_macro2::TokenStream;
use quote::quote;

use super::{docs, hex, ident, number};
use crate::format::SourceFile;
use crate::meanings::Integer;
use crate::plan::{FieldPlan, Kind, MeaningForm, MeaningPlan, NamedValue, Plan, Scalar, SharedField};

pub(super) fn file(plan: &Plan<'_>) -> SourceFile {
    let newtypes: Vec<TokenStream> = plan.meanings.iter().filter_map(newtype).collect();
    let mut items = Vec::new();
    if !newtypes.is_empty() {
        items.push(quote! {
            use core::fmt;
            use etw_runtime::{Meaning, NamedValue, NamesInfo};
        });
    }
    items.extend(newtypes);
    let doc = "Names that specifications give to numbers of the events. A value without a name is still a value.";
    SourceFile { path: "meanings.rs".to_owned(), docs: vec![doc.to_owned()], items }
}

/// The static that describes a newtype's names.
fn info(meaning: &MeaningPlan) -> proc_macro2::Ident {
    ident(&heck::ToShoutySnakeCase::to_shouty_snake_case(meaning.name.as_str()))
}

fn newtype(meaning: &MeaningPlan) -> Option<TokenStream> {
    let MeaningForm::Newtype { integer, bits, values } = &meaning.form else { return None };
    let (name, info, integer_name) = (ident(&meaning.name), info(meaning), ident(integer.name()));
    let mut lines: Vec<String> = meaning.doc.lines().map(str::to_owned).collect();
    lines.extend([String::new(), format!("Source: {}.", meaning.source)]);
    let (type_docs, constants) = (docs(&lines), constants(values, *bits));
    let entries = values.iter().map(|entry| {
        let (value, name) = (hex(entry.value), &entry.name);
        let mask = if *bits { hex(entry.mask) } else { quote!(u64::MAX) };
        quote! { NamedValue::new(#value, #mask, #name) }
    });
    let (type_name, source) = (&meaning.name, &meaning.source);
    let (methods, variant) =
        if *bits { (bit_methods(&info), ident("Bits")) } else { (value_methods(&info), ident("Values")) };
    let operators = bits.then(|| bit_operators(&name));
    let widened = if *integer == Integer::U64 { quote!(self.0) } else { quote!(u64::from(self.0)) };
    let info_doc = format!(" The names of [`{}`] as data.", meaning.name);
    Some(quote! {
        #type_docs
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct #name(pub #integer_name);

        impl #name { #constants #methods }

        #operators

        impl fmt::Display for #name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                Meaning::#variant(&#info).describe(#widened).fmt(f)
            }
        }

        #[doc = #info_doc]
        pub static #info: NamesInfo = NamesInfo { name: #type_name, source: #source, entries: &[#(#entries),*] };
    })
}

fn constants(values: &[NamedValue], bits: bool) -> TokenStream {
    let constants = values.iter().map(|entry| {
        let name = ident(&entry.name);
        let value = if bits || entry.value > 0xFF {
            hex(entry.value)
        } else {
            quote::ToTokens::into_token_stream(number(entry.value))
        };
        let doc = entry.doc.clone().unwrap_or_else(|| format!("`{}`.", entry.name));
        let doc = docs(&[doc]);
        quote! { #doc pub const #name: Self = Self(#value); }
    });
    quote! { #(#constants)* }
}

fn value_methods(info: &proc_macro2::Ident) -> TokenStream {
    quote! {
        /// The value's name in the specification; none for a value that it does not name.
        pub fn name(self) -> Option<&'static str> { #info.name_of(self.0.into()) }
    }
}

fn bit_methods(info: &proc_macro2::Ident) -> TokenStream {
    quote! {
        /// Whether all these bits are set.
        pub const fn contains(self, bits: Self) -> bool { self.0 & bits.0 == bits.0 }

        /// The names of the bits that are set and named.
        pub fn names(self) -> impl Iterator<Item = &'static str> { #info.names_in(self.0.into()) }
    }
}

fn bit_operators(name: &proc_macro2::Ident) -> TokenStream {
    quote! {
        impl core::ops::BitOr for #name {
            type Output = Self;

            fn bitor(self, other: Self) -> Self { Self(self.0 | other.0) }
        }
    }
}

/// The typed accessor beside a field's own; none for a field without a meaning.
pub(super) fn accessor(field: &FieldPlan, plan: &Plan<'_>) -> Option<TokenStream> {
    let assigned = field.meaning.as_ref()?;
    let meaning = &plan.meanings[assigned.meaning];
    let (raw, typed) = (ident(&field.accessor), ident(&format!("{}_typed", field.accessor)));
    let doc =
        docs(&[format!("`{}` as [`{}`] ({}).", field.field.name, type_path_text(meaning, plan), assigned.source)]);
    let ty = type_path(meaning, plan);
    let (ty, body) = match &field.kind {
        Kind::Array(scalar) => {
            let each = constructor(meaning, *scalar, &ty);
            (quote!(impl Iterator<Item = #ty> + use<'a>), quote!(self.#raw().into_iter().map(#each)))
        }
        Kind::Scalar(scalar) => {
            let value = convert(meaning, *scalar, &quote!(self.#raw()));
            (ty.clone(), quote!(#ty(#value)))
        }
        _ => return None,
    };
    Some(quote! {
        #doc
        pub fn #typed(&self) -> #ty { #body }
    })
}

/// The typed accessor of an event's enum, over the accessor that its layouts share.
pub(super) fn shared_accessor(field: &SharedField, everywhere: bool, plan: &Plan<'_>) -> Option<TokenStream> {
    let (assigned, Kind::Scalar(scalar)) = (field.meaning.as_ref()?, &field.kind) else { return None };
    let meaning = &plan.meanings[assigned.meaning];
    let (raw, typed) = (ident(&field.accessor), ident(&format!("{}_typed", field.accessor)));
    let doc = docs(&[format!("`{}` as [`{}`].", field.name, type_path_text(meaning, plan))]);
    let ty = type_path(meaning, plan);
    let (result, body) = if everywhere {
        let value = convert(meaning, *scalar, &quote!(self.#raw()));
        (ty.clone(), quote!(#ty(#value)))
    } else {
        let each = constructor(meaning, *scalar, &ty);
        (quote!(Option<#ty>), quote!(self.#raw().map(#each)))
    };
    Some(quote! {
        #doc
        pub fn #typed(&self) -> #result { #body }
    })
}

/// The function that makes a meaning's value of a field's integer.
fn constructor(meaning: &MeaningPlan, scalar: Scalar, ty: &TokenStream) -> TokenStream {
    let value = quote!(value);
    let converted = convert(meaning, scalar, &value);
    if converted.to_string() == value.to_string() { ty.clone() } else { quote!(|value| #ty(#converted)) }
}

fn type_path(meaning: &MeaningPlan, plan: &Plan<'_>) -> TokenStream {
    let name = ident(&meaning.name);
    match meaning.form {
        MeaningForm::Runtime => quote!(status::#name),
        MeaningForm::Newtype { .. } => quote!(meanings::#name),
        MeaningForm::Map(map) => {
            let map = ident(&plan.maps[map].name);
            quote!(maps::#map)
        }
    }
}

fn type_path_text(meaning: &MeaningPlan, plan: &Plan<'_>) -> String {
    type_path(meaning, plan).to_string().replace(' ', "")
}

/// The integer of a field as that of its meaning.
fn convert(meaning: &MeaningPlan, scalar: Scalar, value: &TokenStream) -> TokenStream {
    let (bits, value) = match scalar {
        Scalar::I8 => (8, quote!(#value.cast_unsigned())),
        Scalar::I16 => (16, quote!(#value.cast_unsigned())),
        Scalar::I32 => (32, quote!(#value.cast_unsigned())),
        Scalar::I64 => (64, quote!(#value.cast_unsigned())),
        Scalar::U8 => (8, value.clone()),
        Scalar::U16 => (16, value.clone()),
        Scalar::U64 | Scalar::HexInt64 => (64, value.clone()),
        _ => (32, value.clone()),
    };
    let wanted = match &meaning.form {
        MeaningForm::Newtype { integer, .. } => *integer,
        MeaningForm::Runtime | MeaningForm::Map(_) => Integer::U32,
    };
    let integer = ident(wanted.name());
    if wanted.bits() == bits { value } else { quote!(#integer::from(#value)) }
}

/// `FieldInfo`'s note of the meaning.
pub(super) fn field_info(field: &FieldPlan, plan: &Plan<'_>) -> Option<TokenStream> {
    let meaning = &plan.meanings[field.meaning.as_ref()?.meaning];
    let info = info(meaning);
    let value = match meaning.form {
        MeaningForm::Runtime => {
            let name = ident(&meaning.name);
            quote!(Meaning::#name)
        }
        MeaningForm::Map(map) => {
            let info = ident(&plan.maps[map].info);
            quote!(Meaning::Map(&maps::#info))
        }
        MeaningForm::Newtype { bits: true, .. } => quote!(Meaning::Bits(&meanings::#info)),
        MeaningForm::Newtype { .. } => quote!(Meaning::Values(&meanings::#info)),
    };
    Some(quote! { .meaning(#value) })
}

/// What the accessors of some fields name.
#[derive(Default)]
pub(super) struct Used {
    pub(super) meanings: bool,
    pub(super) maps: bool,
    pub(super) status: bool,
}

/// Which modules the meanings of these fields are in.
pub(super) fn used<'f>(fields: impl Iterator<Item = &'f FieldPlan>, plan: &Plan<'_>) -> Used {
    let mut used = Used::default();
    for field in fields.filter_map(|field| field.meaning.as_ref()) {
        match plan.meanings[field.meaning].form {
            MeaningForm::Newtype { .. } => used.meanings = true,
            MeaningForm::Map(_) => used.maps = true,
            MeaningForm::Runtime => used.status = true,
        }
    }
    used
}
