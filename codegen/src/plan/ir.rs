//! All that the emitters read: the generated crate as plain data.
//!
//! The passes beside this file fill it and take every decision about Rust. Names are Rust's, private ones included;
//! types and paths are spelled as the module of the generated crate sees them (`rt::Utf16<'a>`, `maps::Dialect`);
//! documentation is lines of Markdown; whatever is found by name or number is resolved.

/// The crate.
#[derive(Debug)]
pub(crate) struct Crate {
    pub(crate) provider: Provider,
    pub(crate) builds: Vec<BuildConstant>,
    pub(crate) channels: Newtype,
    pub(crate) levels: Newtype,
    pub(crate) opcodes: Newtype,
    /// The opcodes of single tasks: another task may name the same value otherwise.
    pub(crate) task_opcodes: Vec<TaskOpcode>,
    pub(crate) tasks: Newtype,
    /// The numbers of tasks that are made up, because no capture gives the real ones.
    pub(crate) placeholder_tasks: Vec<u16>,
    pub(crate) keywords: Newtype,
    pub(crate) maps: Vec<Map>,
    /// The sets of builds that entries of maps have: private constants of their file.
    pub(crate) map_builds: Vec<(String, Vec<BuildRange>)>,
    pub(crate) meanings: Vec<Meaning>,
    pub(crate) modules: Vec<Module>,
    /// Every layout, in the order of its index.
    pub(crate) layouts: Vec<LayoutPath>,
    /// How a payload's layout is chosen, by id, version and build.
    pub(crate) dispatch: Vec<DispatchArm>,
}

/// The provider, and where its events are described.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) name: String,
    pub(crate) guid: (u32, u16, u16, [u8; 8]),
    pub(crate) builds: Vec<u32>,
    /// The version of the binary that a build's manifest was taken from, where it is known.
    pub(crate) binary_versions: Vec<(u32, String)>,
    /// The module and the static of each event, by id.
    pub(crate) events: Vec<(String, String)>,
}

/// A captured build.
#[derive(Debug)]
pub(crate) struct BuildConstant {
    pub(crate) name: String,
    pub(crate) number: u32,
    pub(crate) product: String,
    pub(crate) docs: Vec<String>,
}

/// A number as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    Decimal(u64),
    Hex(u64),
}

/// An integer of an event's header, with names for some of its values.
#[derive(Debug)]
pub(crate) struct Newtype {
    pub(crate) name: &'static str,
    pub(crate) integer: &'static str,
    pub(crate) docs: Vec<String>,
    pub(crate) constants: Vec<Constant>,
}

/// What Windows shows for an opcode in the events of a task.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TaskOpcode {
    pub(crate) task: u16,
    pub(crate) opcode: u8,
    pub(crate) text: String,
}

/// A constant of a newtype.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Constant {
    pub(crate) name: String,
    pub(crate) value: Number,
    /// The manifest's name.
    pub(crate) text: String,
    /// What Windows shows for it, where that is another text.
    pub(crate) display: Option<String>,
    pub(crate) docs: Vec<String>,
}

/// A map of the manifest as a newtype.
#[derive(Debug)]
pub(crate) struct Map {
    pub(crate) name: String,
    /// The static that describes it.
    pub(crate) info: String,
    /// The manifest's name.
    pub(crate) text: String,
    /// Whether its values are bits.
    pub(crate) bits: bool,
    /// Whether its values were inferred.
    pub(crate) inferred: bool,
    pub(crate) docs: Vec<String>,
    pub(crate) entries: Vec<MapEntry>,
}

/// A value that a map names.
#[derive(Debug)]
pub(crate) struct MapEntry {
    pub(crate) name: String,
    pub(crate) value: Number,
    pub(crate) text: String,
    /// The constant with the builds that name it.
    pub(crate) builds: String,
    pub(crate) docs: Vec<String>,
}

/// Builds, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BuildRange {
    pub(crate) first: u32,
    pub(crate) last: u32,
}

/// A meaning that is a newtype of the crate.
#[derive(Debug)]
pub(crate) struct Meaning {
    pub(crate) name: String,
    /// The static that describes it.
    pub(crate) info: String,
    pub(crate) integer: &'static str,
    /// Whether its values are bits.
    pub(crate) bits: bool,
    pub(crate) source: String,
    pub(crate) docs: Vec<String>,
    pub(crate) values: Vec<MeaningValue>,
}

/// A value that a meaning names.
#[derive(Debug)]
pub(crate) struct MeaningValue {
    pub(crate) name: String,
    pub(crate) value: Number,
    /// The bits that it is about; none for a value as a whole.
    pub(crate) mask: Option<u64>,
    pub(crate) docs: Vec<String>,
}

/// A module of the crate, in `events`, `schema` and `encode`.
#[derive(Debug)]
pub(crate) struct Module {
    pub(crate) name: String,
    pub(crate) docs: Vec<String>,
    pub(crate) events: Vec<Event>,
    /// Fields that are equal in several layouts of the module: private constants of its tables.
    pub(crate) field_constants: Vec<(String, FieldInfo)>,
}

