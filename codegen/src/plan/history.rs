//! In which builds an event and its fields are there.

use etw_schema::model::schema::{Builds, Event, Schema};

/// The builds that have the event, in any version.
pub(super) fn builds_with(schema: &Schema, event: &Event) -> Builds {
    let holds = |build| event.versions.iter().flat_map(|v| &v.layouts).any(|layout| layout.builds.contains(build));
    Builds::from_schema(schema, holds)
}

/// The builds in which the event has a field of this name, in any version.
fn builds_with_field(schema: &Schema, event: &Event, name: &str) -> Builds {
    let layouts = || event.versions.iter().flat_map(|version| &version.layouts);
    let with_field = || layouts().filter(|layout| layout.newest_fields().iter().any(|field| field.name == name));
    Builds::from_schema(schema, |build| with_field().any(|layout| layout.builds.contains(build)))
}

/// What a field's documentation says of builds: empty if the event always had the field.
pub(super) fn phrase_of_field(schema: &Schema, event: &Event, name: &str) -> String {
    let builds = builds_with_field(schema, event, name);
    if builds == builds_with(schema, event) {
        String::new()
    } else {
        format!(" {}.", super::phrases::name_builds(&builds))
    }
}
