//! The report as one JSON object. `help::LATENCY_JSON` describes its keys.

use etw_runtime::FileTime;
use serde_json::{Map, Value, json};
use smbserver_analysis::{
    Command, Component, Components, CountByKey, Dimension, Distribution, Figures, Group, Key, Missing, OpenRequest,
    Owner, Pair, Spelling,
};
use smbserver_etw::{Guid, NtStatus};

use super::{Findings, statuses};
use crate::{output::json::put, time};

/// The object.
pub(crate) fn object(findings: &Findings) -> Value {
    let report = &findings.report;
    let top = findings.top;
    let has_dp = report.calibration.spelling() == Some(Spelling::Time);
    let mut object = Map::new();
    put(&mut object, "inputs", findings.files.iter().map(|file| Value::from(&*file.name)).collect::<Value>());
    put(&mut object, "build", findings.build());
    put(&mut object, "start", moment(findings.start));
    put(&mut object, "end", moment(findings.end));
    put(&mut object, "lost", findings.events_lost());
    put(&mut object, "lost_buffers", findings.buffers_lost());
    put(&mut object, "events", events(findings));
    put(&mut object, "requests", report.total.requests());
    put(&mut object, "pairs", report.total.pairs());
    put(&mut object, "orphans", report.total.orphans());
    put(&mut object, "unanswered_count", report.total.unanswered());
    put(&mut object, "interims", json!({ "count": report.interims.count, "orphans": report.interims.orphans }));
    put(&mut object, "unit", unit(findings));
    put(&mut object, "calibration", calibration(findings));
    put(&mut object, "total", Value::Object(figures(&report.total, has_dp)));
    put(&mut object, "commands", groups(findings, &[Dimension::Command], top, has_dp));
    put(&mut object, "statuses", all_statuses(findings, top));
    put(&mut object, "clients", groups(findings, &[Dimension::Client], top, has_dp));
    put(&mut object, "users", groups(findings, &[Dimension::User], top, has_dp));
    put(&mut object, "shares", groups(findings, &[Dimension::Share], top, has_dp));
    put(&mut object, "files_count", report.groups(&[Dimension::File]).map_or(0, <[Group]>::len));
    put(&mut object, "files", groups(findings, &[Dimension::File], top, has_dp));
    put(&mut object, "by", extra_tables(findings, top, has_dp));
    put(
        &mut object,
        "slowest",
        report.slowest.iter().take(findings.shown_slowest()).map(|it| pair(it, has_dp)).collect::<Value>(),
    );
    put(&mut object, "unanswered", report.unanswered.iter().take(top).map(open_request).collect::<Value>());
    put(&mut object, "orphan_responses", report.orphans.iter().take(top).map(|it| pair(it, has_dp)).collect::<Value>());
    let unknown = &report.unknown;
    let of = |part: fn(&Missing) -> u64| {
        json!({
            "connections": part(&unknown.connections),
            "sessions": part(&unknown.sessions),
            "trees": part(&unknown.trees),
            "opens": part(&unknown.opens),
        })
    };
    put(&mut object, "unknown", of(|missing| missing.ids));
    put(&mut object, "unknown_records", of(|missing| missing.records));
    put(
        &mut object,
        "in_flight",
        json!({ "max": report.load.most_in_flight(), "at": moment(report.load.most_in_flight_at()) }),
    );
    put(&mut object, "timeline", timeline(findings));
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
        put(&mut object, key, number);
    }
    put(&mut object, "wall_ns", distribution(figures.wall()));
    put(&mut object, "first_ns", distribution(figures.first()));
    let components = by_component(has_dp, |component| {
        json!({
            "hits": figures.hits(component),
            "time": figures.time(component),
            "share": figures.share(component),
        })
    });
    put(&mut object, "components", components);
    put(&mut object, "total_time", figures.total_time());
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
    match key {
        Key::Command(command) => {
            put(object, "command", command.name());
            put(object, "id", command.id());
        }
        Key::Client(client) => put(object, "client", client.map(|client| client.to_string())),
        Key::User(user) => put(object, "user", user.as_deref()),
        Key::Session(session) => put(object, "session", guid(*session)),
        Key::Share(share) => put(object, "share", share.as_deref()),
        Key::File(share, file) => {
            put(object, "share", share.as_deref());
            put(object, "file", file.as_deref());
        }
        Key::Status(status) => put_status(object, *status),
        Key::Connection(connection) => put(object, "connection", guid(*connection)),
        Key::Instance(instance) => put(object, "instance", *instance),
        _ => put(object, "rest", true),
    }
}

fn put_status(object: &mut Map<String, Value>, status: NtStatus) {
    put(object, "status", format!("{:#010x}", status.0));
    put(object, "status_name", status.name());
}

/// All statuses but success, with the commands that ended so.
fn all_statuses(findings: &Findings, top: usize) -> Value {
    let all = statuses(&findings.report);
    let objects = all.iter().take(top).map(|status| {
        let commands = status.commands.iter().map(|(command, count)| (command.name().to_owned(), Value::from(*count)));
        let mut object = Map::new();
        put_status(&mut object, status.status);
        put(&mut object, "error", status.errors > 0);
        put(&mut object, "count", status.count);
        put(&mut object, "commands", Value::Object(commands.collect()));
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
    put(object, "client", owner.client.map(|client| client.to_string()));
    for (key, name) in [("user", &owner.user), ("share", &owner.share), ("file", &owner.file)] {
        put(object, key, name.as_deref());
    }
}

fn begin(command: Command, connection: Guid, message_id: u64, owner: &Owner) -> Map<String, Value> {
    let mut object = Map::new();
    put(&mut object, "command", command.name());
    put(&mut object, "connection", guid(connection));
    put(&mut object, "message_id", message_id);
    put_owner(&mut object, owner);
    object
}

fn pair(pair: &Pair, has_dp: bool) -> Value {
    let mut object = begin(pair.command, pair.connection, pair.message_id, &pair.owner);
    put_status(&mut object, pair.status);
    put(&mut object, "wall_ns", pair.wall_ns);
    put(&mut object, "first_ns", pair.first_ns);
    put(&mut object, "time_request", moment(pair.time_request));
    put(&mut object, "time_response", moment(Some(pair.time_response)));
    put(&mut object, "bytes", pair.bytes);
    if let (Some(offset), Some(length)) = (pair.offset, pair.length) {
        put(&mut object, "offset", offset);
        put(&mut object, "length", length);
    }
    put(&mut object, "interims", pair.interims);
    put(&mut object, "components", components(&pair.components, has_dp));
    put(&mut object, "total_time", pair.components.total_time());
    Value::Object(object)
}

fn components(components: &Components, has_dp: bool) -> Value {
    by_component(has_dp, |component| json!({ "hits": components.hits(component), "time": components.time(component) }))
}

/// An object with a part for each component. Builds up to 22631 have no data plane.
fn by_component(has_dp: bool, part: impl Fn(Component) -> Value) -> Value {
    let shown = Component::ALL.into_iter().filter(|&component| has_dp || component != Component::TransportDp);
    Value::Object(shown.map(|component| (component.name().to_owned(), part(component))).collect())
}

fn open_request(request: &OpenRequest) -> Value {
    let mut object = begin(request.command, request.connection, request.message_id, &request.owner);
    put(&mut object, "time_request", moment(Some(request.time)));
    put(&mut object, "interims", request.interims);
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
