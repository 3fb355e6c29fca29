//! The report as one JSON object. `help::LATENCY_JSON` describes its keys.

use etw_runtime::FileTime;
use serde_json::{Map, Value, json};
use smbserver_analysis::{
    Command, Component, Components, CountByKey, Dimension, Distribution, Figures, Group, Key, Missing, OpenRequest,
    Owner, Pair, Spelling,
};
use smbserver_etw::{Guid, NtStatus};

use super::{Findings, statuses};
use crate::time;

/// The object.
pub(crate) fn object(findings: &Findings) -> Value {
    let report = &findings.report;
    let top = findings.top;
    let has_dp = report.calibration.spelling() == Some(Spelling::Time);
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| drop(object.insert(key.to_owned(), value));
    put("inputs", findings.files.iter().map(|file| Value::from(&*file.name)).collect());
    put("build", findings.build().into());
    put("start", moment(findings.start));
    put("end", moment(findings.end));
    put("lost", findings.events_lost().into());
    put("lost_buffers", findings.buffers_lost().into());
    put("events", events(findings));
    put("requests", report.total.requests().into());
    put("pairs", report.total.pairs().into());
    put("orphans", report.total.orphans().into());
    put("unanswered_count", report.total.unanswered().into());
    put("interims", json!({ "count": report.interims.count, "orphans": report.interims.orphans }));
    put("unit", unit(findings));
    put("calibration", calibration(findings));
    put("total", Value::Object(figures(&report.total, has_dp)));
    put("commands", groups(findings, &[Dimension::Command], top, has_dp));
    put("statuses", all_statuses(findings, top));
    put("clients", groups(findings, &[Dimension::Client], top, has_dp));
    put("users", groups(findings, &[Dimension::User], top, has_dp));
    put("shares", groups(findings, &[Dimension::Share], top, has_dp));
    put("files_count", report.groups(&[Dimension::File]).map_or(0, <[Group]>::len).into());
    put("files", groups(findings, &[Dimension::File], top, has_dp));
    put("by", extra_tables(findings, top, has_dp));
    put("slowest", report.slowest.iter().take(findings.shown_slowest()).map(|it| pair(it, has_dp)).collect());
    put("unanswered", report.unanswered.iter().take(top).map(open_request).collect());
    put("orphan_responses", report.orphans.iter().take(top).map(|it| pair(it, has_dp)).collect());
    let unknown = &report.unknown;
    let of = |part: fn(&Missing) -> u64| {
        json!({
            "connections": part(&unknown.connections),
            "sessions": part(&unknown.sessions),
            "trees": part(&unknown.trees),
            "opens": part(&unknown.opens),
        })
    };
    put("unknown", of(|missing| missing.ids));
    put("unknown_records", of(|missing| missing.records));
    put("in_flight", json!({ "max": report.load.most_in_flight(), "at": moment(report.load.most_in_flight_at()) }));
    put("timeline", timeline(findings));
    Value::Object(object)
}

fn moment(time: Option<FileTime>) -> Value {
    time.map(time::iso).into()
}

fn guid(guid: Guid) -> Value {
    guid.to_string().trim_matches(['{', '}']).into()
}

fn events(findings: &Findings) -> Value {
    let events = &findings.report.events;
    let by_key = |counts: &CountByKey| {
        let counted = counts.iter().map(|(key, count)| (format!("{}/{}", key.id, key.version), Value::from(*count)));
        Value::Object(counted.collect())
    };
    json!({
        "total": events.total() + findings.others,
        "smbserver": events.total(),
        "other_providers": findings.others,
        "by_id": by_key(&events.by_key),
        "undecodable": by_key(&events.undecodable),
        "unknown": by_key(&events.unknown),
    })
}

fn unit(findings: &Findings) -> Value {
    let report = &findings.report;
    if let Some((unit, per_second)) = report.given_unit {
        return json!({ "name": unit.name(), "per_second": per_second, "source": "given", "error": null });
    }
    match report.unit {
        Some(found) => json!({
            "name": found.unit.name(),
            "per_second": found.per_second,
            "source": format!("inferred from {} pairs", found.pairs),
            "error": found.error,
        }),
        None => json!({ "name": null, "per_second": null, "source": null, "error": null }),
    }
}

