//! Crates compile whatever a manifest calls its things.
//!
//! Manifests made of hostile names (Rust's words, every name of the runtime and of the emitters, names that differ in
//! case alone, digits, what is not ASCII, 300 letters) are generated and compiled with all features and without a warning,
//! each as a module of one of two crates, which compile at the same time: its files, and for some also the single file.
//! `cargo test` takes 50 of them, the same each time. More, or others:
//!
//! ```text
//! HOSTILE_MANIFESTS=1000 HOSTILE_SEED=7 cargo test -p etw-codegen hostile_names
//! ```

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use etw_codegen::{Files, Generator, SINGLE_FILE, Setting};
use test_support::XorShift;

/// The manifests of a run where nobody asks for more.
const MANIFESTS: usize = 50;

/// The crates that the manifests are dealt out to.
const CRATES: [&str; 2] = ["hostile-even", "hostile-odd"];

/// A number from the environment.
fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|error| panic!("{name}: {error}")))
}

/// A generator with the manifest, as two builds that have its events by halves, and with meanings.
fn generator(manifest: &Manifest) -> Generator {
    let mut generator = Generator::new();
    for (build, text) in &manifest.builds {
        generator.add_manifest("hostile.man", *build, text.as_bytes());
    }
    generator.configure(Setting::Meanings, "meanings.toml", &manifest.meanings);
    generator
}

struct Manifest {
    builds: Vec<(u32, String)>,
    meanings: String,
    /// How many events must be there.
    events: usize,
}

#[test]
fn generated_crates_compile_whatever_things_are_called() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hostile-names");
    for name in CRATES {
        let _ = fs::remove_dir_all(folder.join(name).join("src"));
    }
    let count = from_environment("HOSTILE_MANIFESTS").map_or(MANIFESTS, |n| usize::try_from(n).unwrap());
    let mut random = Random(XorShift::new(from_environment("HOSTILE_SEED").unwrap_or(1)));
    let pool = pool();
    assert!(pool.len() > 500, "{} names", pool.len());
    let fixed = [reported_members(), reported_meaning()];
    let made = (0..count).map(|_| Writer { random: &mut random, pool: &pool, used: Vec::new() }.write());
    let mut libs = CRATES.map(|_| "//! Hostile names.\n#![allow(missing_docs)]\n".to_owned());
    for (at, manifest) in fixed.into_iter().chain(made).enumerate() {
        let module = format!("m{at}");
        let of = at % CRATES.len();
        write_module(&folder.join(CRATES[of]).join("src").join(&module), &manifest, &mut libs[of], &module);
    }
    for (name, lib) in CRATES.iter().zip(libs) {
        write(&folder.join(name).join("src/lib.rs"), &lib);
        write(&folder.join(name).join("Cargo.toml"), &cargo_toml(name));
    }
    write(&folder.join("Cargo.toml"), &format!("[workspace]\nresolver = \"3\"\nmembers = {CRATES:?}\n"));
    check(&folder);
}

