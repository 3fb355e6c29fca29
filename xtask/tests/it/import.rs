//! `import` as a person runs it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use etw_schema::compile::{compile, wrap};
use etw_schema::model::{Size, builtin};
use etw_schema::source::man;

use crate::etl_writer::{EventInfo, InfoProperty, METADATA, RELOG, Session, classic};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments).output().expect("the program runs")
}

fn succeeds(arguments: &[&str]) -> String {
    let output = run(arguments);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {told}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn fails(arguments: &[&str], code: i32) -> String {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}");
    String::from_utf8(output.stderr).expect("UTF-8")
}

/// An empty folder.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn manifests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifests/smbserver")
}

/// The builds of the repository.
pub(crate) fn builds() -> Vec<u32> {
    let names = fs::read_dir(manifests()).expect("the manifests").map(|entry| entry.expect("a file").path());
    let mut builds: Vec<u32> =
        names.filter_map(|path| path.file_name()?.to_str()?.strip_suffix(".man")?.parse().ok()).collect();
    builds.sort_unstable();
    builds
}

/// A build that the repository does not have, newer than all.
fn new_build() -> String {
    (builds().last().expect("builds") + 800).to_string()
}

/// A copy of the manifests.
fn copy(name: &str) -> PathBuf {
    let folder = folder(name);
    for entry in fs::read_dir(manifests()).expect("the manifests") {
        let path = entry.expect("a file").path();
        fs::copy(&path, folder.join(path.file_name().expect("a name"))).expect("a copy");
    }
    folder
}

/// `srv2.sys` and `srv2.sys.mui` made of a build's manifest.
fn binaries(folder: &Path, build: u32) -> (String, String) {
    let file = format!("{build}.man");
    let bytes = fs::read(manifests().join(&file)).expect("a manifest");
    let (manifest, _) = man::read(&file, &bytes, &man::ReadOptions::default());
    let (compiled, _) = compile(&manifest);
    let write = |name: &str, template: Option<&[u8]>, messages: Option<&[u8]>| {
        let path = folder.join(name).to_string_lossy().into_owned();
        fs::write(&path, wrap(template, messages).expect("a DLL")).expect("a file");
        path
    };
    (write("srv2.sys", Some(&compiled.template), None), write("srv2.sys.mui", None, Some(&compiled.messages)))
}

#[test]
fn a_build_is_imported_from_its_binary_and_nothing_else_changes() {
    let folder = copy("import-binary");
    let (sys, mui) = binaries(&folder, 20348);
    let (manifest, rows) = (folder.join("20348.man"), folder.join("builds.toml"));
    let (before, rows_before) =
        (fs::read_to_string(&manifest).expect("text"), fs::read_to_string(&rows).expect("text"));
    fs::remove_file(&manifest).expect("it was there");
    let dir = folder.to_string_lossy().into_owned();
    let import = ["import", &sys, &mui, "--build", "20348", "--dir", &dir];

    let shown = succeeds(&[&import[..], &["--dry-run"]].concat());
    let older = builds().into_iter().filter(|build| *build < 20348).max().expect("an older build");
    let newer = builds().into_iter().filter(|build| *build > 20348).min().expect("a newer build");
    for neighbours in [format!("build {older} → build 20348"), format!("build 20348 → build {newer}")] {
        assert!(shown.contains(&neighbours), "{shown}");
    }
    assert!(shown.contains("symbols                        inferred  taken from build "), "{shown}");
    assert!(!manifest.exists(), "a dry run writes nothing");

    let told = succeeds(&import);
    assert!(told.contains("next: cargo xtask regen, once the files of") && told.contains(&dir), "{told}");
    // But for the comment, an outType that winmeta.xml spells in capitals, and what a binary says of placeholders, the same to
    // the letter.
    let body = |text: &str| {
        let text = text.split_once("-->").expect("a comment").1.replace("win:NTStatus", "win:NTSTATUS");
        let text = text.replace(" provenance:value=\"placeholder\"", "");
        text.replace(" xmlns:provenance=\"urn:etw-schema:provenance\"", "")
    };
    assert_eq!(body(&fs::read_to_string(&manifest).expect("text")), body(&before));
    let others = |text: &str| {
        let blocks = text.trim_end().split("\n[build.").filter(|block| !block.starts_with("20348")).map(str::to_owned);
        blocks.collect::<Vec<_>>()
    };
    let rows_after = fs::read_to_string(&rows).expect("text");
    assert_eq!(others(&rows_after), others(&rows_before));
    assert!(rows_after.contains("product = \"Windows Server 2022"), "the product's name stays");
    assert!(rows_after.contains("messages = { status = \"captured\", source = \"srv2.sys (binary), srv2.sys.mui"));

    assert!(fails(&import, 2).contains("--replace"), "a build that is there is not replaced unasked");
    succeeds(&[&import[..], &["--replace"]].concat());
    assert_eq!(fs::read_to_string(&rows).expect("text"), rows_after, "importing again changes nothing");
}

