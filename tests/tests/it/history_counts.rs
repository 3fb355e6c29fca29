//! What the reviewed builds hold together, and that reflection tells the history as the merged schema has it.

use std::collections::BTreeSet;

use etw_schema::model::schema::{Builds, Layout};
use smbserver_etw::schema::PROVIDER;
use smbserver_etw::{Build, BuildRange, MapEntry};
use smbserver_etw_tests::manifests::{captures, manifests, reviewed};

/// The ids whose version 2 has another layout from 26100 on.
const SHIFTED_AT_26100: &[u16] =
    &[101, 102, 103, 104, 105, 106, 108, 109, 110, 111, 112, 113, 115, 116, 117, 118, 119, 120, 121, 122];

#[test]
fn every_build_has_its_pairs() {
    let schema = &manifests().schema;
    let found: Vec<(u32, usize)> = captures()
        .iter()
        .map(|&build| (build, schema.layouts().filter(|(.., layout)| layout.builds.contains(build)).count()))
        .collect();
    let rows: Vec<(u32, usize)> =
        schema.builds.iter().map(|build| (build.number, build.events.expect("events in builds.toml"))).collect();
    assert_eq!(found, rows, "as builds.toml has them");
}

#[test]
fn all_builds_together_have_203_pairs_and_226_layouts() {
    let pairs: BTreeSet<(u16, u8)> = reviewed().map(|(layout, _)| (layout.id, layout.version)).collect();
    assert_eq!((pairs.len(), reviewed().count()), (203, 226));
}

/// The first and the last build of each layout.
type Ranges = Vec<(u32, u32)>;

#[test]
fn the_23_pairs_with_two_layouts_are_these() {
    let first_and_last = |builds: &[u32]| builds.first().copied().zip(builds.last().copied());
    let mut found: Vec<(u16, u8, Ranges)> = Vec::new();
    for (layout, builds) in reviewed() {
        let range = first_and_last(&builds).expect("a build");
        match found.last_mut() {
            Some((id, version, ranges)) if (*id, *version) == (layout.id, layout.version) => ranges.push(range),
            _ => found.push((layout.id, layout.version, vec![range])),
        }
    }
    found.retain(|(.., ranges)| ranges.len() > 1);
    let shifted = SHIFTED_AT_26100.iter().map(|id| (*id, 2, vec![(10240, 22631), (26100, 26200)]));
    let moved = [500, 501, 502].map(|id| (id, 0, vec![(10240, 17134), (17763, 26200)]));
    let expected: Vec<_> = shifted.chain(moved).collect();
    assert_eq!(expected.len(), 23);
    assert_eq!(found, expected);
}

#[test]
fn builds_are_constants_with_products_in_order() {
    assert!(Build::CAPTURED.iter().map(|build| build.number()).eq(captures().iter().copied()));
    assert!(Build::CAPTURED.is_sorted());
    assert_eq!(Build::B10240.product(), Some("Windows 10 1507"));
    assert!(Build::B22631 < Build::from_number(22700) && Build::from_number(22700) < Build::B26100);
    let below = captures().iter().copied().filter(|build| *build <= 22700).max();
    assert_eq!(Build::from_number(22700).capture(), below.map(Build::from_number));
    let oldest = Build::CAPTURED[0];
    let newest = Build::CAPTURED[Build::CAPTURED.len() - 1];
    assert_eq!(Build::from_number(newest.number() + 1).capture(), Some(newest));
    assert_eq!(Build::from_number(oldest.number() - 1).capture(), None);
    assert!(Build::CAPTURED.iter().all(|build| build.product().is_some_and(|product| !product.is_empty())));
}

/// The builds of ranges, one by one.
fn listed(ranges: &[BuildRange]) -> Vec<u32> {
    let held = |build: &u32| ranges.iter().any(|range| range.first <= *build && *build <= range.last);
    captures().iter().copied().filter(held).collect()
}

fn expected(builds: &Builds) -> (Option<u32>, Option<u32>) {
    (builds.first(), builds.last())
}

#[test]
fn reflection_says_since_and_until_of_events_versions_and_fields() {
    let schema = &manifests().schema;
    let mut fields = 0;
    for event in &schema.events {
        let info = PROVIDER.event(event.id).expect("an event of the schema");
        let of_event = || event.versions.iter().flat_map(|version| &version.layouts);
        let builds = Builds::from_schema(schema, |build| of_event().any(|layout| layout.builds.contains(build)));
        assert_eq!((info.since(), info.until()), expected(&builds), "event {}", event.id);
        for version in &event.versions {
            let info = info.version(version.version).expect("a version of the schema");
            let builds = Builds::from_schema(schema, |build| version.layouts.iter().any(|l| l.builds.contains(build)));
            assert_eq!((info.since(), info.until()), expected(&builds), "{} v{}", event.id, version.version);
            assert!(captures().iter().copied().all(|build| info.holds_in(build) == builds.contains(build)));
        }
        let names: BTreeSet<&str> =
            of_event().flat_map(Layout::newest_fields).map(|field| field.name.as_str()).collect();
        for name in names {
            let has = |build| {
                of_event().any(|l| l.builds.contains(build) && l.newest_fields().iter().any(|f| f.name == name))
            };
            let builds = Builds::from_schema(schema, has);
            let told = (info.field_since(name), info.field_until(name));
            assert_eq!(told, expected(&builds), "event {}, field {name}", event.id);
            fields += 1;
        }
    }
    assert!(fields > 1000, "{fields} fields");
    let read = PROVIDER.event(111).expect("Smb2ResponseRead");
    assert_eq!(read.field_since("TotalTime"), Some(26100));
    assert!(read.field_until("TotalTime") >= Some(26200));
    assert_eq!(read.field_since("NoSuchField"), None);
}

#[test]
fn reflection_says_since_and_until_of_map_entries() {
    let schema = &manifests().schema;
    let mut entries = 0;
    let mut late = BTreeSet::new();
    for map in PROVIDER.layouts().flat_map(|layout| layout.fields).filter_map(|field| field.map) {
        let declared = || schema.maps.iter().filter(|held| held.value.name == map.name);
        for entry in map.entries {
            let names_it = |build| {
                let mut in_build = declared().filter(|held| held.builds.contains(build));
                in_build.any(|held| held.value.entries.iter().any(|known| known.value == entry.value))
            };
            let builds: Vec<u32> = captures().iter().copied().filter(|build| names_it(*build)).collect();
            assert_eq!(listed(entry.builds), builds, "{} {}", map.name, entry.value);
            assert_eq!((entry.since(), entry.until()), (builds.first().copied(), builds.last().copied()));
            entries += 1;
            let map_since = map.entries.iter().filter_map(MapEntry::since).min();
            if entry.since() > map_since {
                late.insert(format!("{} {} {:?}", map.name, entry.value, entry.since()));
            }
        }
    }
    assert!(entries > 100, "{entries} entries");
    assert!(late.contains("LiveDumpReason 2 Some(18363)"), "{late:?}");
    assert!(late.contains("ConnectionTypeMap 3 Some(18990)"), "{late:?}");
}
