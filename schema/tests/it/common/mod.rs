//! A provider brought to what a compiled manifest can hold of it.

pub(crate) mod random;

use etw_schema::message;
use etw_schema::model::{Field, Manifest, Provider, Template};

/// Drops what a WEVT_TEMPLATE resource cannot hold (symbols, names of templates, a channel's type and files) and orders
/// what it orders. A template stands for itself in each event that uses it.
pub(crate) fn normal(provider: &Provider) -> (Provider, Vec<Vec<Field>>) {
    let mut p = provider.clone();
    (p.symbol, p.resource_file, p.message_file, p.parameter_file) = (None, None, None, None);
    text(&mut p.message);
    let ids: Vec<(String, String)> = p.channels.iter().map(|c| (c.id.clone(), c.name.clone())).collect();
    for channel in &mut p.channels {
        channel.id.clone_from(&channel.name);
        (channel.symbol, channel.kind, channel.enabled, channel.isolation) = (None, None, None, None);
        text(&mut channel.message);
    }
    for level in &mut p.levels {
        level.symbol = None;
        text(&mut level.message);
    }
    p.levels.sort_by_key(|level| level.value);
    let tasks: Vec<(String, u16)> = p.tasks.iter().map(|task| (task.name.clone(), task.value)).collect();
    for opcode in &mut p.opcodes {
        opcode.symbol = None;
        text(&mut opcode.message);
    }
    let task =
        |name: &Option<String>| name.as_ref().and_then(|n| tasks.iter().find(|(t, _)| t == n)).map_or(0, |t| t.1);
    p.opcodes.sort_by_key(|opcode| (opcode.value, task(&opcode.task), opcode.name.clone()));
    for task in &mut p.tasks {
        task.symbol = None;
        task.is_placeholder = false;
        text(&mut task.message);
    }
    for keyword in &mut p.keywords {
        keyword.symbol = None;
        text(&mut keyword.message);
    }
    for map in &mut p.maps {
        map.symbol = None;
        for entry in &mut map.entries {
            entry.symbol = None;
            text(&mut entry.message);
        }
    }
    let templates = std::mem::take(&mut p.templates);
    p.events.sort_by_key(|event| (event.id, event.version));
    let mut fields = Vec::new();
    for event in &mut p.events {
        event.symbol = None;
        text(&mut event.message);
        let path = event.channel.as_ref().and_then(|id| ids.iter().find(|(known, _)| known == id));
        event.channel = path.map(|(_, name)| name.clone()).or(event.channel.take());
        event.task = event.task.take().filter(|task| task != "win:None");
        let template: Option<&Template> = templates.iter().find(|t| Some(&t.id) == event.template.as_ref());
        fields.push(template.map_or(Vec::new(), |template| template.fields.iter().map(shown).collect()));
        event.template = event.template.as_ref().map(|_| String::new());
    }
    (p, fields)
}

/// A field without the outType that its inType has anyway, and without a length that means nothing.
fn shown(field: &Field) -> Field {
    let mut field = field.clone();
    field.out_type = field.out_type.filter(|out_type| Some(*out_type) != field.in_type.default_out_type());
    field.length = field.length.filter(|_| field.in_type.takes_length());
    field.members = field.members.iter().map(shown).collect();
    field
}

/// A text by what it shows: a percent sign may stand single or doubled.
fn text(text: &mut Option<String>) {
    *text = text.as_deref().map(|text| format!("{:?}", message::parse(text)));
}

/// The first provider.
pub(crate) fn first(manifest: &Manifest) -> &Provider {
    manifest.providers.first().expect("a provider")
}
