//! Events as `schema` shows them, whether they are of a capture or of a merged schema.

use std::io::{self, Write};

use etw_schema::model::{self, Size};
use etw_schema::visible::visible;
use serde::Serialize;

/// An event of a schema. Its keys are a promise to scripts.
#[derive(Debug, Serialize)]
pub struct Event<'s> {
    /// The id.
    pub id: u16,
    /// The version.
    pub version: u8,
    /// The layout's name in the generated crate; null for a capture that is not part of the crate.
    pub layout: Option<String>,
    /// The symbol.
    pub symbol: Option<&'s str>,
    /// The name.
    pub name: String,
    /// The channel.
    pub channel: Option<&'s str>,
    /// The level.
    pub level: Option<&'s str>,
    /// The opcode.
    pub opcode: Option<&'s str>,
    /// The task.
    pub task: Option<&'s str>,
    /// The keywords.
    pub keywords: &'s [String],
    /// The fields, in their order.
    pub fields: Vec<Field<'s>>,
    /// The message.
    pub message: Option<&'s str>,
}

/// A field of an event.
#[derive(Debug, Serialize)]
pub struct Field<'s> {
    /// The name.
    pub name: &'s str,
    /// The inType.
    pub in_type: &'static str,
    /// The outType.
    pub out_type: Option<&'static str>,
    /// The length.
    pub length: Option<&'s Size>,
    /// The count.
    pub count: Option<&'s Size>,
    /// The map.
    pub map: Option<&'s str>,
    /// The members of a struct.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Self>,
}

/// A field of a manifest as a document has it.
pub fn field(field: &model::Field) -> Field<'_> {
    Field {
        name: &field.name,
        in_type: field.in_type.name(),
        out_type: field.out_type.map(model::OutType::name),
        length: field.length.as_ref(),
        count: field.count.as_ref(),
        map: field.map.as_deref(),
        members: field.members.iter().map(self::field).collect(),
    }
}

/// Writes an event with its fields and its message.
///
/// # Errors
/// The output cannot be written.
pub fn write_event(out: &mut dyn Write, event: &Event<'_>) -> io::Result<()> {
    writeln!(out, "\n{} v{} {}", event.id, event.version, visible(event.layout.as_ref().unwrap_or(&event.name)))?;
    let header = [("channel", event.channel), ("level", event.level), ("opcode", event.opcode), ("task", event.task)];
    let mut parts: Vec<String> = header.iter().filter_map(|(k, v)| v.map(|v| format!("{k} {v}"))).collect();
    if !event.keywords.is_empty() {
        parts.push(format!("keywords {}", event.keywords.join(" ")));
    }
    if !parts.is_empty() {
        writeln!(out, "  {}", visible(&parts.join(", ")))?;
    }
    write_fields(out, &event.fields, 4)?;
    event.message.map_or(Ok(()), |message| writeln!(out, "  message: {}", visible(message)))
}

fn write_fields(out: &mut dyn Write, fields: &[Field<'_>], indent: usize) -> io::Result<()> {
    let width = fields.iter().map(|field| field.name.len()).max().unwrap_or(0);
    for field in fields {
        write!(out, "{:indent$}{:width$}  {:18}", "", visible(field.name), field.in_type)?;
        for (what, size) in [("length", field.length), ("count", field.count)] {
            match size {
                Some(Size::Fixed(n)) => write!(out, " {what}={n}")?,
                Some(Size::Field(field)) => write!(out, " {what}={}", visible(&field.to_string()))?,
                None => {}
            }
        }
        if let Some(map) = field.map {
            write!(out, " map={}", visible(map))?;
        }
        writeln!(out, "{}", field.out_type.map_or_else(String::new, |out_type| format!(" -> {out_type}")))?;
        write_fields(out, &field.members, indent + 2)?;
    }
    Ok(())
}