/// An event: an enum over its views.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) id: u16,
    /// The enum's name, and the variant's in `Event`.
    pub(crate) name: String,
    /// The static that describes it.
    pub(crate) info: String,
    pub(crate) docs: Vec<String>,
    /// The words under which a search in the documentation finds it.
    pub(crate) aliases: Vec<String>,
    /// Whether an accessor borrows from the payload.
    pub(crate) borrows: bool,
    /// What the layouts share.
    pub(crate) accessors: Vec<Accessor>,
    /// The statics of the layouts of each version.
    pub(crate) versions: Vec<(u8, Vec<String>)>,
    /// Oldest version and build first.
    pub(crate) layouts: Vec<Layout>,
}

/// A layout of an event.
#[derive(Debug)]
pub(crate) struct Layout {
    /// The place among all layouts of the crate.
    pub(crate) index: u16,
    pub(crate) version: u8,
    /// The variant's name in the event's enum.
    pub(crate) variant: String,
    pub(crate) view: View,
    pub(crate) structs: Vec<View>,
    /// Whether its payload can fit another layout of the version.
    pub(crate) confusable: bool,
    /// The messages, oldest first; none where no build has a text.
    pub(crate) messages: Vec<Message>,
    pub(crate) builds: Vec<BuildRange>,
    pub(crate) headers: Vec<Header>,
    /// The way back, those of the structs first.
    pub(crate) encoders: Vec<Encoder>,
}

/// A type over the payload of a layout, or over a struct in it.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) name: String,
    /// The static that describes it.
    pub(crate) info: String,
    pub(crate) docs: Vec<String>,
    /// The line that says what it is.
    pub(crate) summary: String,
    pub(crate) members: Vec<Member>,
    /// The member that holds the lifetime, where no other does.
    pub(crate) marker: Option<String>,
    /// Whether an accessor borrows from the payload.
    pub(crate) borrows: bool,
    pub(crate) accessors: Vec<Accessor>,
    pub(crate) fields: Vec<FieldEntry>,
}

/// A member of a view, and the step of reading that makes it.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) ty: String,
    pub(crate) read: Read,
    /// The part for reflection, as a `glue::Part`.
    pub(crate) part: Value,
}

/// A call of the reader.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) method: &'static str,
    /// The index of the field that it reads, or reads first.
    pub(crate) field: usize,
    pub(crate) size: Option<Size>,
    /// Of a list: how each element finds its end.
    pub(crate) each: Option<Each>,
    /// Whether the bytes are a socket's address.
    pub(crate) is_socket: bool,
}

/// A number of units, bytes or elements.
#[derive(Clone, Debug)]
pub(crate) enum Size {
    Fixed(u16),
    /// What an earlier field says, in a segment.
    Counter(InSegment),
}

/// How each element of a list finds its end.
#[derive(Clone, Debug)]
pub(crate) enum Each {
    Units(Size),
    Counted,
    Own,
}

/// A value of fixed size in a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InSegment {
    pub(crate) member: String,
    /// The method of `glue::Segment`.
    pub(crate) method: &'static str,
    pub(crate) offset: u16,
}

/// An expression: where a value is found, and what is done to it, step by step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) source: Source,
    pub(crate) steps: Vec<Step>,
}

/// Where a value is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Segment(InSegment),
    /// A member of `self`.
    Member(String),
    /// An accessor of `self`.
    Accessor(String),
    /// A variable of the code around it.
    Local(&'static str),
}

/// What is done to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A method without arguments.
    Call(&'static str),
    /// A function or constructor, by its path.
    Wrap(String),
    /// The integer of a newtype.
    Unwrap,
    /// Whether it is not 0.
    IsNotZero,
}

/// A method without arguments.
#[derive(Debug)]
pub(crate) struct Accessor {
    pub(crate) name: String,
    pub(crate) docs: Vec<String>,
    pub(crate) ty: String,
    pub(crate) is_inline: bool,
    pub(crate) body: Body,
}

/// What an accessor does.
#[derive(Debug)]
pub(crate) enum Body {
    Value(Value),
    /// Maps each element of the array, or of the optional array, that another accessor returns.
    MapEach {
        accessor: String,
        is_optional: bool,
        steps: Vec<Step>,
    },
    /// Asks the view of whichever layout it is. Where some layouts lack the accessor, the value is an option.
    Match {
        accessor: String,
        variants: Vec<String>,
        is_optional: bool,
    },
}

/// The message of a layout, from a build on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) since: u32,
    /// Texts of maps that have inserts of their own, each with what is written before it.
    pub(crate) expanded: Vec<(Vec<Write>, Expanded)>,
    /// The text after them.
    pub(crate) end: Vec<Write>,
}

/// A step of writing a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Write {
    Text(String),
    Show(Show),
    Printf(Printf, Value),
    /// The elements of a list, each shown like the variable `item`; without that, as its `Display` prints it.
    List(Value, Option<Show>),
}

/// A call of the message writer that shows a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Show {
    pub(crate) method: &'static str,
    /// The argument before the value: a map, the kind of a status.
    pub(crate) of: Option<String>,
    pub(crate) value: Value,
}

