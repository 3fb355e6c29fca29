//! The JSON form. `docs/diff-json.md` describes it; its keys are a promise to scripts.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::{Change, Diff, EventState, Side, Verdict, wire_type};
use crate::model::Field;

/// The number of the format: raised when a key changes its meaning or goes.
pub const JSON_FORMAT: u32 = 1;

impl Serialize for Diff {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let side = |(label, product): &(String, String)| json!({ "label": label, "product": product });
        let mut out = serializer.serialize_struct("Diff", 5)?;
        out.serialize_field("format", &JSON_FORMAT)?;
        out.serialize_field("old", &side(&self.old))?;
        out.serialize_field("new", &side(&self.new))?;
        let count = |verdict| self.with(verdict).count();
        let summary = json!({
            "breaking": count(Verdict::Breaking),
            "needs_attention": count(Verdict::NeedsAttention),
            "compatible": count(Verdict::Compatible),
        });
        out.serialize_field("summary", &summary)?;
        out.serialize_field("changes", &self.changes.iter().map(change).collect::<Vec<_>>())?;
        out.end()
    }
}

fn change(change: &Change) -> Value {
    let verdict = change.verdict();
    match change {
        Change::Event { id, version, whole_event, side } => {
            let (kind, state) = match side {
                Side::Added(state) => ("added", state),
                Side::Removed(state) => ("removed", state),
            };
            let what = if *whole_event { "event" } else { "version" };
            json!({
                "verdict": verdict, "kind": format!("{what}_{kind}"), "id": id, "version": version,
                "name": state.name(*version), "event": event(state),
            })
        }
        Change::Layout { id, version, name, old, new, edits } => json!({
            "verdict": verdict, "kind": "layout", "id": id, "version": version, "name": name,
            "edits": edits, "old": fields(old), "new": fields(new),
        }),
        Change::Fact { id, version, name, fact, old, new } => json!({
            "verdict": verdict, "kind": fact, "id": id, "version": version, "name": name, "old": old, "new": new,
        }),
        Change::Shown { id, version, name, field: (at, field), old, new, .. } => json!({
            "verdict": verdict, "kind": "shown", "id": id, "version": version, "name": name,
            "field": field, "at": at,
            "old": { "out_type": old.0, "map": old.1 }, "new": { "out_type": new.0, "map": new.1 },
        }),
        Change::Declaration { kind, name, old, new } => json!({
            "verdict": verdict, "kind": kind, "name": name, "old": old, "new": new,
        }),
    }
}

fn event(state: &EventState) -> Value {
    let header = &state.header;
    json!({
        "symbol": header.symbol, "channel": header.channel, "level": header.level, "opcode": header.opcode,
        "task": header.task, "keywords": header.keywords, "message": header.message, "fields": fields(&state.fields),
    })
}

fn fields(fields: &[Field]) -> Vec<Value> {
    let one = |field: &Field| json!({ "name": field.name, "type": wire_type(field), "out_type": field.out_type, "map": field.map });
    fields.iter().map(one).collect()
}
