//! The schema in the generated crate against the manifests: types, fields, maps, builds and headers.

use std::collections::BTreeMap;

use etw_runtime::{FieldInfo, LayoutInfo, Size};
use etw_schema::model::{self, Field, Provider, schema::Header};
use etw_schema::source::man::{self, ReadOptions};
use smbserver_etw::schema::PROVIDER;
use smbserver_etw_tests::manifests::{Layout, captures, layouts, manifests, sources};

fn info_of(layout: &Layout) -> &'static LayoutInfo {
    let found = PROVIDER.layouts().find(|info| info.name == layout.name);
    found.unwrap_or_else(|| panic!("{} is not in the generated crate", layout.name))
}

#[test]
fn the_generated_schema_has_the_provider_and_its_layouts() {
    let schema = &manifests().schema;
    assert_eq!(PROVIDER.name, schema.provider);
    assert_eq!(PROVIDER.guid, schema.guid);
    assert_eq!(PROVIDER.builds, captures());
    let mut indexes: Vec<u16> = PROVIDER.layouts().map(|info| info.index).collect();
    indexes.sort_unstable();
    assert!(indexes.into_iter().eq(0..u16::try_from(layouts().len()).expect("a dispatch of 16 bits")));
    let generated: Vec<_> = PROVIDER.layouts().map(|info| (info.id, info.version, info.name)).collect();
    let merged: Vec<_> = layouts().iter().map(|of| (of.id, of.version, of.name.as_str())).collect();
    assert_eq!(generated, merged, "the same layouts in the same order");
    for event in PROVIDER.events {
        let of_event = || event.versions.iter().flat_map(|version| version.layouts.iter().map(move |l| (version, l)));
        assert!(of_event().all(|(v, l)| (l.id, l.version, l.event) == (event.id, v.version, event.name)));
    }
}

#[test]
fn generated_layouts_hold_in_the_builds_of_the_schema() {
    for layout in layouts() {
        let info = info_of(layout);
        let ranges: Vec<_> = info.builds.iter().map(|range| (range.first, range.last)).collect();
        let merged: Vec<_> = layout.schema.builds.ranges().iter().map(|range| (range.first, range.last)).collect();
        assert_eq!(ranges, merged, "{}", layout.name);
        for &build in captures() {
            assert_eq!(info.holds_in(build), layout.holds_in(build), "{} in {build}", layout.name);
        }
    }
}

// ---- fields --------------------------------------------------------------------------------------------------------

/// The outType that winmeta.xml makes the default of an inType.
fn default_out_type(in_type: &str) -> &'static str {
    match in_type {
        "win:UnicodeString" | "win:AnsiString" | "win:SID" | "win:CountedUnicodeString" | "win:CountedAnsiString" => {
            "xs:string"
        }
        "win:Int8" => "xs:byte",
        "win:UInt8" => "xs:unsignedByte",
        "win:Int16" => "xs:short",
        "win:UInt16" => "xs:unsignedShort",
        "win:Int32" => "xs:int",
        "win:UInt32" => "xs:unsignedInt",
        "win:Int64" => "xs:long",
        "win:UInt64" => "xs:unsignedLong",
        "win:Float" => "xs:float",
        "win:Double" => "xs:double",
        "win:Boolean" => "xs:boolean",
        "win:Binary" | "win:CountedBinary" => "xs:hexBinary",
        "win:GUID" => "xs:GUID",
        "win:Pointer" | "win:HexInt64" => "win:HexInt64",
        "win:FILETIME" | "win:SYSTEMTIME" => "xs:dateTime",
        "win:HexInt32" => "win:HexInt32",
        other => panic!("{other} has no default outType"),
    }
}

/// A field, in a form that both the model and the generated schema can be converted to.
#[derive(Debug, PartialEq, Eq)]
struct Told<'a> {
    name: &'a str,
    in_type: &'static str,
    out_type: &'static str,
    length: Option<Reference<'a>>,
    count: Option<Reference<'a>>,
    map: Option<&'a str>,
}

