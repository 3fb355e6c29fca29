//! What people want to know about every event, whatever the names of its fields: client, user, share, status.

use std::net::IpAddr;

use etw_runtime::{FieldInfo, Meaning};
use smbserver_etw::{Event, NtStatus, Record, Value};

use crate::fields::{self, Names};

/// The first field with one of these names whose text is not empty.
fn text(event: &Event<'_>, names: &[&str]) -> Option<String> {
    let fields: Vec<_> = event.fields().filter(|(field, _)| names.contains(&field.name)).collect();
    let found = names.iter().filter_map(|name| fields.iter().find(|(field, _)| field.name == *name));
    found.map(|(_, value)| value.to_string()).find(|text| !text.is_empty())
}

/// The client's address: the first field that holds one.
pub(crate) fn address(event: &Event<'_>) -> Option<IpAddr> {
    event.fields().find_map(|(_, value)| match value {
        Value::SocketAddr(address) => address.to_std().map(|address| address.ip()),
        _ => None,
    })
}

/// The client: its address as text, or its name if there is none.
pub(crate) fn client(event: &Event<'_>) -> Option<String> {
    let address = event.fields().find_map(|(_, value)| match value {
        Value::SocketAddr(address) if address.to_std().is_some() => Some(address.to_string()),
        _ => None,
    });
    address.or_else(|| text(event, &["ClientName", "ComputerName"]))
}

/// The user: `DOMAIN\name`, or the name alone.
pub(crate) fn user(event: &Event<'_>) -> Option<String> {
    let name = text(event, &["UserName"])?;
    match text(event, &["DomainName"]) {
        Some(domain) if !name.contains(['\\', '@']) => Some(format!("{domain}\\{name}")),
        _ => Some(name),
    }
}

/// The share as the event has it: `\\*\DATA`.
pub(crate) fn share(event: &Event<'_>) -> Option<String> {
    text(event, &["ShareName"]).or_else(|| if event.id() == 4 { text(event, &["Path"]) } else { None })
}

/// What follows the last backslash: `DATA`.
pub(crate) fn share_name(share: &str) -> &str {
    share.rsplit('\\').next().unwrap_or(share)
}

/// The status: the field of that name, or else the first field that holds a status.
pub(crate) fn status(event: &Event<'_>) -> Option<NtStatus> {
    let is_status = |field: &FieldInfo| field.name == "Status" || matches!(field.meaning, Some(Meaning::NtStatus));
    let all: Vec<_> = event.fields().filter(|(field, _)| is_status(field)).collect();
    let (_, value) = all.iter().find(|(field, _)| field.name == "Status").or(all.first())?;
    let number = match value {
        Value::I32(number) => Some(number.cast_unsigned()),
        other => other.as_u64().and_then(|number| u32::try_from(number).ok()),
    };
    number.map(NtStatus)
}

/// The name of the status, or else its number.
pub(crate) fn status_text(status: NtStatus) -> String {
    status.name().map_or_else(|| format!("{:#x}", status.0), str::to_owned)
}

/// A field's value as text, followed by the value's name if it has one.
pub(crate) fn described(event: &Event<'_>, name: &str) -> Option<String> {
    let (_, field, value) = fields::labelled(event).find(|(label, ..)| label == name)?;
    Some(match (Names::from_value(field, &value), value) {
        (_, Value::SocketAddr(address)) if address.to_std().is_some() => address.to_string(),
        (Some(Names::One(name)), _) => name,
        (_, value) => value.to_string(),
    })
}
