//! The whole way, from bytes to files.

use std::collections::{BTreeMap, BTreeSet};

use etw_schema::diagnostic::{Diagnostics, Severity};
use etw_schema::merge::{Capture, merge};
use etw_schema::model::schema::{Build, Schema};
use etw_schema::model::{self, EventKey, Place, Provider};
use etw_schema::settings::Decisions;
use etw_schema::{settings, source, validate};

use crate::format::Tree;
use crate::meanings::{self, Meanings};
use crate::names_lock::NamesLock;
use crate::overrides::{self, Overrides};
use crate::{emit, plan};

/// The one file of [`Generator::generate_single_file`].
pub const SINGLE_FILE: &str = "mod.rs";

/// Generated files: path under the crate's `src`, and text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files(pub BTreeMap<String, String>);

/// The output of a generation.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// The schema over all builds.
    pub schema: Schema,
    /// The crate's files. Empty if an error prevents all of them.
    pub files: Files,
    /// Every public name: those that were given as [`Setting::Names`], and after them the new ones.
    pub names: NamesLock,
    /// How many events were generated.
    pub events: usize,
    /// How many layouts they have.
    pub layouts: usize,
    /// The events, by id and version, that a manifest declares and that could not be generated; the diagnostics say
    /// why.
    pub left_out: BTreeSet<EventKey>,
    /// Everything found on the way. An error names what was left out.
    pub diagnostics: Diagnostics,
}

/// A file that may accompany the manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// The product of each build and where its facts come from.
    Builds,
    /// Which maps were inferred.
    Decisions,
    /// What numbers mean where no manifest says it.
    Meanings,
    /// Modules and names that the rules would not make.
    Overrides,
    /// The public names that were given before. Without it every name follows the rules alone.
    Names,
}

impl Setting {
    /// Every setting, in the order in which a folder's are read.
    pub const ALL: [Self; 5] = [Self::Builds, Self::Decisions, Self::Meanings, Self::Overrides, Self::Names];

    /// The file's name in the folder of the manifests.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Builds => "builds.toml",
            Self::Decisions => "decisions.toml",
            Self::Meanings => "meanings.toml",
            Self::Overrides => "overrides.toml",
            Self::Names => "names.lock",
        }
    }

    /// The setting whose file has this name.
    pub fn from_file_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|setting| setting.file_name() == name)
    }
}

/// Takes manifests and what is known about them, and generates.
///
/// Output depends on the input alone: the same input gives the same bytes, in whatever order it is added.
#[derive(Clone, Debug, Default)]
pub struct Generator {
    captures: Vec<Capture>,
    builds: BTreeMap<u32, Build>,
    builds_file: Option<String>,
    overrides: Overrides,
    overrides_file: String,
    decisions: Decisions,
    meanings: Meanings,
    meanings_file: String,
    names: NamesLock,
    unknown_inserts_are_errors: bool,
    crate_name: Option<String>,
    diagnostics: Diagnostics,
}

impl Generator {
    /// A generator without any input.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the manifest of a build, in any format of [`etw_schema::source`]. `file` names it in diagnostics.
    /// Use [`Build::UNKNOWN`] for a capture whose build is not known.
    ///
    /// A file with several providers adds the first; each of the others is reported. To choose among them, or to combine
    /// several files, read them with [`source::read_all`] and add the [`Generator::add_provider`].
    pub fn add_manifest(&mut self, file: &str, build: u32, bytes: &[u8]) -> &mut Self {
        let (sources, diagnostics) = source::read_all(&[source::File { name: file, bytes }]);
        self.diagnostics.append(diagnostics);
        let mut providers = sources.into_iter().flat_map(|source| source.manifest.providers);
        match providers.next() {
            Some(provider) => {
                self.add_provider(build, provider);
            }
            None => self.diagnostics.error(&Place::file(file), "instrumentationManifest", "it declares no provider"),
        }
        for other in providers {
            let message = "one provider a file is generated; this one is left out";
            self.diagnostics.warning(&other.at, format!("provider {}", other.name), message);
        }
        self
    }

    /// Adds what a build declares of the provider.
    pub fn add_provider(&mut self, build: u32, provider: Provider) -> &mut Self {
        self.captures.push(Capture { build: Build { number: build, ..Build::default() }, provider });
        self
    }

    /// Makes an insert past an event's last field, which stays in the message as text, an error. It is a warning otherwise:
    /// real manifests have such messages.
    pub fn refuse_unknown_inserts(&mut self) -> &mut Self {
        self.unknown_inserts_are_errors = true;
        self
    }

    /// Names the crate that the files are for: the documentation of its modules gets examples, which have to name it.
    pub fn for_crate(&mut self, name: &str) -> &mut Self {
        self.crate_name = Some(name.to_owned());
        self
    }

