//! An example in the documentation of each module, which `cargo test` runs.

use super::ir::{Accessor, Crate, Event, Module};

/// Adds the examples. They name the crate, so that only the files of a crate of its own can have them.
pub(crate) fn add(plan: &mut Crate, crate_name: &str) {
    let builds: Vec<(u32, String)> = plan.builds.iter().map(|build| (build.number, build.name.clone())).collect();
    for module in &mut plan.modules {
        let lines = show(module, &crate_name.replace('-', "_"), &builds);
        module.docs.extend(lines.unwrap_or_default());
    }
}

/// Decodes an event of the module: one with a text, if there is one.
fn show(module: &Module, crate_name: &str, builds: &[(u32, String)]) -> Option<Vec<String>> {
    let has_text = |event: &&Event| find_shown(event).is_some_and(|accessor| accessor.ty.contains("Utf16"));
    let event = module.events.iter().find(has_text).or(module.events.first())?;
    let layout = event.layouts.last()?;
    let last = layout.builds.iter().map(|range| range.last).max()?;
    let (_, build) = builds.iter().find(|(number, _)| *number == last)?;
    let name = &event.name;
    let shown = find_shown(event).map_or_else(|| "event".to_owned(), |accessor| format!("event.{}()", accessor.name));
    let example = format!(
        "\n```\nuse {crate_name}::{{Build, DecodeError, Event}};\n\n\
         fn print(payload: &[u8]) -> Result<(), DecodeError> {{\n    \
         let decoded = Event::decode(Build::{build}, {}, {}, payload)?;\n    \
         if let Event::{name}(event) = decoded.event {{\n        println!(\"{{}}\", {shown});\n    }}\n    Ok(())\n\
         }}\n# let _ = print(&[]);\n```",
        event.id, layout.version
    );
    Some(example.lines().map(str::to_owned).collect())
}

/// An accessor whose value can be displayed: a text rather than a number.
fn find_shown(event: &Event) -> Option<&Accessor> {
    let is_text = |accessor: &&Accessor| accessor.ty == "rt::Utf16<'a>";
    let is_plain = |accessor: &&Accessor| {
        let path = accessor.ty.trim_end_matches("<'a>");
        path.starts_with("rt::") && !path.contains('<')
            || path.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    event.accessors.iter().find(is_text).or_else(|| event.accessors.iter().find(is_plain))
}
