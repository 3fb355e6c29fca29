//! The canonical text of manifests: the project's own are in it, and what is written is read back as it was.

use std::fs;

use crate::common::random::{Random, provider};
use etw_schema::model::{Manifest, Message, Opcode, Provider};
use etw_schema::source::man::{self, ReadOptions};

const MANIFESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../manifests/smbserver");

fn read(name: &str, text: &str) -> Manifest {
    let (manifest, diagnostics) = man::read(name, text.as_bytes(), &ReadOptions::default());
    assert!(
        !diagnostics.has_errors(),
        "{}",
        diagnostics.errors().map(|e| e.to_string() + "\n").collect::<String>() + text
    );
    manifest
}

#[test]
fn the_projects_manifests_are_in_the_canonical_form() {
    let mut seen = 0;
    for entry in fs::read_dir(MANIFESTS).expect("the manifests") {
        let path = entry.expect("a file").path();
        if path.extension().is_some_and(|extension| extension == "man") {
            // winmeta.xml spells the outType in capitals.
            let text = fs::read_to_string(&path).expect("a manifest").replace("\"win:NTStatus\"", "\"win:NTSTATUS\"");
            let comment = text.split_once("<!-- ").and_then(|(_, rest)| rest.split_once(" -->")).expect("a comment").0;
            let comment = comment.replace("\n     ", "\n");
            let written = man::write(&read("a.man", &text), Some(&comment));
            let differs = text.lines().zip(written.lines()).find(|(theirs, ours)| theirs != ours);
            assert_eq!(differs, None, "{}", path.display());
            assert_eq!(written.len(), text.len());
            seen += 1;
        }
    }
    assert!(seen > 0, "no manifest");
}

/// A provider without its places, its opcodes and events in the order in which they are written.
fn in_order(provider: &Provider) -> Provider {
    let mut p = provider.clone();
    let task = |opcode: &Opcode| p.tasks.iter().position(|task| Some(&task.name) == opcode.task.as_ref());
    let mut opcodes = p.opcodes.clone();
    opcodes.sort_by_key(|opcode| task(opcode).unwrap_or(usize::MAX));
    p.opcodes = opcodes;
    p.events.sort_by_key(|event| (event.id, event.version));
    p
}

#[test]
fn what_is_written_is_read_back() {
    let mut random = Random::new(0x0DDB_1A5E_5BAD_5EED);
    for _ in 0..300 {
        let count = 1 + u32::try_from(random.below(3)).expect("small");
        let providers = (0..count).map(|number| provider(&mut random, number)).collect();
        let messages = (0..count)
            .map(|value| Message { value, message: Some(format!("%1 < {value}%n")), ..Message::default() })
            .collect();
        let manifest = Manifest { providers, messages };
        let text = man::write(&manifest, Some("random -- text"));
        let again = read("random.man", &text);
        let order = |manifest: &Manifest| manifest.providers.iter().map(in_order).collect::<Vec<_>>();
        let (read, written) = (order(&again), order(&manifest));
        for (read, written) in read.iter().zip(&written) {
            assert_eq!(read, written, "{text}");
        }
        assert_eq!(read.len(), written.len());
        assert_eq!(again.messages, manifest.messages);
        assert_eq!(man::write(&again, Some("random -- text")), text, "writing is a normal form");
    }
}
