//! `descriptor.rs`: channels, levels, opcodes, tasks and keywords, as they stand in an event's header.

use proc_macro2::TokenStream;
use quote::quote;

use super::{decimal, doc_attributes, emit_constants, ident, literal};
use crate::plan::ir::{Constant, Crate, Newtype, TaskOpcode};

pub(super) const DOC: &str = "What an event's header holds beside id and version, with the provider's names for it.";

pub(super) fn emit_items(plan: &Crate) -> Vec<TokenStream> {
    vec![
        emit_newtype(&plan.channels),
        emit_newtype(&plan.levels),
        emit_newtype(&plan.opcodes),
        emit_task_opcodes(&plan.task_opcodes),
        emit_newtype(&plan.tasks),
        emit_placeholders(&plan.placeholder_tasks),
        emit_keywords(&plan.keywords),
        quote! { ::etw_runtime::descriptor_traits!(Channel: u8, Level: u8, Opcode: u8, Task: u16); },
        quote! { ::etw_runtime::keyword_traits!(Keywords: u64); },
    ]
}

fn emit_newtype(newtype: &Newtype) -> TokenStream {
    let name = ident(newtype.name);
    let integer = ident(newtype.integer);
    let docs = doc_attributes(&newtype.docs);
    let constants = emit_constants(&newtype.constants);
    let names = emit_names(&newtype.constants);
    let texts = emit_texts(&newtype.constants);
    let display = if texts.is_empty() {
        quote! { self.name() }
    } else {
        quote! {
            const TEXTS: &[(#integer, &str)] = &[#(#texts),*];
            let text = TEXTS.iter().find(|(value, _)| *value == self.0).map(|(_, text)| *text);
            text.or_else(|| self.name())
        }
    };
    quote! {
        #docs
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct #name(pub #integer);

        impl #name {
            #constants

            /// Every value that a manifest names, and its name there.
            pub const NAMED: &'static [(Self, &'static str)] = &[#(#names),*];

            /// The manifest's name; none for a value that no manifest names.
            pub fn name(self) -> Option<&'static str> {
                Self::NAMED.iter().find(|(value, _)| *value == self).map(|(_, name)| *name)
            }

            /// What Windows shows for it: the text of the newest manifest, or the name where none has a text.
            pub fn display_name(self) -> Option<&'static str> { #display }
        }
    }
}

/// What an opcode is called in the events of a task.
fn emit_task_opcodes(opcodes: &[TaskOpcode]) -> TokenStream {
    let rows = opcodes.iter().map(|of| {
        let task = decimal(of.task);
        let opcode = decimal(of.opcode);
        let text = &of.text;
        quote! { (#task, #opcode, #text) }
    });
    let body = if opcodes.is_empty() {
        quote! {
            let Task(_) = task;
            self.display_name()
        }
    } else {
        quote! {
            const OF_TASKS: &[(u16, u8, &str)] = &[#(#rows),*];
            let of_task = OF_TASKS.iter().find(|(of, value, _)| (*of, *value) == (task.0, self.0));
            of_task.map(|(_, _, text)| *text).or_else(|| self.display_name())
        }
    };
    quote! {
        impl Opcode {
            /// What Windows shows for it in an event of this task: an opcode may be the task's own, and another task may name
            /// the same value otherwise.
            pub fn display_name_in(self, task: Task) -> Option<&'static str> { #body }
        }
    }
}

/// Which tasks have a number that is made up.
fn emit_placeholders(tasks: &[u16]) -> TokenStream {
    let numbers = tasks.iter().map(|task| decimal(*task));
    quote! {
        impl Task {
            /// Whether the number is made up, because no capture gives the real one: events have another.
            pub fn is_placeholder(self) -> bool {
                const PLACEHOLDERS: &[u16] = &[#(#numbers),*];
                PLACEHOLDERS.contains(&self.0)
            }
        }
    }
}

/// The rows of names.
fn emit_names(constants: &[Constant]) -> Vec<TokenStream> {
    let row = |constant: &Constant| {
        let name = ident(&constant.name);
        let text = &constant.text;
        quote! { (Self::#name, #text) }
    };
    constants.iter().map(row).collect()
}

/// The rows of values that Windows shows by another text than their name.
fn emit_texts(constants: &[Constant]) -> Vec<TokenStream> {
    let row = |constant: &Constant| {
        let value = literal(constant.value);
        let text = constant.display.as_ref()?;
        Some(quote! { (#value, #text) })
    };
    constants.iter().filter_map(row).collect()
}

fn emit_keywords(newtype: &Newtype) -> TokenStream {
    let name = ident(newtype.name);
    let integer = ident(newtype.integer);
    let docs = doc_attributes(&newtype.docs);
    let constants = emit_constants(&newtype.constants);
    let names = emit_names(&newtype.constants);
    let texts = emit_texts(&newtype.constants);
    quote! {
        #docs
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct #name(pub #integer);

        impl #name {
            #constants

            /// Every keyword that a manifest names, and its name there.
            pub const NAMED: &'static [(Self, &'static str)] = &[#(#names),*];

            /// The names of the bits that are set and named.
            pub fn names(self) -> impl Iterator<Item = &'static str> {
                Self::NAMED.iter().filter(move |(bit, _)| self.contains(*bit)).map(|(_, name)| *name)
            }

            /// What Windows shows for these bits: the text of the newest manifest, or the name where none has a text.
            pub fn display_names(self) -> impl Iterator<Item = &'static str> {
                const TEXTS: &[(#integer, &str)] = &[#(#texts),*];
                let named = Self::NAMED.iter().filter(move |(bit, _)| self.contains(*bit));
                named.map(|(bit, name)| TEXTS.iter().find(|(value, _)| *value == bit.0).map_or(*name, |(_, text)| *text))
            }
        }
    }
}