/// A merged trace that describes these events of a build.
fn merged_trace(folder: &Path, build: u32, ids: &[u16]) -> String {
    let file = format!("{build}.man");
    let bytes = fs::read(manifests().join(&file)).expect("a manifest");
    let (manifest, _) = man::read(&file, &bytes, &man::ReadOptions::default());
    let provider = &manifest.providers[0];
    let infos = provider.events.iter().filter(|event| ids.contains(&event.id)).map(|event| {
        let template = provider.templates.iter().find(|template| Some(&template.id) == event.template.as_ref());
        let fields = &template.expect("fields").fields;
        let properties = fields.iter().map(|field| {
            let (flags, length) = match &field.length {
                Some(Size::Field(field)) => (2, field.index()),
                _ => (0, 0),
            };
            InfoProperty {
                flags,
                name: &field.name,
                in_type: field.in_type.value().into(),
                out_type: 0,
                map: "",
                count: 1,
                length,
            }
        });
        let level = event.level.as_deref().and_then(|level| builtin::value_of(builtin::LEVELS, level)).unwrap_or(0);
        let task = event.task.as_deref().unwrap_or_default();
        let value = provider.tasks.iter().find(|known| known.name == task).map_or(0, |task| task.value);
        let info = EventInfo {
            provider: provider.guid.to_bytes(),
            id: event.id,
            version: event.version,
            numbers: [0, level, 0],
            task: value,
            mask: 0,
            source: 0,
            names: [&provider.name, "win:Informational", ""],
            keywords: Vec::new(),
            texts: [task, "", event.message.as_deref().unwrap_or_default(), ""],
            top_level: fields.len(),
            properties: properties.collect(),
        };
        classic(20, METADATA, 32, 5_000_020, &info.write())
    });
    let session = Session { mode: RELOG, buffer_size: 64 << 10, ..Session::default() };
    let trace = [session.first(&[]), session.buffer(0, 1, &infos.collect::<Vec<_>>())].concat();
    let path = folder.join("trace.etl").to_string_lossy().into_owned();
    fs::write(&path, trace).expect("a file");
    path
}

#[test]
fn a_merged_trace_is_a_capture_of_the_events_in_it() {
    let folder = copy("import-trace");
    let dir = folder.to_string_lossy().into_owned();
    let trace = merged_trace(&folder, 26200, &[551, 1900]);
    let import = ["import", &trace, "--build", "27000", "--name", "Windows 27000", "--dir", &dir];
    let shown = succeeds(&import);
    assert!(shown.contains("a trace holds only the events that were recorded: the build may have others"), "{shown}");
    for row in
        ["event_list", "symbols", "fields"].map(|key| shown.lines().find(|line| line.trim_start().starts_with(key)))
    {
        let row = row.expect("a row of facts");
        let is_held = row.trim_start().starts_with("fields");
        assert_eq!(row.contains("trace.etl (schema in a trace)"), is_held, "{row}");
    }
    // What the trace does not tell of is not gone.
    assert!(!shown.contains("event 4 "), "{shown}");
    let written = fs::read_to_string(folder.join("27000.man")).expect("a manifest");
    assert!(written.contains("IsTdiEnabled") && written.matches("<event ").count() < 8, "{written}");
    // With the manifest of another machine of the build beside it, the two are one.
    let manifest = folder.join("26200.man").to_string_lossy().into_owned();
    let both = ["import", &manifest, &trace, "--build", "26200", "--dir", &dir, "--replace", "--dry-run"];
    let shown = succeeds(&both);
    assert!(!shown.contains("the build may have others"), "{shown}");
}

