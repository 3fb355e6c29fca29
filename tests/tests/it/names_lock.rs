//! A public name never changes, whatever the order in which builds are imported, and a change of `names.lock` is
//! noticed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use etw_codegen::names_lock::{NameKind, NamesLock};
use etw_codegen::{Generator, Setting};
use etw_schema::diagnostic::Diagnostic;
use smbserver_etw_tests::manifests::{Source, generator, is_reviewed, root, sources};

const FILE: &str = "manifests/smbserver/names.lock";

fn checked_in() -> String {
    fs::read_to_string(root().join(FILE)).expect("names.lock")
}

/// The lock after importing these builds over an earlier lock.
fn import(sources: &[Source], lock: &NamesLock) -> NamesLock {
    public_names(&mut generator(sources), lock)
}

fn public_names(generator: &mut Generator, lock: &NamesLock) -> NamesLock {
    generator.configure(Setting::Names, FILE, &lock.to_string());
    let (names, diagnostics) = generator.plan_names();
    let expected =
        |error: &&Diagnostic| error.message.starts_with("there is no") || error.place.file.ends_with("meanings.toml");
    let unexpected = diagnostics.errors().find(|error| !expected(error));
    assert_eq!(unexpected, None, "rules about events of other builds apart, nothing is wrong");
    names
}

fn by_key(lock: &NamesLock) -> BTreeMap<(NameKind, String), String> {
    lock.names().map(|(kind, key, name)| ((kind, key.to_owned()), name.to_owned())).collect()
}

/// Imports the builds one by one, each with the lock of the previous step, and checks that every step keeps what was
/// published.
fn import_in_order(order: &[u32]) -> NamesLock {
    let all = sources();
    let mut imported = generator(&[]);
    let mut lock = NamesLock::default();
    for build in order {
        let source = all.iter().find(|source| source.build == *build).expect("a captured build");
        imported.add_manifest(&source.name, source.build, &source.bytes);
        let next = public_names(&mut imported, &lock);
        let old = by_key(&lock);
        let new = by_key(&next);
        for (key, name) in &old {
            assert_eq!(new.get(key), Some(name), "{key:?} after importing {build} in the order {order:?}");
        }
        let before = lock.to_string();
        let after = next.to_string();
        let published = before.lines().filter(|line| !line.starts_with("end ") && !lock.is_empty());
        assert!(published.zip(after.lines()).all(|(a, b)| a == b), "the file only grows: {build} in {order:?}");
        lock = next;
    }
    lock
}

#[test]
fn no_order_of_imports_renames_anything() {
    let ascending: Vec<u32> = sources().iter().map(|source| source.build).collect();
    let descending: Vec<u32> = ascending.iter().rev().copied().collect();
    let newest_first = [26100, 20348, 10240, 17763, 17134, 22631, 26200, 15063];
    let mut outer_first: Vec<u32> = ascending.iter().zip(&descending).flat_map(|(a, b)| [*a, *b]).collect();
    let mut seen = BTreeSet::new();
    outer_first.retain(|build| seen.insert(*build));
    for order in [&ascending[..], &descending, &newest_first, &outer_first] {
        let lock = import_in_order(order);
        println!("{order:?}: {} names", lock.len());
    }
    let keys = |order: &[u32]| by_key(&import_in_order(order)).into_keys().collect::<BTreeSet<_>>();
    assert_eq!(keys(&ascending), keys(&descending), "the same things bear names, whatever the order");
}

#[test]
fn an_older_layout_that_comes_later_has_its_build_in_its_name() {
    let names = by_key(&import_in_order(&[20348, 26100, 10240]));
    let views: Vec<(&str, &str)> = names
        .iter()
        .filter(|((kind, key), _)| *kind == NameKind::View && key.starts_with("500 v0 "))
        .map(|((_, key), name)| (key.as_str(), name.as_str()))
        .collect();
    let expected = [
        ("500 v0 7bf034a27d5c58af", "Smb2ConnectionAcceptV0Build10240"),
        ("500 v0 967545a79ca20e04", "Smb2ConnectionAcceptV0"),
    ];
    assert_eq!(views, expected);
}

#[test]
fn the_checked_in_lock_knows_every_name_and_follows_the_rule() {
    let (lock, diagnostics) = NamesLock::read(FILE, &checked_in());
    assert!(diagnostics.is_empty(), "{diagnostics}");
    assert_eq!(import(&sources(), &lock), lock, "nothing is left to be named");
    let reviewed: Vec<_> = sources().into_iter().filter(|source| is_reviewed(&source.build)).collect();
    let first = import(&reviewed, &NamesLock::default());
    let first_text = first.to_string();
    let (published, _) = first_text.rsplit_once("end ").expect("the number of names");
    assert!(checked_in().starts_with(published), "it began with these builds at once");
    let lock = first;
    let views = lock.names().filter(|(kind, ..)| *kind == NameKind::View).count();
    let with_build = lock.names().filter(|(kind, _, name)| *kind == NameKind::View && name.contains("Build")).count();
    assert_eq!((views, with_build), (226, 23));
}

#[test]
fn a_removed_or_edited_line_is_refused_where_it_stands() {
    let text = checked_in();
    let lines: Vec<&str> = text.lines().collect();
    let first = lines.iter().position(|line| !line.starts_with('#')).expect("a name");
    let mut tried = 0;
    for at in (first..lines.len()).step_by(97).chain([lines.len() - 2, lines.len() - 1]) {
        let mut removed = lines.clone();
        removed.remove(at);
        let (_, found) = NamesLock::read(FILE, &removed.join("\n"));
        assert!(found.to_string().contains("removed"), "line {} removed: {found}", at + 1);
        if at + 1 == lines.len() {
            continue;
        }
        let mut parts: Vec<String> = lines[at].splitn(4, ' ').map(str::to_owned).collect();
        parts[2] += "Better";
        let edited = parts.join(" ");
        let mut changed = lines.clone();
        changed[at] = &edited;
        let (_, found) = NamesLock::read(FILE, &changed.join("\n"));
        let expected = format!("{FILE}:{}: error: names.lock: `{}`: this line was edited", at + 1, parts[2]);
        assert!(found.to_string().starts_with(&expected), "{found}");
        tried += 1;
    }
    assert!(tried > 10);
}

#[test]
fn an_override_that_asks_for_another_name_is_refused() {
    let mut generator = generator(&sources());
    let overrides = fs::read_to_string(root().join("manifests/smbserver/overrides.toml")).expect("overrides.toml");
    let rename = "\n[[rename]]\nevent = 551\nto = \"Better\"\nreason = \"shorter\"\n";
    generator.configure(Setting::Overrides, "overrides.toml", &(overrides + rename));
    let (_, diagnostics) = generator.merge();
    assert_eq!(
        diagnostics.errors().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "overrides.toml: error: [[rename]] Better: published as `Smb2SessionAuthFailure` (names.lock); a published name \
          stays"
        ]
    );
}
