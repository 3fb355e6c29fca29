//! Compiled manifests of real binaries, against the manifests that they were compiled from, item by item.
//!
//! node.exe and ChakraCore.dll come in two builds each: the newer ones (CRIM 5.1) are of the same source as the manifest,
//! the older ones (3.1) of an earlier one, and hold no provider name.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::common;
use etw_schema::compile::{compile, wrap};
use etw_schema::model::{Field, Manifest, Provider};
use etw_schema::source::{self, File};

fn corpus() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/pe");
    let there = folder.is_dir();
    if !there {
        eprintln!("skipped: {} is absent", folder.display());
    }
    there.then_some(folder)
}

/// A binary made of the resources of a real one.
fn binary(folder: &Path, name: &str) -> Vec<u8> {
    let resource = |kind: &str| fs::read(folder.join(format!("{name}.{kind}.bin"))).expect("a resource");
    wrap(Some(&resource("wevt")), Some(&resource("msgtable"))).expect("a file of that size")
}

fn read(name: &str, bytes: &[u8]) -> Manifest {
    let (mut sources, diagnostics) = source::read_all(&[File { name, bytes }]);
    assert!(!diagnostics.has_errors(), "{diagnostics}");
    sources.remove(0).manifest
}

/// Everything that a provider says, one line a fact: what it is about, and the fact.
fn facts(provider: &Provider) -> BTreeMap<String, String> {
    let (p, templates) = common::normal(provider);
    let mut facts = BTreeMap::new();
    let mut fact = |about: String, what: String| {
        assert!(facts.insert(about.clone(), what).is_none(), "{about} stands twice");
    };
    fact("provider name".to_owned(), p.name.clone());
    fact("provider guid".to_owned(), p.guid.to_string());
    fact("provider message".to_owned(), format!("{:?}", p.message));
    for c in &p.channels {
        fact(format!("channel {}", c.name), format!("{:?} {:?}", c.imported, c.message));
    }
    for l in &p.levels {
        fact(format!("level {}", l.name), format!("{} {:?}", l.value, l.message));
    }
    for t in &p.tasks {
        fact(format!("task {}", t.name), format!("{} {:?} {:?}", t.value, t.event_guid, t.message));
    }
    for o in &p.opcodes {
        fact(format!("opcode {} of {:?}", o.name, o.task), format!("{} {:?}", o.value, o.message));
    }
    for k in &p.keywords {
        fact(format!("keyword {}", k.name), format!("{:#x} {:?}", k.mask, k.message));
    }
    for map in &p.maps {
        fact(format!("map {}", map.name), format!("{:?}, {} entries", map.kind, map.entries.len()));
        for (number, entry) in map.entries.iter().enumerate() {
            fact(format!("map {} entry {number}", map.name), format!("{} {:?}", entry.value, entry.message));
        }
    }
    for (event, fields) in p.events.iter().zip(&templates) {
        let about = event.key();
        fact(format!("{about} channel"), format!("{:?}", event.channel));
        fact(format!("{about} level"), format!("{:?}", event.level));
        fact(format!("{about} opcode"), format!("{:?}", event.opcode));
        fact(format!("{about} task"), format!("{:?}", event.task));
        let mut keywords = event.keywords.clone();
        keywords.sort();
        fact(format!("{about} keywords"), format!("{keywords:?}"));
        fact(format!("{about} message"), format!("{:?}", event.message));
        fact(format!("{about} fields"), fields.len().to_string());
        for (number, field) in fields.iter().enumerate() {
            field_facts(&format!("{about} field {number}"), field, &mut fact);
        }
    }
    facts
}

fn field_facts(about: &str, field: &Field, fact: &mut impl FnMut(String, String)) {
    fact(format!("{about} name"), field.name.clone());
    fact(format!("{about} inType"), field.in_type.name().to_owned());
    fact(format!("{about} outType"), format!("{:?}", field.out_type));
    fact(format!("{about} length"), format!("{:?}", field.length));
    fact(format!("{about} count"), format!("{:?}", field.count));
    fact(format!("{about} map"), format!("{:?}", field.map));
    for (number, member) in field.members.iter().enumerate() {
        field_facts(&format!("{about} member {number}"), member, fact);
    }
}

