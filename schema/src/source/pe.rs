//! Binaries: the WEVT_TEMPLATE resource and the RT_MESSAGETABLE of a PE file.

use etw_runtime::status::{DllError, Resource, ResourceType, resource};

use super::message_table::{self, Texts};
use crate::diagnostic::Diagnostics;
use crate::model::Place;

/// The name of the resource type with the compiled manifest.
pub(crate) const WEVT_TEMPLATE: &str = "WEVT_TEMPLATE";

/// What a binary holds of a manifest.
#[derive(Debug, Default)]
pub(super) struct Resources<'b> {
    /// The compiled manifest.
    pub(super) template: Option<&'b [u8]>,
    /// The texts.
    pub(super) messages: Option<Texts>,
}

/// Looks the resources up. What is wrong is reported; a binary without either resource is an error.
pub(super) fn read<'b>(file: &str, bytes: &'b [u8], found: &mut Diagnostics) -> Resources<'b> {
    let at = Place::file(file);
    match find(bytes) {
        Ok((None, None)) => {
            let message = "it has neither a WEVT_TEMPLATE resource nor a message table; expected one of them";
            found.error(&at, "resources", message);
            Resources::default()
        }
        Ok((template, messages)) => {
            let texts = |table: Resource<'_>| message_table::read(file, table.bytes, found).in_language(table.language);
            Resources { template: template.map(|template| template.bytes), messages: messages.map(texts) }
        }
        Err(error) => {
            found.error(&at, "PE", error.to_string());
            Resources::default()
        }
    }
}

type Found<'b> = Option<Resource<'b>>;

fn find(bytes: &[u8]) -> Result<(Found<'_>, Found<'_>), DllError> {
    let template = resource(bytes, ResourceType::Named(WEVT_TEMPLATE))?;
    Ok((template, resource(bytes, ResourceType::MessageTable)?))
}