/// Writes a manifest, and what is generated of it, as a module.
fn write_module(folder: &Path, manifest: &Manifest, lib: &mut String, module: &str) {
    for (build, text) in &manifest.builds {
        write(&folder.join(format!("{build}.man")), text);
    }
    write(&folder.join("meanings.toml"), &manifest.meanings);
    let generator = generator(manifest);
    let output = generator.generate();
    let events = output.schema.events.len();
    let missing = output.left_out.len();
    assert!(
        events >= manifest.events && missing == 0,
        "{module}: {events} events, {missing} left out\n{}",
        output.diagnostics
    );
    let Files(files) = output.files;
    for (path, text) in files.iter().filter(|(path, _)| *path != "for_each_view.rs") {
        write(&folder.join(path), text);
    }
    let mut root = "//! One manifest.\npub use builds::Build;\npub use events::Event;\n".to_owned();
    let names = files.keys().filter_map(|path| path.split('/').next()).collect::<BTreeSet<_>>();
    for name in names.into_iter().map(|name| name.trim_end_matches(".rs")).filter(|name| *name != "for_each_view") {
        let visibility = if name == "builds" { "" } else { "pub " };
        writeln!(root, "{visibility}mod {name};").unwrap();
    }
    write(&folder.join("mod.rs"), &root);
    writeln!(lib, "pub mod {module};").unwrap();
    if module.ends_with('0') {
        let single = generator.generate_single_file().files.0;
        write(&folder.join("single.rs"), &single[SINGLE_FILE]);
        writeln!(lib, "pub mod {module}_single {{ include!(\"{module}/single.rs\"); }}").unwrap();
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

fn workspace(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn cargo_toml(name: &str) -> String {
    let runtime = workspace("runtime").display().to_string().replace('\\', "/");
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n\
         etw-runtime = {{ path = \"{runtime}\", features = [\"dll\", \"encode\", \"serde\"] }}\n"
    )
}

fn check(folder: &Path) {
    // The workspace's lock: nothing is to be fetched.
    fs::copy(workspace("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["check", "--workspace", "--offline", "--quiet"])
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .env("RUSTFLAGS", "-D warnings")
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stderr);
    let start: String = printed.chars().take(10_000).collect();
    assert!(output.status.success(), "{}:\n{start}", folder.display());
}

/// Pseudo-random choices.
struct Random(XorShift);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0.below(end)
    }

    fn one_of<'t>(&mut self, of: &'t [&'t str]) -> &'t str {
        of[self.below(of.len())]
    }
}

/// What is hostile by itself.
const WORDS: &str = "as async await box break const continue crate dyn else enum extern false final fn for gen if impl in \
    let loop macro match mod move mut override priv pub raw ref return safe Self self static struct super trait true try \
    type typeof union unsafe unsized use virtual where while yield abstract become do macro_rules auto default \
    bool char str u8 u16 u32 u64 i8 i16 i32 i64 f32 f64 usize isize \
    Option Some None Result Ok Err Vec String Box From Into TryFrom TryInto Iterator IntoIterator Clone Copy Debug Default \
    Display Drop Eq PartialEq Ord PartialOrd Hash Fn FnMut FnOnce Send Sync Sized ToString ToOwned AsRef Unpin \
    core std alloc rt etw_runtime events encode schema maps meanings descriptor builds other for_each_view views \
    into try_into clone fmt eq hash read part write parse fits view layout value message fields field to_string \
    Head head After Reader reader Payload payload Marker marker Out out Build build UNKNOWN NAMED ID INFO LAYOUT CONFUSABLE \
    CAPTURED V0 V1 V_2 con aux nul com1 lpt9 _ __ a A";

/// What no identifier holds.
const ODD: &[&str] =
    &["日本語", "größe", "ÄÖ", "1", "2nd", "3.1.1", "a b", "a-b", "r#fn", "*/", "{}", "%1", "“x”", "&", "$x", "0"];

/// The names: words of Rust, those of the runtime, and all words of the emitters, so that what generated code calls
/// its own is among them.
fn pool() -> Vec<String> {
    let mut names: BTreeSet<String> = WORDS.split_whitespace().map(str::to_owned).collect();
    names.extend(ODD.iter().map(|&name| name.to_owned()));
    for folder in ["runtime/src", "runtime/src/value", "codegen/src/emit", "codegen/src/plan"] {
        for entry in fs::read_dir(workspace(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                continue;
            }
            let text = fs::read_to_string(path).unwrap();
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            let words = code.flat_map(|line| line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'));
            names.extend(words.filter(|word| !word.is_empty()).map(str::to_owned));
        }
    }
    names.into_iter().collect()
}

/// Writes a manifest.
struct Writer<'w> {
    random: &'w mut Random,
    pool: &'w [String],
    /// The names that were given, for names that are like them.
    used: Vec<String>,
}

impl Writer<'_> {
    /// A hostile name.
    fn name(&mut self) -> String {
        let word = match self.random.below(4) {
            0 if !self.used.is_empty() => self.used[self.random.below(self.used.len())].clone(),
            1 => {
                let words: Vec<&str> = WORDS.split_whitespace().collect();
                self.random.one_of(&words).to_owned()
            }
            _ => self.pool[self.random.below(self.pool.len())].clone(),
        };
        let name = match self.random.below(14) {
            0 => word.to_uppercase(),
            1 => word.to_lowercase(),
            2 => format!("After{word}"),
            3 => format!(
                "{word}{}",
                self.random.one_of(&["Typed", "_typed", "Raw", "_2", "2", "Map", "V0", "Event", "_INFO"])
            ),
            4 => format!("__{word}"),
            5 => format!("{}{word}", self.random.below(10)),
            6 => {
                let mut chars = word.chars();
                chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
            }
            7 if self.random.below(3) == 0 => word.repeat(300 / word.len().max(1) + 1),
            _ => word,
        };
        self.used.push(name.clone());
        name
    }

    /// A name that no other of these has, which readers would refuse.
    fn name_beside(&mut self, taken: &mut BTreeSet<String>) -> String {
        loop {
            let name = self.name();
            if taken.insert(name.clone()) {
                return name;
            }
        }
    }

    fn write(mut self) -> Manifest {
        let provider = self.write_provider();
        let mut strings = Vec::new();
        let maps = self.write_maps(&mut strings);
        let events = 8;
        let mut plain = Vec::new();
        let old: Vec<String> = (0..events).map(|id| self.write_fields(id, &maps, &mut plain)).collect();
        let new: Vec<String> = old
            .iter()
            .enumerate()
            .map(|(id, fields)| if id % 2 == 0 { fields.clone() } else { self.write_fields(id, &maps, &mut plain) })
            .collect();
        let symbols: Vec<String> = (0..events).map(|_| escape(&self.name())).collect();
        let build = |templates: &[String]| {
            let mut text = provider.clone();
            text += "<maps>";
            text.extend(maps.iter().map(|(_, text)| text.as_str()));
            text += "</maps><templates>";
            for (id, fields) in templates.iter().enumerate() {
                write!(text, "<template tid=\"T{id}\">{fields}</template>").unwrap();
            }
            text += "</templates><events>";
            for (id, symbol) in symbols.iter().enumerate() {
                let id_of_event = id / 2 * 2 + 1;
                let version = id % 2;
                write!(
                    text,
                    "<event value=\"{id_of_event}\" version=\"{version}\" symbol=\"{symbol}\" level=\"win:Error\" \
                     template=\"T{id}\" message=\"$(string.m)\"/>"
                )
                .unwrap();
            }
            text += "</events></provider></events></instrumentation><localization><resources culture=\"en-US\"><stringTable>";
            text += "<string id=\"m\" value=\"first %1, second %2!d!, %3\"/>";
            for (at, string) in strings.iter().enumerate() {
                write!(text, "<string id=\"s{at}\" value=\"{}\"/>", escape(string)).unwrap();
            }
            text + "</stringTable></resources></localization></instrumentationManifest>"
        };
        let builds = vec![(10240, build(&old)), (20348, build(&new))];
        Manifest { builds, meanings: self.write_meanings(&plain), events: events / 2 }
    }

    /// The head of a manifest, to the provider's keywords.
    fn write_provider(&mut self) -> String {
        let mut text = HEAD.replace("NAME", &escape(&self.name()));
        let mut taken = BTreeSet::new();
        text += "<channels>";
        for at in 0..3 {
            let name = escape(&self.name_beside(&mut taken));
            write!(text, "<channel chid=\"{name}\" name=\"Channel/{at}\" type=\"Analytic\"/>").unwrap();
        }
        text += "</channels><levels>";
        for at in 0..3 {
            let name = escape(&self.name_beside(&mut taken));
            write!(text, "<level name=\"{name}\" value=\"{}\"/>", at + 16).unwrap();
        }
        text += "</levels><tasks>";
        for at in 1..4 {
            let task = escape(&self.name_beside(&mut taken));
            let opcode = escape(&self.name_beside(&mut taken));
            write!(
                text,
                "<task name=\"{task}\" value=\"{at}\"><opcodes><opcode name=\"{opcode}\" value=\"{}\"/></opcodes></task>",
                at + 10
            )
            .unwrap();
        }
        text += "</tasks><keywords>";
        for at in 0..4 {
            let name = escape(&self.name_beside(&mut taken));
            write!(text, "<keyword name=\"{name}\" mask=\"0x{:x}\"/>", 1 << at).unwrap();
        }
        text + "</keywords>"
    }

    /// The maps, each with its name.
    fn write_maps(&mut self, strings: &mut Vec<String>) -> Vec<(String, String)> {
        let mut taken = BTreeSet::new();
        let mut maps = Vec::new();
        for at in 0..6 {
            let name = escape(&self.name_beside(&mut taken));
            let element = if at % 2 == 0 { "valueMap" } else { "bitMap" };
            let mut text = format!("<{element} name=\"{name}\">");
            for entry in 0..4 {
                write!(text, "<map value=\"{}\" message=\"$(string.s{})\"/>", 1 << entry, strings.len()).unwrap();
                let insert = if self.random.below(4) == 0 { " %2" } else { "" };
                strings.push(format!("{}{insert}", self.name()));
            }
            maps.push((name, format!("{text}</{element}>")));
        }
        maps
    }

    /// The fields of an event. The plain numbers among them are noted: meanings are about those.
    fn write_fields(&mut self, event: usize, maps: &[(String, String)], plain: &mut Vec<(usize, String)>) -> String {
        let mut taken = BTreeSet::new();
        let mut text = String::new();
        for _ in 0..self.random.below(10) {
            let mut raw = self.name_beside(&mut taken);
            if raw.starts_with(|c: char| c.is_ascii_digit()) {
                raw.insert(0, 'n'); // a length or count that is a number is no field's name
            }
            let name = escape(&raw);
            let data = |in_type: &str, more: &str| format!("<data name=\"{name}\" inType=\"win:{in_type}\" {more}/>");
            let field = match self.random.below(16) {
                0 => data("UnicodeString", ""),
                1 => data("AnsiString", ""),
                2 => data("Pointer", ""),
                3 => data("SID", ""),
                4 => data("Boolean", ""),
                5 => data("GUID", ""),
                6 => data("FILETIME", ""),
                7 => data("UInt8", "count=\"3\""),
                8 => data("UnicodeString", "count=\"2\""),
                9 => {
                    let map = &maps[self.random.below(maps.len())].0;
                    data(self.random.one_of(&["UInt8", "UInt16", "UInt32"]), &format!("map=\"{map}\""))
                }
                10 | 11 => {
                    let counted = escape(&self.name_beside(&mut taken));
                    let in_type = self.random.one_of(&["UnicodeString", "AnsiString", "Binary"]);
                    let size = self.random.one_of(&["length", "length", "count"]);
                    let in_type = if size == "count" { "UInt16" } else { in_type };
                    let before = data("UInt16", "");
                    format!("{before}<data name=\"{counted}\" inType=\"win:{in_type}\" {size}=\"{name}\"/>")
                }
                12 => {
                    let mut inner = BTreeSet::new();
                    let first = escape(&self.name_beside(&mut inner));
                    let second = escape(&self.name_beside(&mut inner));
                    format!(
                        "<struct name=\"{name}\"><data name=\"{first}\" inType=\"win:UInt32\"/>\
                         <data name=\"{second}\" inType=\"win:UnicodeString\"/></struct>"
                    )
                }
                13 => data("UInt32", "outType=\"win:NTSTATUS\""),
                _ => {
                    plain.push((event / 2 * 2 + 1, raw.clone()));
                    data("UInt32", "")
                }
            };
            text += &field;
        }
        text
    }

    fn write_meanings(&mut self, plain: &[(usize, String)]) -> String {
        const TYPES: &[&str] =
            &["Option", "Result", "Iterator", "From", "Meaning", "E", "Build", "Some", "Event", "Fn"];
        let mut text = String::new();
        for (at, (event, field)) in plain.iter().take(3).enumerate() {
            let first = self.random.below(5) * 2;
            let (name, kind) = [("NtStatus", "builtin"), (TYPES[first], "values"), (TYPES[first + 1], "bits")][at];
            let values = if at == 0 { "" } else { "integer = \"u64\"\nvalues = [{ name = \"NAMED\", value = 1 }]\n" };
            write!(
                text,
                "[[meaning]]\nname = \"{name}\"\nkind = \"{kind}\"\ndoc = \"d\"\nsource = \"s\"\n{values}\
                 [[field]]\nmeaning = \"{name}\"\nfield = {}\nevents = [{event}]\nin_types = [\"win:UInt32\"]\n\
                 source = \"s\"\n",
                toml::Value::String(field.clone())
            )
            .unwrap();
        }
        text
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

const HEAD: &str = "<instrumentationManifest xmlns=\"http://schemas.microsoft.com/win/2004/08/events\" \
    xmlns:win=\"http://manifests.microsoft.com/win/2004/08/windows/events\"><instrumentation><events>\
    <provider name=\"NAME\" guid=\"{01234567-89ab-cdef-0123-456789abcdef}\" symbol=\"P\" resourceFileName=\"p.dll\" \
    messageFileName=\"p.dll\">";

/// Fields called like members, parameters and markers of views: once, crates with them did not compile.
fn reported_members() -> Manifest {
    let templates = "<templates>\
        <template tid=\"A\"><data name=\"A\" inType=\"win:UInt32\"/><data name=\"Head\" inType=\"win:UnicodeString\"/>\
        <data name=\"B\" inType=\"win:UInt32\"/><data name=\"AfterHead\" inType=\"win:UnicodeString\"/></template>\
        <template tid=\"B\"><data name=\"Reader\" inType=\"win:UnicodeString\"/><data name=\"C\" inType=\"win:UInt32\"/></template>\
        <template tid=\"C\"><data name=\"Payload\" inType=\"win:Pointer\"/></template></templates>";
    let event = |id: u8, symbol: &str, template: &str| {
        format!("<event value=\"{id}\" symbol=\"{symbol}\" level=\"win:Error\" template=\"{template}\"/>")
    };
    let events = event(1, "First", "A") + &event(2, "Second", "B") + &event(3, "Third", "C");
    let text = format!("{HEAD}{templates}<events>{events}</events>{TAIL}");
    Manifest { builds: vec![(1, text)], meanings: String::new(), events: 3 }
}

/// A typed accessor and a field with its name.
fn reported_meaning() -> Manifest {
    let text = format!(
        "{HEAD}<templates><template tid=\"A\"><data name=\"Status\" inType=\"win:UInt32\"/>\
         <data name=\"StatusTyped\" inType=\"win:UInt32\"/></template></templates>\
         <events><event value=\"1\" symbol=\"First\" level=\"win:Error\" template=\"A\"/></events>{TAIL}"
    );
    let meanings = "[[meaning]]\nname = \"NtStatus\"\nkind = \"builtin\"\ndoc = \"d\"\nsource = \"s\"\n\
        [[field]]\nmeaning = \"NtStatus\"\nfield = \"Status\"\nevents = [1]\nin_types = [\"win:UInt32\"]\nsource = \"s\"\n";
    Manifest { builds: vec![(1, text)], meanings: meanings.to_owned(), events: 1 }
}

const TAIL: &str = "</provider></events></instrumentation></instrumentationManifest>";