    /// Adds one of the files that accompany the manifests. `file` names it in diagnostics.
    pub fn configure(&mut self, setting: Setting, file: &str, text: &str) -> &mut Self {
        let found = match setting {
            Setting::Builds => self.configure_builds(file, text),
            Setting::Decisions => {
                let (decisions, found) = settings::read_decisions(file, text);
                self.decisions = decisions;
                found
            }
            Setting::Meanings => {
                let (meanings, found) = meanings::read(file, text);
                self.meanings = meanings;
                file.clone_into(&mut self.meanings_file);
                found
            }
            Setting::Overrides => {
                let (overrides, found) = overrides::read(file, text);
                self.overrides = overrides;
                file.clone_into(&mut self.overrides_file);
                found
            }
            Setting::Names => {
                let (names, found) = NamesLock::read(file, text);
                self.names = names;
                found
            }
        };
        self.diagnostics.append(found);
        self
    }

    fn configure_builds(&mut self, file: &str, text: &str) -> Diagnostics {
        let (builds, found) = settings::read_builds(file, text);
        self.builds.extend(builds);
        self.builds_file = Some(file.to_owned());
        found
    }

    /// The name of every layout of this generator's schema, in the order of [`Schema::layouts`].
    pub fn layout_names(&self, schema: &Schema) -> Vec<String> {
        plan::layout_names(schema, &self.overrides, &self.names)
    }

    /// Merges the builds: the first half of [`Generator::generate`], for those who want the schema alone.
    pub fn merge(&self) -> (Schema, Diagnostics) {
        let mut diagnostics = self.diagnostics.clone();
        let mut captures = self.captures.clone();
        let severity = if self.unknown_inserts_are_errors { Severity::Error } else { Severity::Warning };
        for capture in &mut captures {
            diagnostics.append(validate::inserts(&capture.provider, severity));
            diagnostics.append(validate::bound_messages(&mut capture.provider));
            if let Some(build) = self.builds.get(&capture.build.number) {
                capture.build = build.clone();
            }
        }
        let (schema, found) = merge(captures);
        diagnostics.append(found);
        diagnostics.append(validate::schema(&schema));
        if let Some(file) = &self.builds_file {
            diagnostics.append(validate::builds(&schema, &self.builds, file));
        }
        diagnostics.append(overrides::validate(&self.overrides, &schema, &self.overrides_file));
        diagnostics.append(meanings::validate(&self.meanings, &schema, &self.meanings_file));
        diagnostics.append(overrides::check_published(&self.overrides, &self.names, &self.overrides_file));
        (schema, diagnostics)
    }

    /// Every public name that a generation would give, without generating.
    pub fn plan_names(&self) -> (NamesLock, Diagnostics) {
        let (schema, mut diagnostics) = self.merge();
        let mut names = self.names.clone();
        self.plan(&schema, &mut names, &mut diagnostics);
        (names, diagnostics)
    }

    /// Generates the crate's files.
    pub fn generate(&self) -> Output {
        self.print(self.crate_name.as_deref(), |tree, take| tree.print_files(take))
    }

    /// Generates the whole crate as one file, [`SINGLE_FILE`], for a `build.rs` that writes it to `OUT_DIR`: modules are
    /// inline, and the file can be included in any module. The encoders need a crate's features and are left out.
    pub fn generate_single_file(&self) -> Output {
        self.print(None, |tree, take| take(SINGLE_FILE.to_owned(), tree.print_one()))
    }

    fn print(
        &self,
        crate_name: Option<&str>,
        print: impl FnOnce(&Tree<'_>, &mut dyn FnMut(String, syn::Result<String>)),
    ) -> Output {
        let (schema, mut diagnostics) = self.merge();
        let mut names = self.names.clone();
        let mut plan = self.plan(&schema, &mut names, &mut diagnostics);
        if let Some(name) = crate_name {
            plan::examples::add(&mut plan, name);
        }
        let mut left_out = self.declared();
        if plan.modules.is_empty() {
            let element = format!("provider {}", schema.provider);
            let newest = self.captures.iter().max_by_key(|capture| capture.build.number);
            let at = newest.map(|capture| capture.provider.at.clone()).unwrap_or_default();
            diagnostics.error(&at, element, "it has no event that can be generated; there is no output");
            return Output { schema, names, left_out, diagnostics, ..Output::default() };
        }
        let events: Vec<&plan::ir::Event> = plan.modules.iter().flat_map(|module| &module.events).collect();
        for event in &events {
            for layout in &event.layouts {
                left_out.remove(&EventKey::new(event.id, layout.version));
            }
        }
        let mut files = BTreeMap::new();
        print(&emit::emit(&plan), &mut |path, text| match text {
            Ok(text) => drop(files.insert(path, text)),
            Err(error) => diagnostics.error(&Place::file(&path), "generated code", error.to_string()),
        });
        let events = events.len();
        let layouts = plan.layouts.len();
        Output { schema, files: Files(files), names, events, layouts, left_out, diagnostics }
    }

    fn plan(&self, schema: &Schema, names: &mut NamesLock, diagnostics: &mut Diagnostics) -> plan::ir::Crate {
        plan::plan(schema, &self.overrides, &self.decisions, &self.meanings, names, diagnostics)
    }

    /// Every id and version that a manifest declares.
    fn declared(&self) -> BTreeSet<EventKey> {
        let events = self.captures.iter().flat_map(|capture| &capture.provider.events);
        events.map(model::Event::key).collect()
    }
}