/// How many facts of both agree, of how many there are in either, and where they differ.
fn compare(read: &Provider, written: &Provider) -> (usize, usize, Vec<String>) {
    let (read, written) = (facts(read), facts(written));
    let mut all: Vec<&String> = read.keys().chain(written.keys()).collect();
    all.sort();
    all.dedup();
    let differ: Vec<String> = all
        .iter()
        .filter(|about| read.get(**about) != written.get(**about))
        .map(|about| format!("{about}: binary {:?}, manifest {:?}", read.get(*about), written.get(*about)))
        .collect();
    (all.len() - differ.len(), all.len(), differ)
}

#[test]
fn real_binaries_hold_what_their_manifests_say() {
    let Some(folder) = corpus() else { return };
    for (binary_name, manifest_name) in [("node-18.20.8", "node.man"), ("chakra-2.1.3", "chakra.man")] {
        let bytes = binary(&folder, binary_name);
        let (read_one, written) =
            (read(binary_name, &bytes), fs::read(folder.join(manifest_name)).expect("a manifest"));
        let written = read(manifest_name, &written);
        assert_eq!(read_one.providers.len(), written.providers.len());
        for (read, written) in read_one.providers.iter().zip(&written.providers) {
            let (passed, total, differ) = compare(read, written);
            println!("{binary_name}: {}: {passed} of {total} checks passed", written.name);
            assert!(differ.is_empty(), "{}", differ.join("\n"));
            assert!(total > 100, "{total} checks");
        }
    }
}

/// What stands where in a compiled manifest: the kind and size of each element of its first provider.
fn elements(resource: &[u8]) -> Vec<(String, u32)> {
    let number = |at: usize| u32::from_le_bytes(resource[at..at + 4].try_into().expect("four bytes"));
    let at = |offset: u32| usize::try_from(offset).expect("small");
    let provider = at(number(32));
    let offsets = (0..at(number(provider + 12))).map(|n| at(number(provider + 16 + n * 8 + 4))).filter(|at| *at != 0);
    let element = |at: usize| (String::from_utf8_lossy(&resource[at..at + 4]).into_owned(), number(at + 4));
    let mut elements: Vec<(String, u32)> = offsets.map(element).collect();
    elements.sort();
    elements
}

/// What cannot be the same as in the manifest compiler's output: a template's GUID, which is made by a recipe that nobody
/// outside knows.
const GUID: usize = 16;

#[test]
fn the_compiled_form_is_that_of_the_manifest_compiler() {
    let Some(folder) = corpus() else { return };
    for (binary_name, manifest_name) in [("node-18.20.8", "node.man"), ("chakra-2.1.3", "chakra.man")] {
        let manifest = read(manifest_name, &fs::read(folder.join(manifest_name)).expect("a manifest"));
        let (compiled, diagnostics) = compile(&manifest);
        assert!(!diagnostics.has_errors(), "{diagnostics}");
        let theirs = fs::read(folder.join(format!("{binary_name}.wevt.bin"))).expect("a resource");
        let same = compiled.template.iter().zip(&theirs).filter(|(ours, theirs)| ours == theirs).count();
        println!("{binary_name}: {same} of {} bytes are those of the manifest compiler", theirs.len());
        assert_eq!(elements(&compiled.template), elements(&theirs));
        if binary_name.starts_with("node") {
            // It uses one built-in level, whose text the manifest compiler adds to the message table.
            let templates = manifest.providers.iter().map(|provider| provider.templates.len()).sum::<usize>();
            assert!(theirs.len() - same <= templates * GUID + 4, "{} bytes differ", theirs.len() - same);
        }
    }
}

#[test]
fn older_binaries_read_too() {
    let Some(folder) = corpus() else { return };
    for (binary_name, manifest_name) in [("node-7.10.1", "node.man"), ("chakracore-0.2.0", "chakra.man")] {
        let read_one = read(binary_name, &binary(&folder, binary_name));
        let written = read(manifest_name, &fs::read(folder.join(manifest_name)).expect("a manifest"));
        for (read, written) in read_one.providers.iter().zip(&written.providers) {
            let (passed, total, differ) = compare(read, written);
            println!("{binary_name}: {}: {passed} of {total} checks passed", written.name);
            let name = format!("provider name: binary Some(\"{}\"), manifest Some({:?})", written.guid, written.name);
            assert_eq!(differ, [name], "the older form holds no name, and all else is the same");
        }
    }
}