#[test]
fn a_new_build_generates_and_keeps_every_name() {
    let folder = copy("import-new");
    let (sys, mui) = binaries(&folder, 26200);
    let dir = folder.to_string_lossy().into_owned();
    succeeds(&["import", &sys, &mui, "--build", &new_build(), "--name", "Windows \"27000\"", "--dir", &dir]);
    let mut generator = etw_codegen::Generator::new();
    for entry in fs::read_dir(&folder).expect("the copy") {
        let path = entry.expect("a file").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let build = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
        if let Some(build) = build {
            generator.add_manifest(&name, build, &fs::read(&path).expect("bytes"));
        } else if let Some(setting) = etw_codegen::Setting::from_file_name(&name) {
            generator.configure(setting, &name, &fs::read_to_string(&path).expect("text"));
        }
    }
    let (names, diagnostics) = generator.plan_names();
    assert!(!diagnostics.has_errors(), "{diagnostics}");
    let lock = fs::read_to_string(folder.join("names.lock")).expect("text");
    assert_eq!(names.to_string(), lock, "the same events under a new number bring no name");
    let (schema, _) = generator.merge();
    let newest = schema.builds.last().expect("builds");
    assert_eq!((newest.number.to_string(), newest.product.as_str()), (new_build(), "Windows \"27000\""));
    let seen = schema.layouts().filter(|(.., layout)| layout.builds.contains(newest.number)).count();
    assert_eq!(seen, schema.layouts().filter(|(.., layout)| layout.builds.contains(26200)).count());
}

#[test]
fn several_captures_are_taken_in_any_order_a_dump_among_them() {
    let dump = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/corpus/registered-10240/Microsoft-Windows-SMBServer.xml");
    if !dump.exists() {
        eprintln!("skipped: {} is absent", dump.display());
        return;
    }
    let dump = dump.to_string_lossy().into_owned();
    let made = ["import-man-dump", "import-dump-man"].map(|name| {
        let folder = copy(name);
        let ours = folder.join("10240.man");
        let before = fs::read_to_string(&ours).expect("text");
        let (sys, mui) = binaries(&folder, 10240);
        let man = ours.to_string_lossy().into_owned();
        let dir = folder.to_string_lossy().into_owned();
        let mut files = [man.as_str(), &dump, &sys, &mui];
        if name.ends_with("man") {
            files.reverse();
        }
        let options = ["--build", "10240", "--replace", "--dir", &dir];
        succeeds(&[&["import"], &files[..], &options[..]].concat());
        (before, fs::read_to_string(&ours).expect("text"))
    });
    let events = |text: &str| {
        let lines = text.lines().filter(|line| line.contains("<event ") || line.contains("<data "));
        let mut lines: Vec<String> = lines.map(|line| line.trim().replace("win:NTStatus", "win:NTSTATUS")).collect();
        lines.sort();
        lines
    };
    for (before, after) in &made {
        assert_eq!(events(before), events(after), "the dump and the binary say nothing else");
    }
}

#[test]
fn a_contradiction_stops_the_import_until_it_is_decided() {
    let folder = copy("import-contradiction");
    let dir = folder.to_string_lossy().into_owned();
    let ours = folder.join("22000.man").to_string_lossy().into_owned();
    let text = fs::read_to_string(&ours).expect("text");
    let other = folder.join("other.xml").to_string_lossy().into_owned();
    let said = "The server received an unencrypted message. Message was rejected.";
    assert!(text.contains(said));
    fs::write(&other, text.replace(said, "Something else.")).expect("a file");
    let import = ["import", &ours, &other, "--build", "22000", "--replace", "--dir", &dir];
    let told = fails(&import, 1);
    assert!(told.contains("event 1003 version 0: message: here \"Something else."), "{told}");
    assert!(told.contains("22000.man:") && told.contains("other.xml:") && told.contains("1 contradiction"), "{told}");

    let overrides = folder.join("overrides.toml");
    let mut rules = fs::read_to_string(&overrides).expect("text");
    rules += "\n[[contradiction]]\nbuild = 22000\nevent = 1003\nversion = 0\nfact = \"message\"\ntake = \"other.xml\"\n\
              reason = \"a test\"\n";
    fs::write(&overrides, rules).expect("a file");
    succeeds(&import);
    assert!(fs::read_to_string(&ours).expect("text").contains("Something else."));
}

#[test]
fn a_name_of_several_lines_is_refused_and_nothing_is_written() {
    let folder = copy("import-name");
    let (sys, mui) = binaries(&folder, 26200);
    let dir = folder.to_string_lossy().into_owned();
    let rows = fs::read(folder.join("builds.toml")).expect("rows");
    let told = fails(&["import", &sys, &mui, "--build", &new_build(), "--name", "a\nb", "--dir", &dir], 2);
    assert!(told.contains("--name"), "{told}");
    assert_eq!(fs::read(folder.join("builds.toml")).expect("rows"), rows);
    assert!(!folder.join(new_build() + ".man").exists());
}

