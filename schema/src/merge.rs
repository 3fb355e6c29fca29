//! Builds in, one schema out: finds which facts the builds share and which layouts they do not.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostics;
use crate::model::schema::{Build, Builds, Event, Header, Held, Layout, Schema, Version};
use crate::model::{self, EventKey, Field, Place, Provider};

/// One build's manifest and where its facts come from.
#[derive(Clone, Debug)]
pub struct Capture {
    /// The build.
    pub build: Build,
    /// What its manifest declares.
    pub provider: Provider,
}

/// Merges captures of one provider. The order in which they come does not matter.
///
/// Errors: no capture, two of one build, or captures of different providers.
pub fn merge(mut captures: Vec<Capture>) -> (Schema, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    captures.sort_by_key(|capture| capture.build.number);
    let Some(newest) = captures.last().map(|capture| &capture.provider) else {
        diagnostics.error(&Place::default(), "schema", "there is no manifest to merge");
        return (Schema::default(), diagnostics);
    };
    let mut schema = Schema { provider: newest.name.clone(), guid: newest.guid, ..Schema::default() };
    let mut events = BTreeMap::new();
    let mut previous: Option<u32> = None;
    for capture in &captures {
        let number = capture.build.number;
        if previous == Some(number) {
            let message = format!("duplicate build {number}; expected one manifest for each build");
            diagnostics.error(&capture.provider.at, "provider", message);
            continue;
        }
        if capture.provider.guid != schema.guid {
            let message =
                format!("the provider is {}; that of the newest build is {}", capture.provider.guid, schema.guid);
            diagnostics.error(&capture.provider.at, format!("provider {}", capture.provider.name), message);
            continue;
        }
        add_declarations(&mut schema, &capture.provider, number, previous);
        add_events(&mut events, &capture.provider, number, previous, &mut diagnostics);
        schema.builds.push(capture.build.clone());
        previous = Some(number);
    }
    events.retain(|(id, version), layouts| {
        let Some(build) = contradiction(layouts) else { return true };
        let message = format!("defined twice in build {build} with different fields; the event is left out");
        diagnostics.error(&place_of(layouts), EventKey::new(*id, *version).to_string(), message);
        false
    });
    schema.events = collect(events);
    (schema, diagnostics)
}

/// A build with two layouts: it is unknown which of them its payloads have.
fn contradiction(layouts: &[Layout]) -> Option<u32> {
    let builds = |layout: &Layout| layout.builds.ranges().iter().flat_map(|r| [r.first, r.last]).collect::<Vec<_>>();
    let pairs = layouts.iter().enumerate().flat_map(|(at, a)| layouts[..at].iter().map(move |b| (a, b)));
    pairs
        .flat_map(|(a, b)| {
            let of_a = builds(a).into_iter().filter(|build| b.builds.contains(*build));
            of_a.chain(builds(b).into_iter().filter(|build| a.builds.contains(*build))).collect::<Vec<_>>()
        })
        .next()
}

/// Where the fields of the last layout that has some were read.
fn place_of(layouts: &[Layout]) -> Place {
    layouts.iter().rev().find_map(|layout| layout.newest_fields().first()).map(|f| f.at.clone()).unwrap_or_default()
}

fn add_declarations(schema: &mut Schema, provider: &Provider, build: u32, previous: Option<u32>) {
    hold_all(&mut schema.channels, &provider.channels, build, previous);
    hold_all(&mut schema.levels, &provider.levels, build, previous);
    hold_all(&mut schema.opcodes, &provider.opcodes, build, previous);
    hold_all(&mut schema.tasks, &provider.tasks, build, previous);
    hold_all(&mut schema.keywords, &provider.keywords, build, previous);
    hold_all(&mut schema.maps, &provider.maps, build, previous);
}

fn hold_all<T: Clone + PartialEq>(held: &mut Vec<Held<T>>, items: &[T], build: u32, previous: Option<u32>) {
    for item in items {
        hold(held, item, build, previous);
    }
}

/// Notes that a fact holds in a build: it joins an equal fact of older builds, or becomes a new one.
fn hold<T: Clone + PartialEq>(held: &mut Vec<Held<T>>, item: &T, build: u32, previous: Option<u32>) {
    match held.iter_mut().find(|known| known.value == *item) {
        // One build may say the same thing twice; it still holds once.
        Some(known) if known.builds.last() == Some(build) => {}
        Some(known) => known.builds.push(build, previous),
        None => held.push(Held { builds: Builds::from_build(build), value: item.clone() }),
    }
}

