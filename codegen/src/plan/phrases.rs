//! Wording that several documentations share.

use etw_schema::model::schema::{Build, Builds, Schema};

/// Markdown's own characters lose their meaning: texts from a manifest are to be read as they are.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' => out.extend(['\\', c]),
            '\r' | '\n' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// `Build 26100` or `Builds 20348-26100`.
pub(super) fn name_builds(builds: &Builds) -> String {
    let one = builds.first() == builds.last();
    if one && builds.first() == Some(Build::UNKNOWN) {
        return "Of an unknown build".to_owned();
    }
    format!("{} {builds}", if one { "Build" } else { "Builds" })
}

/// ` Builds 26100-26200.` for something that only some captured builds have; empty for what all have.
pub(super) fn name_builds_unless_all(schema: &Schema, builds: &Builds) -> String {
    let everywhere = schema.builds.iter().all(|build| builds.contains(build.number));
    if everywhere { String::new() } else { format!(" {}.", name_builds(builds)) }
}