/// A length or a count.
#[derive(Debug, PartialEq, Eq)]
enum Reference<'a> {
    Number(u16),
    Field(&'a str),
}

fn told_by_model(field: &Field) -> Told<'_> {
    let in_type = field.in_type.name();
    Told {
        name: &field.name,
        in_type,
        out_type: field.out_type.map_or_else(|| default_out_type(in_type), model::OutType::name),
        length: field.length.as_ref().map(Reference::of_model),
        count: field.count.as_ref().map(Reference::of_model),
        map: field.map.as_deref(),
    }
}

fn told_by_info(field: &FieldInfo, all: &'static [FieldInfo]) -> Told<'static> {
    let in_type = field.in_type.name();
    Told {
        name: field.name,
        in_type,
        out_type: field.out_type.map_or_else(|| default_out_type(in_type), etw_runtime::OutType::name),
        length: field.length.map(|size| Reference::of_info(size, all)),
        count: field.count.map(|size| Reference::of_info(size, all)),
        map: field.map.map(|map| map.name),
    }
}

impl<'a> Reference<'a> {
    fn of_model(size: &'a model::Size) -> Self {
        match size {
            model::Size::Fixed(number) => Self::Number(*number),
            model::Size::Field(field) => Self::Field(field.name()),
        }
    }

    fn of_info(size: Size, all: &'static [FieldInfo]) -> Self {
        match size {
            Size::Fixed(number) => Self::Number(number),
            Size::Field(index) => Self::Field(all[usize::from(index)].name),
        }
    }
}

#[test]
fn generated_fields_are_the_manifests_fields() {
    let mut fields = 0;
    for layout in layouts() {
        let all = info_of(layout).fields;
        let generated: Vec<Told<'_>> = all.iter().map(|field| told_by_info(field, all)).collect();
        let declared: Vec<Told<'_>> = layout.fields().iter().map(told_by_model).collect();
        assert_eq!(generated, declared, "{}", layout.name);
        fields += declared.len();
    }
    println!("{} layouts, {fields} fields", layouts().len());
}

#[test]
fn generated_maps_name_what_every_build_names() {
    let fields = || PROVIDER.layouts().flat_map(|info| info.fields);
    for held in &manifests().schema.maps {
        let map = &held.value;
        // A map that no field uses is in the crate, but reflection does not lead to it.
        let Some(info) = fields().filter_map(|field| field.map).find(|info| info.name == map.name) else { continue };
        assert_eq!(info.bits, map.kind == model::MapKind::Bit, "{}", map.name);
        for entry in &map.entries {
            assert!(info.name_of(entry.value).is_some(), "{} of {}", entry.value, map.name);
        }
    }
}

// ---- headers -------------------------------------------------------------------------------------------------------

/// The numbers of winmeta.xml that the manifests use.
const WINMETA: &[(&str, u64)] = &[
    ("win:Critical", 1),
    ("win:Error", 2),
    ("win:Warning", 3),
    ("win:Informational", 4),
    ("win:Verbose", 5),
    ("win:Info", 0),
    ("win:Start", 1),
    ("win:Stop", 2),
    ("win:Send", 9),
    ("win:Receive", 240),
    ("win:None", 0),
    ("win:AuditFailure", 0x0010_0000_0000_0000),
    ("win:AuditSuccess", 0x0020_0000_0000_0000),
];

/// A header's numbers.
#[derive(Debug, PartialEq, Eq)]
struct Numbers<'a> {
    channel: Option<u64>,
    level: u64,
    opcode: u64,
    task: u64,
    keywords: u64,
    message: Option<&'a str>,
}

/// The numbers in a build's own manifest.
struct Declared {
    provider: Provider,
}

