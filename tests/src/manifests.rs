//! The repository's manifests, merged, and the layouts in them under the names of the generated views.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use etw_codegen::{Generator, Setting};
use etw_schema::model::Field;
use etw_schema::model::schema::{self, Schema};

/// A layout of an (id, version).
#[derive(Clone, Debug)]
pub struct Layout {
    /// The name of the generated view.
    pub name: String,
    /// The event's id.
    pub id: u16,
    /// The event's version.
    pub version: u8,
    /// The captured builds that have it, ascending.
    pub builds: Vec<u32>,
    /// The layout in the schema.
    pub schema: schema::Layout,
}

impl Layout {
    /// The fields, in the order of the payload.
    pub fn fields(&self) -> &[Field] {
        self.schema.newest_fields()
    }

    /// The position of the field with this name.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.fields().iter().position(|field| field.name == name)
    }

    /// Whether the captured build has this layout.
    pub fn holds_in(&self, capture: u32) -> bool {
        self.builds.contains(&capture)
    }

    /// Every layout of the same id and version, this one among them.
    pub fn family(&self) -> impl Iterator<Item = &'static Layout> + use<> {
        let key = (self.id, self.version);
        layouts().iter().filter(move |other| (other.id, other.version) == key)
    }
}

/// The builds whose facts the tests spell out, as numbers or in snapshots. A build that is imported later is held to what the
/// schema says of it, so that adding one breaks no test.
pub const REVIEWED: [u32; 15] =
    [10240, 10586, 15063, 16299, 17134, 17763, 18363, 18990, 19041, 20348, 22000, 22621, 22631, 26100, 26200];

/// The layouts that one of these builds has, with those of them that have it.
pub fn reviewed() -> impl Iterator<Item = (&'static Layout, Vec<u32>)> {
    let builds = |layout: &Layout| -> Vec<u32> { layout.builds.iter().copied().filter(is_reviewed).collect() };
    layouts().iter().map(move |layout| (layout, builds(layout))).filter(|(_, builds)| !builds.is_empty())
}

/// Whether tests spell out what the build has.
pub fn is_reviewed(build: &u32) -> bool {
    REVIEWED.contains(build)
}

/// The merged schema and its layouts.
#[derive(Debug)]
pub struct Manifests {
    /// The schema over all captured builds.
    pub schema: Schema,
    /// The layouts, in the schema's order.
    pub layouts: Vec<Layout>,
}

/// The manifests, read and merged once.
///
/// # Panics
///
/// When a file cannot be read or the manifests do not merge without an error.
pub fn manifests() -> &'static Manifests {
    static MANIFESTS: OnceLock<Manifests> = OnceLock::new();
    MANIFESTS.get_or_init(|| {
        let generator = generator(&sources());
        let (schema, diagnostics) = generator.merge();
        assert!(!diagnostics.has_errors(), "{diagnostics}");
        let names = generator.layout_names(&schema);
        let layouts = named_layouts(&schema, &names);
        Manifests { schema, layouts }
    })
}

/// Every layout of every event, by the events' ids.
pub fn layouts() -> &'static [Layout] {
    &manifests().layouts
}

/// The layouts of an event, in all of its versions.
pub fn layouts_of(id: u16) -> &'static [Layout] {
    let layouts = layouts();
    let start = layouts.partition_point(|layout| layout.id < id);
    let end = layouts.partition_point(|layout| layout.id <= id);
    &layouts[start..end]
}

/// The layout whose view has this name.
///
/// # Panics
///
/// When there is none.
pub fn layout(name: &str) -> &'static Layout {
    let found = layouts().iter().find(|layout| layout.name == name);
    found.unwrap_or_else(|| panic!("no layout is named {name}"))
}

/// The layout that a captured build has for an (id, version).
pub fn layout_at(id: u16, version: u8, capture: u32) -> Option<&'static Layout> {
    layouts_of(id).iter().find(|layout| layout.version == version && layout.holds_in(capture))
}

/// The numbers of the captured builds, ascending.
pub fn captures() -> &'static [u32] {
    static CAPTURES: OnceLock<Vec<u32>> = OnceLock::new();
    CAPTURES.get_or_init(|| manifests().schema.builds.iter().map(|build| build.number).collect())
}

fn named_layouts(schema: &Schema, names: &[String]) -> Vec<Layout> {
    let known: Vec<u32> = schema.builds.iter().map(|build| build.number).collect();
    let layouts: Vec<Layout> = schema
        .layouts()
        .zip(names)
        .map(|((id, version, layout), name)| {
            let builds = known.iter().copied().filter(|build| layout.builds.contains(*build)).collect();
            Layout { name: name.clone(), id, version, builds, schema: layout.clone() }
        })
        .collect();
    assert_eq!(layouts.len(), names.len(), "a name for each layout");
    assert!(layouts.is_sorted_by_key(|layout| layout.id));
    layouts
}

/// A build's manifest file.
#[derive(Clone, Debug)]
pub struct Source {
    /// The build.
    pub build: u32,
    /// The path inside the repository, as generated text and diagnostics show it.
    pub name: String,
    /// The file's bytes.
    pub bytes: Vec<u8>,
}

/// The repository's root.
///
/// # Panics
///
/// When this crate does not lie in a folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate lies in the repository").to_owned()
}

/// The manifest files, by build.
///
/// # Panics
///
/// When the folder or a file cannot be read, or a file is not named by its build.
pub fn sources() -> Vec<Source> {
    let folder = root().join("manifests/smbserver");
    let mut sources = Vec::new();
    for entry in fs::read_dir(&folder).expect("the folder of the manifests") {
        let path = entry.expect("an entry of the folder").path();
        if path.extension().is_some_and(|extension| extension == "man") {
            let build = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
            let build = build.unwrap_or_else(|| panic!("{} is not named by a build", path.display()));
            let name = format!("manifests/smbserver/{build}.man");
            sources.push(Source { build, name, bytes: fs::read(&path).expect("a manifest") });
        }
    }
    sources.sort_by_key(|source| source.build);
    sources
}

/// A generator with these manifests, in this order, and with the other files in their folder.
///
/// # Panics
///
/// When a file cannot be read.
pub fn generator(sources: &[Source]) -> Generator {
    let mut generator = Generator::new();
    generator.for_crate("smbserver-etw");
    for source in sources {
        generator.add_manifest(&source.name, source.build, &source.bytes);
    }
    for setting in Setting::ALL {
        let name = format!("manifests/smbserver/{}", setting.file_name());
        let text = fs::read_to_string(root().join(&name)).expect("a file beside the manifests");
        generator.configure(setting, &name, &text);
    }
    generator
}
