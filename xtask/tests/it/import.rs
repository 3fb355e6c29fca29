//! `import`, `compile` and `schema FILE…` as a person runs them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments).output().expect("the program runs")
}

fn succeeds(arguments: &[&str]) -> String {
    let output = run(arguments);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {told}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn fails(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
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
    let manifest = manifests().join(format!("{build}.man")).to_string_lossy().into_owned();
    let write = |name: &str, form: &str| {
        let path = folder.join(name).to_string_lossy().into_owned();
        succeeds(&["compile", &manifest, "--out", &path, "--form", form]);
        path
    };
    (write("srv2.sys", "template"), write("srv2.sys.mui", "messages"))
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
    assert!(shown.contains("build 19041 → build 20348") && shown.contains("build 20348 → build 22000"), "{shown}");
    assert!(shown.contains("symbols                        inferred  taken from build 19041 and 22000"), "{shown}");
    assert!(!manifest.exists(), "a dry run writes nothing");

    succeeds(&import);
    // But for the comment, and an outType that winmeta.xml spells in capitals, the same to the letter.
    let body = |text: &str| text.split_once("-->").expect("a comment").1.replace("win:NTStatus", "win:NTSTATUS");
    assert_eq!(body(&fs::read_to_string(&manifest).expect("text")), body(&before));
    let others = |text: &str| {
        let blocks = text.trim_end().split("\n[build.").filter(|block| !block.starts_with("20348")).map(str::to_owned);
        blocks.collect::<Vec<_>>()
    };
    let rows_after = fs::read_to_string(&rows).expect("text");
    assert_eq!(others(&rows_after), others(&rows_before));
    assert!(rows_after.contains("product = \"Windows Server 2022"), "the product's name stays");
    assert!(rows_after.contains("messages = { status = \"captured\", source = \"srv2.sys (binary), srv2.sys.mui"));

    assert!(fails(&import).contains("--replace"), "a build that is there is not replaced unasked");
    succeeds(&[&import[..], &["--replace"]].concat());
    assert_eq!(fs::read_to_string(&rows).expect("text"), rows_after, "importing again changes nothing");
}

#[test]
fn a_new_build_generates_and_keeps_every_name() {
    let folder = copy("import-new");
    let (sys, mui) = binaries(&folder, 26200);
    let dir = folder.to_string_lossy().into_owned();
    succeeds(&["import", &sys, &mui, "--build", "27000", "--name", "Windows \"27000\"", "--dir", &dir]);
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
    assert_eq!((newest.number, newest.product.as_str()), (27000, "Windows \"27000\""));
    let seen = schema.layouts().filter(|(.., layout)| layout.builds.contains(27000)).count();
    assert_eq!(seen, schema.layouts().filter(|(.., layout)| layout.builds.contains(26200)).count());
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
    let told = fails(&import);
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
fn what_of_a_manifest_is_not_read_is_told() {
    let file = folder("not_read").join("a.man");
    let manifest = r#"<instrumentationManifest xmlns="http://schemas.microsoft.com/win/2004/08/events">
      <instrumentation><events>
        <messageTable/>
        <provider name="A" guid="{01234567-89ab-cdef-0123-456789abcdef}"><filters/></provider>
      </events></instrumentation></instrumentationManifest>"#;
    fs::write(&file, manifest).expect("a file");
    let file = file.to_string_lossy();
    for task in [&["schema"][..], &["compile", "--out", &format!("{file}.dll")]] {
        let told = run(&[task, &[&file]].concat()).stderr;
        let told = String::from_utf8_lossy(&told);
        for element in ["3: note: <messageTable>", "4: note: <filters>"] {
            assert!(told.contains(&format!("{file}:{element}: ")), "{told}");
        }
    }
}

#[test]
fn what_a_capture_holds_is_shown_whole() {
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/constructs.man");
    let binary = folder("schema").join("constructs.dll").to_string_lossy().into_owned();
    succeeds(&["compile", fixture, "--out", &binary]);
    let json = |file: &str| -> serde_json::Value {
        let mut documents: serde_json::Value =
            serde_json::from_str(&succeeds(&["schema", file, "--format", "json"])).expect("JSON");
        documents[0].take()
    };
    let (written, compiled) = (json(fixture), json(&binary));
    assert_eq!(compiled["provider"], "Construct-Provider");
    assert_eq!(compiled["tasks"], written["tasks"]);
    assert_eq!(compiled["keywords"], written["keywords"]);
    assert_eq!(compiled["maps"], written["maps"]);
    assert_eq!(compiled["levels"][0]["name"], "Chatty");
    assert_eq!(compiled["maps"][1]["entries"][1], serde_json::json!({ "value": 4, "message": "south" }));
    assert_eq!(
        compiled["opcodes"][1],
        serde_json::json!({
            "name": "Sprint", "value": 12, "message": "Sprinting", "task": "Run"
        })
    );
    let pair = &compiled["events"][0]["fields"][3];
    assert_eq!((&pair["name"], &pair["count"]), (&serde_json::json!("Pair"), &serde_json::json!("Pairs")));
    assert_eq!(pair["members"][1]["in_type"], "win:Pointer");
    let text = succeeds(&["schema", &binary]);
    for line in
        ["Construct-Provider {5d1c7a3e-0b52-4c7e-9c51-2f0c33a1d0e4}", "      0x4  \"south\"", "  message: %1 pairs"]
    {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(
        fails(&["schema", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")]).contains("expected an instrumentation")
    );
}