impl Declared {
    fn number<'p>(name: &str, declared: impl IntoIterator<Item = (&'p str, u64)>) -> u64 {
        let declared = declared.into_iter().find(|(known, _)| *known == name);
        let known = declared.or_else(|| WINMETA.iter().copied().find(|(known, _)| *known == name));
        known.unwrap_or_else(|| panic!("nothing declares {name}")).1
    }

    fn channel(&self, id: &str) -> u64 {
        let all = &self.provider.channels;
        let at = all.iter().position(|channel| channel.id == id).expect("a declared channel");
        // The manifest compiler counts the channels without a number from 16.
        all[at].value.map_or_else(|| 16 + u64::try_from(at).expect("few channels"), u64::from)
    }

    fn opcode(&self, name: &str, task: Option<&str>) -> u64 {
        let named = |of: Option<&str>| {
            let mut all = self.provider.opcodes.iter();
            all.find(|opcode| opcode.name == name && opcode.task.as_deref() == of).map(|opcode| u64::from(opcode.value))
        };
        let own = task.and_then(|task| named(Some(task))).or_else(|| named(None));
        own.unwrap_or_else(|| Self::number(name, []))
    }

    fn numbers<'h>(&self, header: &'h Header) -> Numbers<'h> {
        let of = &self.provider;
        let levels = || of.levels.iter().map(|level| (level.name.as_str(), u64::from(level.value)));
        let tasks = || of.tasks.iter().map(|task| (task.name.as_str(), u64::from(task.value)));
        let keywords = || of.keywords.iter().map(|keyword| (keyword.name.as_str(), keyword.mask));
        Numbers {
            channel: header.channel.as_deref().map(|id| self.channel(id)),
            level: header.level.as_deref().map_or(0, |name| Self::number(name, levels())),
            opcode: header.opcode.as_deref().map_or(0, |name| self.opcode(name, header.task.as_deref())),
            task: header.task.as_deref().map_or(0, |name| Self::number(name, tasks())),
            keywords: header.keywords.iter().fold(0, |mask, name| mask | Self::number(name, keywords())),
            message: header.message.as_deref(),
        }
    }
}

#[test]
fn generated_headers_are_those_of_each_build() {
    let mut headers = 0;
    let declared: BTreeMap<u32, Declared> = sources()
        .into_iter()
        .map(|source| {
            let (manifest, _) = man::read(&source.name, &source.bytes, &ReadOptions::default());
            (source.build, Declared { provider: manifest.providers.into_iter().next().expect("a provider") })
        })
        .collect();
    for layout in layouts() {
        for build in &layout.builds {
            let header = layout.schema.header_at(*build).expect("a header in each build");
            let info = info_of(layout).header(*build).expect("a header in each build");
            let generated = Numbers {
                channel: info.channel.map(u64::from),
                level: info.level.into(),
                opcode: info.opcode.into(),
                task: info.task.into(),
                keywords: info.keywords,
                message: info.message,
            };
            assert_eq!(generated, declared[build].numbers(header), "{} in {build}", layout.name);
            headers += 1;
        }
    }
    println!("{headers} headers");
}

/// `unwrap` and a `main` that returns a `Result` print the `Debug` form, so it must be readable.
#[test]
fn an_error_says_what_is_wrong_in_a_line() {
    let build = smbserver_etw::Build::B20348;
    for (id, version, payload) in [(111, 2, &[0; 188][..]), (111, 2, &[0; 228]), (111, 9, &[]), (9999, 0, &[])] {
        let error = smbserver_etw::Event::decode(build, id, version, payload).expect_err("it fits nothing");
        let text = format!("{error:?}");
        assert!(text.len() < 500, "{} bytes: {text}", text.len());
    }
    let error = smbserver_etw::Event::decode(build, 111, 2, &[0; 188]).expect_err("it is cut");
    assert!(format!("{error:?}").contains("Smb2ResponseReadV2"), "{error:?}");
    assert!(format!("{error:?}").contains("needed: 16, available: 8"), "{error:?}");
}
