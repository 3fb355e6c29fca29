//! `schema` and `compile` as a person runs them.

use std::fs;

use crate::{fails, fixture, folder, run, succeeds};

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
    let fixture = &fixture("constructs.man");
    let binary = folder("schema").join("constructs.dll").to_string_lossy().into_owned();
    succeeds(&["compile", fixture, "--out", &binary]);
    let json = |file: &str| -> serde_json::Value {
        let mut documents: serde_json::Value =
            serde_json::from_str(&succeeds(&["schema", file, "--format", "json"])).expect("JSON");
        documents[0].take()
    };
    let written = json(fixture);
    let compiled = json(&binary);
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
        fails(&["schema", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")], 1)
            .contains("expected an instrumentation")
    );
}

#[test]
fn messages_of_no_provider_are_shown() {
    let file = folder("show-messages").join("messages.man");
    let text = "<instrumentationManifest xmlns=\"http://schemas.microsoft.com/win/2004/08/events\"><instrumentation><events>\
                <messageTable><message value=\"0x1F4\" message=\"$(string.S)\"/></messageTable></events></instrumentation>\
                <localization><resources culture=\"en-US\"><stringTable><string id=\"S\" value=\"It failed.\"/></stringTable>\
                </resources></localization></instrumentationManifest>";
    fs::write(&file, text).expect("a file");
    let shown = succeeds(&["schema", &file.to_string_lossy()]);
    assert!(
        shown.contains("1 messages of no provider\n  0x000001f4 of ") && shown.contains("\"It failed.\""),
        "{shown}"
    );
    let check = |shown: &str| {
        let json: serde_json::Value = serde_json::from_str(shown).expect("JSON");
        let of_no_provider = json.as_array().and_then(|list| list.last()).expect("an object");
        assert_eq!(of_no_provider["provider"], serde_json::Value::Null);
        let message = &of_no_provider["messages"][0];
        assert_eq!((message["value"].as_u64(), message["message"].as_str()), (Some(0x1F4), Some("It failed.")));
    };
    check(&succeeds(&["schema", &file.to_string_lossy(), "--format", "json"]));

    // The texts of a binary that no event refers to.
    let both = folder("show-messages-of-binary").join("both.man");
    let provider = "<provider name=\"P\" guid=\"{00112233-4455-6677-8899-aabbccddeeff}\" symbol=\"P\"><events>\
                    <event value=\"1\" level=\"win:Error\"/></events></provider><messageTable>";
    fs::write(&both, text.replace("<messageTable>", provider)).expect("a file");
    let binary = both.with_extension("dll").to_string_lossy().into_owned();
    succeeds(&["compile", &both.to_string_lossy(), "--out", &binary]);
    check(&succeeds(&["schema", &binary, "--format", "json"]));
}

#[test]
fn a_number_that_is_made_up_is_shown_as_unknown() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../manifests/smbserver/26100.man");
    if !std::path::Path::new(file).exists() {
        return; // the package does not hold it
    }
    let text = succeeds(&["schema", file]);
    assert!(text.contains("       ? Smb1ClientDoesNotSupportSigning (number not known)"), "{text}");
    assert!(!text.contains("65285"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&succeeds(&["schema", file, "--format", "json"])).expect("JSON");
    let tasks = json[0]["tasks"].as_array().expect("tasks");
    let task = tasks.iter().find(|task| task["name"] == "Smb1ClientDoesNotSupportSigning").expect("the task");
    assert_eq!((task["value"].as_u64(), task["placeholder"].as_u64()), (None, Some(65285)));
}