#[cfg(unix)]
#[test]
fn a_link_is_not_followed_and_half_an_import_is_not_written() {
    let folder = copy("import-link");
    let (sys, mui) = binaries(&folder, 26200);
    let dir = folder.to_string_lossy().into_owned();
    let outside = self::folder("import-link-outside").join("builds.toml");
    fs::rename(folder.join("builds.toml"), &outside).expect("a file");
    std::os::unix::fs::symlink(&outside, folder.join("builds.toml")).expect("a link");
    let before = fs::read(&outside).expect("rows");
    let told = fails(&["import", &sys, &mui, "--build", &new_build(), "--dir", &dir], 2);
    assert!(told.contains("symbolic link"), "{told}");
    assert_eq!(fs::read(&outside).expect("rows"), before);
    assert!(!folder.join(new_build() + ".man").exists());
}

/// A folder that `xtask` takes for a checkout: the manifests, and a crate of the generated sources that stands for itself.
fn checkout(name: &str) -> PathBuf {
    let root = folder(name);
    let real = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut folders = vec![PathBuf::from("manifests/smbserver"), PathBuf::from("generated")];
    while let Some(folder) = folders.pop() {
        fs::create_dir_all(root.join(&folder)).expect("a folder");
        for entry in fs::read_dir(real.join(&folder)).expect("a folder of the repository") {
            let entry = entry.expect("a file");
            let path = folder.join(entry.file_name());
            if entry.file_type().expect("a kind").is_dir() {
                folders.push(path);
            } else {
                fs::copy(entry.path(), root.join(path)).expect("a copy");
            }
        }
    }
    for folder in ["xtask", "docs"] {
        fs::create_dir_all(root.join(folder)).expect("a folder");
    }
    fs::write(root.join("xtask/Cargo.toml"), "").expect("a file");
    let manifest = fs::read_to_string(root.join("generated/Cargo.toml")).expect("text");
    let (_, features) = manifest.split_once("\n[features]").expect("features");
    let features = features.split_once("\n[dependencies]").expect("dependencies").0;
    let runtime = fs::canonicalize(real.join("runtime")).expect("a folder");
    let manifest = format!(
        "[package]\nname = \"smbserver-etw\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[features]{features}\n\
         [dependencies]\netw-runtime = {{ path = {:?} }}\n\n[workspace]\n",
        runtime.to_string_lossy()
    );
    fs::write(root.join("generated/Cargo.toml"), manifest).expect("a file");
    fs::copy(real.join("Cargo.lock"), root.join("generated/Cargo.lock")).expect("a copy");
    root
}

fn succeeds_in(folder: &Path, command: &mut Command) -> String {
    let output = command.current_dir(folder).env_remove("CARGO_MANIFEST_DIR").output().expect("the program runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {told}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn adding_a_build_is_one_command_and_what_is_generated_of_it_compiles() {
    let root = checkout("import-and-regenerate");
    let captures = folder("import-and-regenerate-captures");
    let source = fs::read_to_string(root.join("manifests/smbserver/26200.man")).expect("text");
    // An event that no build has, with the fields of another.
    let event = source.lines().find(|line| line.contains("<event value=\"1900\"")).expect("event 1900");
    let new = event.replace("value=\"1900\"", "value=\"60000\"").replace("symbol=\"", "symbol=\"MadeUp");
    let made_up = captures.join("made-up.man");
    fs::write(&made_up, source.replace(event, &format!("{event}\n{new}"))).expect("a file");

    let xtask = || Command::new(env!("CARGO_BIN_EXE_xtask"));
    let file = made_up.to_string_lossy().into_owned();
    let told = succeeds_in(&root, xtask().args(["import", &file, "--build", &new_build(), "--name", "Made up"]));
    assert!(told.contains("next: cargo xtask regen"), "{told}");
    let made = succeeds_in(&root, xtask().arg("regen"));
    assert!(made.contains(&new_build()) && made.contains("wrote generated/src/"), "{made}");
    assert!(succeeds_in(&root, xtask().args(["regen", "--check"])).contains("nothing differs"));
    let shown = succeeds_in(&root, xtask().args(["show", "60000"]));
    assert!(shown.contains(&format!("builds {}", new_build())), "{shown}");

    let before = fs::read_to_string(manifests().join("names.lock")).expect("text");
    let after = fs::read_to_string(root.join("manifests/smbserver/names.lock")).expect("text");
    let (published, _) = before.rsplit_once("end ").expect("the number of names");
    assert!(after.starts_with(published), "no published name is lost");
    let mut check = Command::new(env!("CARGO"));
    check.args(["check", "--quiet", "--offline", "--all-features", "--target-dir"]).arg(captures.join("target"));
    succeeds_in(&root.join("generated"), &mut check);
}
