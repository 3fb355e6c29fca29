//! What a merged trace says of its own events: the layouts that the machine that merged it had registered. They are compared with
//! the layouts that the build chooses.

use std::collections::BTreeMap;

use etw_recording::{
    Filter,
    etl::{EVENT_METADATA, EventInfo, Extent, Property, PropertyKind, Schema, Trace},
};
use etw_runtime::{EventKey, FieldInfo, InType, LayoutInfo, Size};
use smbserver_etw::{Build, schema::PROVIDER};

/// So many events are looked at: more than any build has.
const MOST: usize = 4096;

/// What a trace says of SMBServer's events, held against what is known of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Described {
    events: BTreeMap<EventKey, Comparison>,
}

/// An event's layout in the trace, held against the known ones.
#[derive(Clone, Debug)]
pub(crate) struct Comparison {
    /// The known layout that has the same fields.
    pub(crate) same: Option<&'static LayoutInfo>,
    /// What is to be said: the build chooses another layout.
    pub(crate) note: Option<String>,
}

impl Described {
    /// Reads a trace to its end for them, if it is one that holds any. `build` is the one that layouts are chosen by.
    pub(crate) fn read(trace: &mut Trace<'_>, build: Option<Build>) -> Self {
        let mut described = Self::default();
        // Where the header is lost, nothing tells whether the file was merged.
        if trace.header().is_some_and(|header| !header.is_merged()) {
            return described;
        }
        trace.set_filter(Filter::new().provider(EVENT_METADATA));
        let mut records = trace.records();
        while let Some(record) = records.next() {
            // What is wrong is told where the events are read.
            let Ok(record) = record else { continue };
            let Some(Schema::EventInfo(bytes)) = record.schema() else { continue };
            let info = EventInfo::parse(bytes).filter(|info| info.provider() == PROVIDER.guid);
            if let Some(info) = info
                && described.events.len() < MOST
            {
                described.events.entry(info.key()).or_insert_with(|| Comparison::new(&info, build));
            }
        }
        trace.set_filter(Filter::new());
        described
    }

    /// How many events are described.
    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }

    /// What is said of an event.
    pub(crate) fn get(&self, key: EventKey) -> Option<&Comparison> {
        self.events.get(&key)
    }

    /// The notes of all events.
    pub(crate) fn notes(&self) -> impl Iterator<Item = (EventKey, &str)> {
        self.events.iter().filter_map(|(key, comparison)| Some((*key, comparison.note.as_deref()?)))
    }
}

impl Comparison {
    fn new(info: &EventInfo<'_>, build: Option<Build>) -> Self {
        let fields: Vec<_> = info.properties().take(info.top_level()).map(|property| Field::new(&property)).collect();
        let key = info.key();
        let known = PROVIDER.event(key.id).and_then(|event| event.version(key.version));
        let same = known.and_then(|version| version.layouts.iter().copied().find(|layout| is_same(layout, &fields)));
        let capture = build.and_then(|build| PROVIDER.capture_for(build.number()));
        let chosen = capture.and_then(|capture| known?.layout_at(capture));
        let note = chosen.filter(|chosen| !is_same(chosen, &fields)).map(|chosen| note(chosen, same, &fields));
        Self { same, note }
    }
}

/// A field as the trace describes it.
struct Field {
    name: String,
    /// None for a struct, and for a type that is not known.
    in_type: Option<InType>,
    length: Option<Size>,
    count: Option<Size>,
}

impl Field {
    fn new(property: &Property<'_>) -> Self {
        let in_type = match property.kind {
            PropertyKind::Value { in_type, .. } => u8::try_from(in_type).ok().and_then(InType::from_value),
            _ => None,
        };
        // The length of a type that has one by itself is always there.
        let has_length = in_type.is_some_and(InType::takes_length) || matches!(property.length, Extent::Property(_));
        Self {
            name: property.name.map(|name| name.to_string()).unwrap_or_default(),
            in_type,
            length: size(property.length).filter(|_| has_length),
            count: size(property.count).filter(|_| property.is_array),
        }
    }

    fn is(&self, field: &FieldInfo) -> bool {
        self.name == field.name
            && self.in_type == Some(field.in_type)
            && self.length == field.length
            && self.count == field.count
    }
}

fn size(extent: Extent) -> Option<Size> {
    match extent {
        Extent::Fixed(0) => None,
        Extent::Fixed(number) => Some(Size::Fixed(number)),
        Extent::Property(index) => Some(Size::Field(index)),
    }
}

fn is_same(layout: &LayoutInfo, fields: &[Field]) -> bool {
    layout.fields.len() == fields.len() && layout.fields.iter().zip(fields).all(|(known, field)| field.is(known))
}

fn note(chosen: &LayoutInfo, same: Option<&LayoutInfo>, fields: &[Field]) -> String {
    let at = chosen.fields.iter().zip(fields).position(|(known, field)| !field.is(known));
    let first = at.unwrap_or(chosen.fields.len().min(fields.len()));
    let known = chosen.fields.get(first).map(|field| format!("{} ({})", field.name, field.in_type));
    let found = fields.get(first).map(|field| {
        let in_type = field.in_type.map_or_else(|| "a type that is not known".to_owned(), |t| t.to_string());
        format!("{} ({in_type})", field.name)
    });
    let nothing = || "no field".to_owned();
    let which = same.map_or_else(
        || "no known layout has these fields".to_owned(),
        |same| format!("they are those of {}", same.name),
    );
    format!(
        "the trace describes this event with other fields than {}: field {} is {}, not {}; {which}",
        chosen.name,
        first + 1,
        found.unwrap_or_else(nothing),
        known.unwrap_or_else(nothing),
    )
}