/// A map's text with the fields that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expanded {
    pub(crate) value: Value,
    /// The map, where its values are bits.
    pub(crate) bits_of: Option<String>,
    pub(crate) texts: Vec<(u32, Vec<Write>)>,
    /// The code for every other value, the variable `value`.
    pub(crate) other: Show,
}

/// A printf format, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Printf {
    pub(crate) left: bool,
    pub(crate) zeros: bool,
    pub(crate) alternate: bool,
    pub(crate) sign: &'static str,
    pub(crate) width: usize,
    pub(crate) precision: Option<usize>,
    pub(crate) conversion: Conversion,
}

/// How a printf format writes a value: the variants of the runtime's `Conversion`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conversion {
    Decimal,
    Unsigned,
    Octal,
    LowerHex,
    UpperHex,
    Plain,
}

/// What an event's header holds, from a build on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) since: u32,
    pub(crate) channel: Option<u8>,
    pub(crate) level: u8,
    pub(crate) opcode: u8,
    pub(crate) task: u16,
    /// Whether the task's number is made up.
    pub(crate) task_is_placeholder: bool,
    pub(crate) keywords: u64,
    pub(crate) message: Option<String>,
}

/// A field in the tables of reflection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FieldEntry {
    /// One of the module's constants.
    Constant(String),
    Own(FieldInfo),
}

/// What reflection says of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldInfo {
    /// The manifest's name.
    pub(crate) name: String,
    pub(crate) in_type: &'static str,
    /// The outType, where it is not the inType's default.
    pub(crate) out_type: Option<&'static str>,
    pub(crate) length: Option<InfoSize>,
    pub(crate) count: Option<InfoSize>,
    /// The static of the map that names its values.
    pub(crate) map: Option<String>,
    /// The `rt::Meaning`.
    pub(crate) meaning: Option<InfoMeaning>,
    /// The static of the struct that it is.
    pub(crate) members: Option<String>,
}

/// A length or count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InfoSize {
    Fixed(u16),
    /// That of the earlier field with this index.
    Field(usize),
}

/// A variant of `rt::Meaning`, and the static that it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InfoMeaning {
    pub(crate) variant: String,
    pub(crate) of: Option<String>,
}

/// A layout's or struct's fields as a plain struct that makes a payload.
#[derive(Debug)]
pub(crate) struct Encoder {
    pub(crate) name: String,
    pub(crate) docs: Vec<String>,
    /// Whether it borrows.
    pub(crate) borrows: bool,
    pub(crate) has_many_bools: bool,
    pub(crate) members: Vec<EncoderMember>,
    pub(crate) puts: Vec<Put>,
    /// The static of the layout; none for a struct.
    pub(crate) layout: Option<String>,
    /// How a view's accessors make the members, if none of them has to be collected.
    pub(crate) from_view: Option<Vec<FromView>>,
}

/// A member of an encoder, from an accessor of the view.
#[derive(Debug)]
pub(crate) struct FromView {
    pub(crate) member: String,
    pub(crate) accessor: String,
    pub(crate) steps: Vec<Step>,
}

/// A member of an encoder.
#[derive(Debug)]
pub(crate) struct EncoderMember {
    pub(crate) name: String,
    pub(crate) docs: Vec<String>,
    pub(crate) ty: String,
}

/// A step of writing a payload.
#[derive(Debug)]
pub(crate) enum Put {
    /// A length or count: the number on which all fields that it counts agree.
    Count {
        method: &'static str,
        field: usize,
        lengths: Vec<Length>,
    },
    One(PutOne),
    /// Each element of a member, as the variable `item`.
    List {
        member: String,
        field: usize,
        count: Option<u16>,
        by_reference: bool,
        item: PutOne,
    },
}

/// What a counter counts: a value's length, or that of each element.
#[derive(Debug)]
pub(crate) struct Length {
    pub(crate) member: String,
    pub(crate) each: bool,
    /// The method that gives it.
    pub(crate) method: &'static str,
}

/// A call of the writer.
#[derive(Debug)]
pub(crate) struct PutOne {
    pub(crate) method: &'static str,
    /// The field's index, of a call that can fail.
    pub(crate) field: Option<usize>,
    pub(crate) value: Value,
    pub(crate) is_borrowed: bool,
    /// The field's index, where the value may have more bits than the field.
    pub(crate) narrowed: Option<usize>,
    /// The length that the value must have.
    pub(crate) length: Option<u16>,
}

/// Where a layout's types are.
#[derive(Debug)]
pub(crate) struct LayoutPath {
    pub(crate) module: String,
    pub(crate) event: String,
    pub(crate) variant: String,
    pub(crate) view: String,
}

/// The builds for which an (id, version) has a layout.
#[derive(Debug)]
pub(crate) struct DispatchArm {
    pub(crate) id: u16,
    pub(crate) version: u8,
    /// From the first to before the second, if there is a second: the next capture's.
    pub(crate) builds: Vec<(u32, Option<u32>)>,
    /// The layout's index.
    pub(crate) layout: u16,
}