fn add_events(
    events: &mut BTreeMap<(u16, u8), Vec<Layout>>,
    provider: &Provider,
    build: u32,
    previous: Option<u32>,
    diagnostics: &mut Diagnostics,
) {
    let templates: BTreeMap<&str, &[Field]> =
        provider.templates.iter().map(|t| (t.id.as_str(), t.fields.as_slice())).collect();
    for event in &provider.events {
        let fields = match event.template.as_deref().map(|id| (id, templates.get(id))) {
            None => &[],
            Some((_, Some(fields))) => *fields,
            // Without its template the event would pass for one without fields.
            Some((id, None)) => {
                diagnostics.error(
                    &event.at,
                    event.key().to_string(),
                    format!("template {id} cannot be read; the event is left out"),
                );
                continue;
            }
        };
        if let Some(doubt) = &event.doubt {
            diagnostics.error(&event.at, event.key().to_string(), format!("{doubt}; the event is left out"));
            continue;
        }
        let layouts = events.entry((event.id, event.version)).or_default();
        let at = layouts.iter().position(|layout| same_wire_form(layout.newest_fields(), fields));
        let at = at.unwrap_or_else(|| {
            layouts.push(Layout::default());
            layouts.len() - 1
        });
        let layout = &mut layouts[at];
        if layout.builds.last() == Some(build) {
            continue; // a duplicate event, which validation reports
        }
        layout.builds.push(build, previous);
        hold(&mut layout.headers, &header(event), build, previous);
        hold(&mut layout.fields, &fields.to_vec(), build, previous);
    }
}

pub(crate) fn header(event: &model::Event) -> Header {
    Header {
        symbol: event.symbol.clone(),
        channel: event.channel.clone(),
        level: event.level.clone(),
        opcode: event.opcode.clone(),
        task: event.task.clone(),
        keywords: event.keywords.clone(),
        message: event.message.clone(),
    }
}

/// Whether two field lists lay out the same bytes under the same names. outType and map only say how values are
/// shown.
pub fn same_wire_form(a: &[Field], b: &[Field]) -> bool {
    let same = |(a, b): (&Field, &Field)| {
        (&a.name, a.in_type, &a.length, &a.count) == (&b.name, b.in_type, &b.length, &b.count)
            && same_wire_form(&a.members, &b.members)
    };
    a.len() == b.len() && a.iter().zip(b).all(same)
}

fn collect(events: BTreeMap<(u16, u8), Vec<Layout>>) -> Vec<Event> {
    let mut by_id: Vec<Event> = Vec::new();
    for ((id, version), layouts) in events {
        let version = Version { version, layouts };
        match by_id.last_mut() {
            Some(event) if event.id == id => event.versions.push(version),
            _ => by_id.push(Event { id, versions: vec![version] }),
        }
    }
    by_id
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{InType, Template};

    fn capture(build: u32, message: &str, fields: &[(&str, InType)]) -> Capture {
        let field = |&(name, in_type): &(&str, InType)| Field { name: name.to_owned(), in_type, ..Field::default() };
        let template =
            Template { id: "T".to_owned(), fields: fields.iter().map(field).collect(), ..Template::default() };
        let event = model::Event {
            id: 1,
            template: Some("T".to_owned()),
            message: Some(message.to_owned()),
            ..model::Event::default()
        };
        let provider = Provider { templates: vec![template], events: vec![event], ..Provider::default() };
        Capture { build: Build { number: build, ..Build::default() }, provider }
    }

    #[test]
    fn a_field_that_moves_makes_a_second_layout_and_the_order_of_captures_does_not_matter() {
        let captures = [
            capture(1, "old", &[("A", InType::UInt8), ("B", InType::UInt32)]),
            capture(2, "new", &[("A", InType::UInt8), ("B", InType::UInt32)]),
            capture(3, "new", &[("B", InType::UInt32), ("A", InType::UInt8)]),
        ];
        let (schema, diagnostics) = merge(captures.to_vec());
        assert!(diagnostics.is_empty());
        let layouts = &schema.events[0].versions[0].layouts;
        let builds: Vec<String> = layouts.iter().map(|l| l.builds.to_string()).collect();
        assert_eq!(builds, ["1-2", "3"]);
        assert_eq!(layouts[0].headers.len(), 2, "the message changed at build 2");
        assert_eq!(merge(captures.into_iter().rev().collect()).0, schema);
    }

    #[test]
    fn an_event_whose_template_is_not_there_is_left_out() {
        let mut broken = capture(1, "", &[("A", InType::UInt8)]);
        broken.provider.templates.clear();
        let (schema, diagnostics) = merge(vec![broken]);
        assert!(schema.events.is_empty());
        assert!(diagnostics.to_string().contains("event 1 version 0: template T cannot be read"), "{diagnostics}");
    }

    #[test]
    fn two_captures_of_one_build_are_an_error() {
        let (_, diagnostics) = merge(vec![capture(1, "", &[]), capture(1, "", &[])]);
        assert!(diagnostics.to_string().contains("duplicate build 1"), "{diagnostics}");
    }
}