fn calibration(findings: &Findings) -> Value {
    let calibration = &findings.report.calibration;
    json!({
        "pairs": calibration.pairs(),
        "wall_ns": calibration.wall_ns(),
        "components": calibration.components(),
        "total_time": calibration.total_time(),
    })
}

fn figures(figures: &Figures, has_dp: bool) -> Map<String, Value> {
    let mut object = Map::new();
    for (key, number) in [
        ("requests", figures.requests()),
        ("interims", figures.interims()),
        ("count", figures.count()),
        ("pairs", figures.pairs()),
        ("orphans", figures.orphans()),
        ("unanswered", figures.unanswered()),
        ("errors", figures.errors()),
        ("errors_paired", figures.errors_paired()),
        ("bytes", figures.bytes()),
        ("bytes_read", figures.bytes_read()),
        ("bytes_written", figures.bytes_written()),
        ("bytes_paired", figures.bytes_paired()),
    ] {
        object.insert(key.to_owned(), number.into());
    }
    object.insert("wall_ns".to_owned(), distribution(figures.wall()));
    object.insert("first_ns".to_owned(), distribution(figures.first()));
    let shown = Component::ALL.into_iter().filter(|&component| has_dp || component != Component::TransportDp);
    let components = shown.map(|component| {
        let part = json!({
            "hits": figures.hits(component),
            "time": figures.time(component),
            "share": figures.share(component),
        });
        (component.name().to_owned(), part)
    });
    object.insert("components".to_owned(), Value::Object(components.collect()));
    object.insert("total_time".to_owned(), figures.total_time().into());
    object
}

fn distribution(values: &Distribution) -> Value {
    let percentiles = values.percentiles_ns([50, 95, 99]);
    let mut object = json!({
        "n": values.count(),
        "sum": values.sum_ns(),
        "mean": values.mean_ns(),
        "min": values.min_ns(),
        "max": values.max_ns(),
        "p50": percentiles.map(|[p50, ..]| p50),
        "p95": percentiles.map(|[_, p95, _]| p95),
        "p99": percentiles.map(|[.., p99]| p99),
    });
    if values.error() > 0.0 {
        object["percentiles_off_by"] = values.error().into();
    }
    object
}

fn groups(findings: &Findings, dimensions: &[Dimension], top: usize, has_dp: bool) -> Value {
    let all = findings.report.groups(dimensions).unwrap_or_default();
    // Commands are few, and a reader looks for one.
    let top = if dimensions == [Dimension::Command] { usize::MAX } else { top };
    all.iter().take(top).map(|it| group(it, has_dp)).collect()
}

fn group(group: &Group, has_dp: bool) -> Value {
    let mut object = Map::new();
    group.keys.iter().for_each(|key| put_key(&mut object, key));
    object.extend(figures(&group.figures, has_dp));
    Value::Object(object)
}

fn put_key(object: &mut Map<String, Value>, key: &Key) {
    let mut put = |name: &str, value: Value| drop(object.insert(name.to_owned(), value));
    match key {
        Key::Command(command) => {
            put("command", command.name().into());
            put("id", command.id().into());
        }
        Key::Client(client) => put("client", client.map(|client| client.to_string()).into()),
        Key::User(user) => put("user", user.as_deref().into()),
        Key::Session(session) => put("session", guid(*session)),
        Key::Share(share) => put("share", share.as_deref().into()),
        Key::File(share, file) => {
            put("share", share.as_deref().into());
            put("file", file.as_deref().into());
        }
        Key::Status(status) => put_status(object, *status),
        Key::Connection(connection) => put("connection", guid(*connection)),
        Key::Instance(instance) => put("instance", (*instance).into()),
        _ => put("rest", true.into()),
    }
}

