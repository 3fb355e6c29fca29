//! How much each reader holds at its peak, as a multiple of its input: of ordinary files and of hostile ones. The table is
//! printed by `cargo test -p etw-schema --test it memory -- --nocapture`.

use std::fs;
use std::path::Path;

use allocation_counter::measure;
use etw_schema::compile::{compile, wrap};
use etw_schema::source::{self, File, Format, detect};

use crate::faults::{case, manifest, templates};

/// The most that a reader holds: so many times its input, and so much besides for its diagnostics, of which
/// each severity's first thousand are kept.
const TIMES: u64 = 32;
const BESIDES: u64 = 1 << 20;

struct Row {
    name: String,
    format: Format,
    size: u64,
    peak: u64,
}

fn weigh(name: &str, bytes: &[u8]) -> Row {
    let format = detect(bytes).unwrap_or(Format::Man);
    let held = measure(|| drop(source::read_all(&[File { name, bytes }])));
    Row { name: name.to_owned(), format, size: u64::try_from(bytes.len()).expect("small"), peak: held.bytes_max }
}

/// Files as they are met.
fn ordinary() -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for path in ["manifests/smbserver/26100.man", "tests/fixtures/constructs.man"] {
        let text = fs::read(root.join(path)).expect("one of the project's manifests");
        let (sources, _) = source::read_all(&[File { name: path, bytes: &text }]);
        let (compiled, _) = compile(&sources[0].manifest);
        files.push((format!("{path}, compiled and wrapped"), {
            wrap(Some(&compiled.template), Some(&compiled.messages)).expect("small")
        }));
        files.push((format!("{path}, compiled"), compiled.template));
        files.push((format!("{path}, its texts"), compiled.messages));
        files.push((path.to_owned(), text));
    }
    files.push(("schema/tests/it/fixtures/dump.xml".to_owned(), include_bytes!("fixtures/dump.xml").to_vec()));
    let corpus = root.join("../shared/corpus");
    for path in
        ["wepexplorer/22000.xml", "registered-10240/Microsoft-Windows-Shell-Core.xml", "pe/node-18.20.8.wevt.bin"]
    {
        match fs::read(corpus.join(path)) {
            Ok(bytes) => files.push((path.to_owned(), bytes)),
            Err(_) => eprintln!("skipped: {path} is absent"),
        }
    }
    files
}

/// Files that are made to take much.
fn hostile() -> Vec<(String, Vec<u8>)> {
    let many = 20_000;
    let words = |word: &str| word.repeat(many);
    let mut files = vec![
        ("ampersands".to_owned(), templates(&format!("<template tid=\"T\">{}</template>", words("&")))),
        ("open elements".to_owned(), templates(&words("<template tid=\"T\">"))),
        ("attributes".to_owned(), templates(&format!("<template {}/>", words("a='' ")))),
        ("empty events".to_owned(), manifest("", &words("<event/>"))),
        ("lengths of nothing".to_owned(), {
            let fields = words("<data name=\"A\" inType=\"win:Binary\" length=\"B\"/>");
            templates(&format!("<template tid=\"T\">{fields}</template>"))
        }),
        ("<UserData>".to_owned(), {
            templates(&format!("<template tid=\"T\"><UserData><A>{}</A></UserData></template>", words("<B/>")))
        }),
    ];
    let copy = |id: u32| format!("<event value=\"{id}\" message=\"$(string.S)\"/>");
    let copies: String = (0..5000).map(copy).collect();
    let table = format!(
        "</instrumentation><localization><resources culture=\"en-US\"><stringTable><string id=\"S\" value=\"{}\"/>\
         </stringTable></resources></localization>",
        "x".repeat(100_000)
    );
    files.push(("one text of many events".to_owned(), manifest("", &copies).replace("</instrumentation>", &table)));
    let mut files: Vec<(String, Vec<u8>)> = files.into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
    files.push(("a message table whose blocks overlap".to_owned(), overlapping_table()));
    files.push(("a trace whose names overlap".to_owned(), crate::trace::overlapping()));
    files.push(("a trace whose events share a long name".to_owned(), crate::trace::one_long_name()));
    for name in ["ampersands-100kB.man", "wevt-memory-81x-5623B.bin", "wevt-memory-90x-4281B.bin", "wevt-overlap.bin"] {
        files.extend(case(&format!("hostile/{name}")).map(|bytes| (name.to_owned(), bytes)));
    }
    files
}

/// A message table of 2,000 blocks with the same 2,000 entries each.
fn overlapping_table() -> Vec<u8> {
    let blocks = 2000_u32;
    let first = 4 + blocks * 12;
    let mut bytes = blocks.to_le_bytes().to_vec();
    for block in 0..blocks {
        let low = block * blocks;
        bytes.extend([low, low + blocks - 1, first].into_iter().flat_map(u32::to_le_bytes));
    }
    for _ in 0..blocks {
        bytes.extend([8, 0, 1, 0, b'a', 0, 0, 0]);
    }
    bytes
}

#[test]
fn readers_hold_a_small_multiple_of_their_input() {
    println!("| input | format | bytes | peak | times |\n|---|---|---|---|---|");
    let mut formats = Vec::new();
    for (kind, files) in [("ordinary", ordinary()), ("hostile", hostile())] {
        for (name, bytes) in files {
            let Row { name, format, size, peak } = weigh(&name, &bytes);
            println!("| {kind}: {name} | {} | {size} | {peak} | {} |", format.name(), peak.div_ceil(size));
            assert!(peak <= size * TIMES + BESIDES, "{name}: {peak} bytes held for {size}");
            formats.push(format);
        }
    }
    for format in
        [Format::Man, Format::Registered, Format::Pe, Format::WevtTemplate, Format::MessageTable, Format::Trace]
    {
        assert!(formats.contains(&format), "{}", format.name());
    }
}
