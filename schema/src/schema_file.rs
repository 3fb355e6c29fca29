//! `schema.json`: the merged schema as text that people can review: one field, task or header a line, keys in the
//! order of the model, nothing for what a manifest leaves out. It reads back as the schema it was made of.

use std::error::Error;
use std::fmt;

use serde_json::Value;

use crate::model::schema::Schema;

/// The widest line that holds a whole object or array.
const WIDTH: usize = 160;

/// Why a schema could not be written or read.
#[derive(Debug)]
pub struct SchemaFileError {
    /// The file; empty where it was being written.
    file: String,
    error: serde_json::Error,
}

impl fmt::Display for SchemaFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.is_empty() {
            write!(f, "{}: ", self.file)?;
        }
        write!(f, "error: schema: {}", self.error)
    }
}

impl Error for SchemaFileError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}

/// The schema's text.
///
/// # Errors
/// None for a schema of this crate.
pub fn write(schema: &Schema) -> Result<String, SchemaFileError> {
    let value = serde_json::to_value(schema).map_err(|error| SchemaFileError { file: String::new(), error })?;
    let mut text = String::new();
    write_value(&mut text, &value, 0);
    text.push('\n');
    Ok(text)
}

/// Reads what [`write()`] wrote. Lines of the manifests are not in it.
///
/// # Errors
/// Text that is no schema: the file, the line and what was expected there.
pub fn read(file: &str, text: &str) -> Result<Schema, SchemaFileError> {
    serde_json::from_str(text).map_err(|error| SchemaFileError { file: file.to_owned(), error })
}

fn write_value(out: &mut String, value: &Value, indent: usize) {
    let line = on_one_line(value);
    if indent + line.len() <= WIDTH {
        *out += &line;
        return;
    }
    let inner = " ".repeat(indent + 1);
    match value {
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                *out += if at == 0 { "\n" } else { ",\n" };
                *out += &inner;
                write_value(out, item, indent + 1);
            }
            *out += &format!("\n{}]", " ".repeat(indent));
        }
        Value::Object(members) => {
            out.push('{');
            for (at, (key, member)) in members.iter().filter(|(_, member)| !member.is_null()).enumerate() {
                *out += if at == 0 { "\n" } else { ",\n" };
                *out += &format!("{inner}{}: ", Value::from(key.as_str()));
                write_value(out, member, indent + 1);
            }
            *out += &format!("\n{}}}", " ".repeat(indent));
        }
        _ => *out += &line,
    }
}

fn on_one_line(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(on_one_line).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let members = members.iter().filter(|(_, member)| !member.is_null());
            let members: Vec<String> = members
                .map(|(key, member)| format!("{}: {}", Value::from(key.as_str()), on_one_line(member)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        scalar => scalar.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::schema::{Builds, Event, Held, Layout, Version};
    use crate::model::{Field, FieldRef, InType, Size};

    #[test]
    fn a_schema_reads_back_and_has_a_field_a_line() {
        let field = |name: &str| Field {
            name: name.to_owned(),
            in_type: InType::Binary,
            length: Some(Size::Field(FieldRef::beside("LengthOfWhatFollows", 0))),
            ..Field::default()
        };
        let length = Field { name: "LengthOfWhatFollows".to_owned(), in_type: InType::UInt16, ..Field::default() };
        let fields = vec![length, field("TheFirstOfTheFields"), field("TheSecondOfTheFields")];
        let layout = Layout {
            builds: Builds::from_build(1),
            headers: Vec::new(),
            fields: vec![Held { builds: Builds::from_build(1), value: fields }],
        };
        let event = Event { id: 1, versions: vec![Version { version: 0, layouts: vec![layout] }] };
        let schema = Schema { provider: "P".to_owned(), events: vec![event], ..Schema::default() };
        let text = write(&schema).expect("plain data");
        assert_eq!(read("schema.json", &text).ok(), Some(schema));
        assert_eq!(text.lines().filter(|line| line.contains("OfTheFields")).count(), 2, "{text}");
        assert!(!text.contains("null"), "{text}");
    }

    #[test]
    fn what_is_no_schema_is_refused_with_its_line() {
        let error = read("schema.json", "{\n\"provider\": 1}").expect_err("a number is not a name").to_string();
        assert!(error.starts_with("schema.json: error: schema: invalid type") && error.contains("line 2"), "{error}");
    }
}