fn put_status(object: &mut Map<String, Value>, status: NtStatus) {
    object.insert("status".to_owned(), format!("{:#010x}", status.0).into());
    object.insert("status_name".to_owned(), status.name().into());
}

/// All statuses but success, with the commands that ended so.
fn all_statuses(findings: &Findings, top: usize) -> Value {
    let all = statuses(&findings.report);
    let objects = all.iter().take(top).map(|status| {
        let commands = status.commands.iter().map(|(command, count)| (command.name().to_owned(), Value::from(*count)));
        let mut object = Map::new();
        put_status(&mut object, status.status);
        object.insert("error".to_owned(), (status.errors > 0).into());
        object.insert("count".to_owned(), status.count.into());
        object.insert("commands".to_owned(), Value::Object(commands.collect()));
        Value::Object(object)
    });
    objects.collect()
}

/// The groups that `--by` asks for.
fn extra_tables(findings: &Findings, top: usize, has_dp: bool) -> Value {
    let tables = findings.by.iter().map(|dimensions| {
        let by: Vec<_> = dimensions.iter().map(|dimension| dimension.name()).collect();
        json!({ "by": by, "groups": groups(findings, dimensions, top, has_dp) })
    });
    tables.collect()
}

fn put_owner(object: &mut Map<String, Value>, owner: &Owner) {
    object.insert("client".to_owned(), owner.client.map(|client| client.to_string()).into());
    for (key, name) in [("user", &owner.user), ("share", &owner.share), ("file", &owner.file)] {
        object.insert(key.to_owned(), name.as_deref().into());
    }
}

fn begin(command: Command, connection: Guid, message_id: u64, owner: &Owner) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("command".to_owned(), command.name().into());
    object.insert("connection".to_owned(), guid(connection));
    object.insert("message_id".to_owned(), message_id.into());
    put_owner(&mut object, owner);
    object
}

fn pair(pair: &Pair, has_dp: bool) -> Value {
    let mut object = begin(pair.command, pair.connection, pair.message_id, &pair.owner);
    put_status(&mut object, pair.status);
    let mut put = |key: &str, value: Value| drop(object.insert(key.to_owned(), value));
    put("wall_ns", pair.wall_ns.into());
    put("first_ns", pair.first_ns.into());
    put("time_request", moment(pair.time_request));
    put("time_response", moment(Some(pair.time_response)));
    put("bytes", pair.bytes.into());
    if let (Some(offset), Some(length)) = (pair.offset, pair.length) {
        put("offset", offset.into());
        put("length", length.into());
    }
    put("interims", pair.interims.into());
    put("components", components(&pair.components, has_dp));
    put("total_time", pair.components.total_time().into());
    Value::Object(object)
}

fn components(components: &Components, has_dp: bool) -> Value {
    let shown = Component::ALL.into_iter().filter(|&component| has_dp || component != Component::TransportDp);
    let parts = shown.map(|component| {
        let part = json!({ "hits": components.hits(component), "time": components.time(component) });
        (component.name().to_owned(), part)
    });
    Value::Object(parts.collect())
}

fn open_request(request: &OpenRequest) -> Value {
    let mut object = begin(request.command, request.connection, request.message_id, &request.owner);
    object.insert("time_request".to_owned(), moment(Some(request.time)));
    object.insert("interims".to_owned(), request.interims.into());
    Value::Object(object)
}

fn timeline(findings: &Findings) -> Value {
    let load = &findings.report.load;
    let slices = load.slices().map(|(time, slice)| {
        json!({
            "time": moment(Some(time)),
            "requests": slice.requests(),
            "responses": slice.responses(),
            "bytes": slice.bytes(),
            "errors": slice.errors(),
            "in_flight": slice.in_flight(),
            "credits_requested": slice.credits_requested(),
            "credits_granted": slice.credits_granted(),
            "p99_ns": slice.percentile_ns(99),
        })
    });
    let slices: Vec<_> = slices.collect();
    json!({ "slice_ns": load.width().saturating_mul(100), "slices": slices })
}
