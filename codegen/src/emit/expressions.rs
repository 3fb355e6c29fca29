//! Expressions, and what is done to a value.

use proc_macro2::TokenStream;
use quote::quote;

use super::{ident, index, path};
use crate::plan::ir::{InSegment, Source, Step, Value};

/// An expression in a method of a view or of an encoder.
pub(super) fn emit_value(value: &Value) -> TokenStream {
    let source = match &value.source {
        Source::Segment(place) => {
            let read = emit_in_segment(place);
            quote!(self.#read)
        }
        Source::Member(member) => {
            let member = ident(member);
            quote!(self.#member)
        }
        Source::Accessor(accessor) => {
            let accessor = ident(accessor);
            quote!(self.#accessor())
        }
        Source::Local(name) => {
            let name = ident(name);
            quote!(#name)
        }
    };
    emit_steps(source, &value.steps)
}

/// The call that reads a value off a segment.
pub(super) fn emit_in_segment(place: &InSegment) -> TokenStream {
    let member = ident(&place.member);
    let method = ident(place.method);
    let offset = index(place.offset.into());
    quote!(#member.#method::<#offset>())
}

/// A value after some steps.
pub(super) fn emit_steps(value: TokenStream, steps: &[Step]) -> TokenStream {
    steps.iter().fold(value, |value, step| match step {
        Step::Call(method) => {
            let method = ident(method);
            quote!(#value.#method())
        }
        Step::Wrap(function) => {
            let function = path(function);
            quote!(#function(#value))
        }
        Step::Unwrap => quote!(#value.0),
        Step::IsNotZero => quote!(#value != 0),
    })
}

/// The steps as a function: a closure, or the path itself of a single constructor.
pub(super) fn emit_function(steps: &[Step]) -> TokenStream {
    if let [Step::Wrap(constructor)] = steps {
        return path(constructor);
    }
    let body = emit_steps(quote!(value), steps);
    quote!(|value| #body)
}
