//! Payloads from values: the wire form of every inType, and the JSON that serialisation must give for it.
//!
//! Written from the model and the rules of the wire format, so that it does not repeat mistakes of the decoder.

use std::fmt::Write as _;

use etw_schema::model::{Field, InType, Size};
use serde_json::{Value as Json, json};

/// The value of a field. The field's inType says how wide an integer is.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Any unsigned integer, hexadecimal or not.
    Unsigned(u64),
    /// Any signed integer.
    Signed(i64),
    /// `win:Float`.
    Float(f32),
    /// `win:Double`.
    Double(f64),
    /// `win:Boolean`: the number on the wire; every number except zero is true.
    Bool(u32),
    /// `win:GUID`, the bytes on the wire.
    Guid([u8; 16]),
    /// `win:FILETIME`: ticks of 100 ns since 1601.
    FileTime(u64),
    /// `win:SYSTEMTIME`: year, month, day of the week, day, hour, minute, second, millisecond.
    SystemTime([u16; 8]),
    /// `win:SID`, the bytes on the wire.
    Sid(Vec<u8>),
    /// `win:Pointer`.
    Pointer(u64),
    /// A UTF-16 string without its terminator.
    Text16(Vec<u16>),
    /// An ANSI string without its terminator.
    Text8(Vec<u8>),
    /// Binary data, socket addresses among them.
    Bytes(Vec<u8>),
    /// The elements of an array.
    Array(Vec<Value>),
    /// The members of a struct.
    Struct(Vec<Value>),
}

impl Value {
    /// A UTF-16 string.
    pub fn text16(text: &str) -> Self {
        Self::Text16(text.encode_utf16().collect())
    }

    /// The number in a length or count field.
    pub fn as_unsigned(&self) -> Option<u64> {
        if let Self::Unsigned(number) = self { Some(*number) } else { None }
    }

    /// The number in a length or count field for this value: UTF-16 units, bytes, or elements.
    ///
    /// # Panics
    ///
    /// If it is a value of fixed size, which has no length field.
    pub fn counted(&self) -> usize {
        match self {
            Self::Text16(units) => units.len(),
            Self::Text8(bytes) | Self::Bytes(bytes) => bytes.len(),
            Self::Array(elements) => elements.len(),
            other => panic!("{other:?} has no length"),
        }
    }

    /// Whether both mean the same: Booleans both true or both false, floats with the same bits, everything else equal.
    pub fn means(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => (*a != 0) == (*b != 0),
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::Double(a), Self::Double(b)) => a.to_bits() == b.to_bits(),
            (Self::Array(a), Self::Array(b)) | (Self::Struct(a), Self::Struct(b)) => mean_the_same(a, b),
            _ => self == other,
        }
    }
}

/// Whether the values of two payloads mean the same, one by one.
pub fn mean_the_same(a: &[Value], b: &[Value]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.means(b))
}

/// The earlier field whose value is the length or count of the field at `index`.
///
/// # Panics
///
/// When no earlier field has the name that the manifest gives.
pub fn counter_of(fields: &[Field], index: usize) -> Option<usize> {
    let field = &fields[index];
    let Some(Size::Field(name)) = field.count.as_ref().or(field.length.as_ref()) else { return None };
    let counter = fields[..index].iter().rposition(|earlier| earlier.name == name.name());
    Some(counter.unwrap_or_else(|| panic!("{}: no earlier field {name}", field.name)))
}

/// The values with every length and count set to that of the data, also inside structs.
///
/// # Panics
///
/// When a length does not fit an integer of 64 bits.
#[must_use]
pub fn with_counts(fields: &[Field], values: &[Value]) -> Vec<Value> {
    let mut out: Vec<Value> = fields.iter().zip(values).map(|(field, value)| with_inner_counts(field, value)).collect();
    for (index, value) in values.iter().enumerate() {
        if let Some(counter) = counter_of(fields, index) {
            out[counter] = Value::Unsigned(u64::try_from(value.counted()).expect("a length"));
        }
    }
    out
}

fn with_inner_counts(field: &Field, value: &Value) -> Value {
    match value {
        Value::Struct(members) => Value::Struct(with_counts(&field.members, members)),
        Value::Array(elements) => Value::Array(elements.iter().map(|each| with_inner_counts(field, each)).collect()),
        other => other.clone(),
    }
}

/// The payload of these values, with the pointers of a 64-bit process. Lengths and counts are those of the data, not
/// those in `values`.
///
/// # Panics
///
/// If the values do not belong to these fields.
pub fn encode(fields: &[Field], values: &[Value]) -> Vec<u8> {
    encode_with(8, fields, values)
}

/// [`encode`] with pointers of this number of bytes.
///
/// # Panics
///
/// If the values do not belong to these fields.
pub fn encode_with(pointer: usize, fields: &[Field], values: &[Value]) -> Vec<u8> {
    assert_eq!(fields.len(), values.len(), "a value for each field");
    let mut out = Vec::new();
    for (field, value) in fields.iter().zip(&with_counts(fields, values)) {
        match value {
            Value::Array(elements) => {
                assert!(field.count.is_some(), "{} is no array", field.name);
                for element in elements {
                    put_one(&mut out, pointer, field, element);
                }
            }
            one => put_one(&mut out, pointer, field, one),
        }
    }
    out
}

fn put_one(out: &mut Vec<u8>, pointer: usize, field: &Field, value: &Value) {
    let start = out.len();
    match value {
        Value::Pointer(number) => {
            let bytes = number.to_le_bytes();
            let (kept, dropped) = bytes.split_at(pointer);
            assert!(dropped.iter().all(|byte| *byte == 0), "{}: the pointer is too large", field.name);
            return out.extend(kept);
        }
        Value::Unsigned(number) | Value::FileTime(number) => put_integer(out, field, number.to_le_bytes(), 0),
        // The bytes above the field's width are all copies of its sign.
        Value::Signed(number) => put_integer(out, field, number.to_le_bytes(), if *number < 0 { 0xFF } else { 0 }),
        Value::Float(number) => out.extend(number.to_le_bytes()),
        Value::Double(number) => out.extend(number.to_le_bytes()),
        Value::Bool(number) => out.extend(number.to_le_bytes()),
        Value::Guid(bytes) => out.extend(bytes),
        Value::SystemTime(words) => out.extend(words.iter().flat_map(|word| word.to_le_bytes())),
        Value::Sid(bytes) => out.extend(bytes),
        Value::Text16(units) => put_text16(out, field, units),
        Value::Text8(bytes) | Value::Bytes(bytes) => put_bytes(out, field, bytes),
        Value::Struct(members) => out.extend(encode_with(pointer, &field.members, members)),
        Value::Array(_) => panic!("{}: an array in an array", field.name),
    }
    if let Some(width) = width(field.in_type) {
        assert_eq!(out.len() - start, width, "{}: {value:?} is no {}", field.name, field.in_type);
    }
}

fn put_integer(out: &mut Vec<u8>, field: &Field, bytes: [u8; 8], above: u8) {
    let width = width(field.in_type).unwrap_or_else(|| panic!("{} is no integer", field.name));
    let (kept, dropped) = bytes.split_at(width);
    assert!(dropped.iter().all(|byte| *byte == above), "{}: the number is too large", field.name);
    out.extend(kept);
}

fn put_text16(out: &mut Vec<u8>, field: &Field, units: &[u16]) {
    let bytes = units.iter().flat_map(|unit| unit.to_le_bytes());
    match (field.in_type, &field.length) {
        (InType::CountedUnicodeString, _) => put_byte_count(out, units.len() * 2),
        (_, Some(Size::Fixed(fixed))) => assert_eq!(units.len(), usize::from(*fixed), "{}", field.name),
        (_, None) => assert!(!units.contains(&0), "{}: a NUL would end it", field.name),
        (_, Some(Size::Field(_))) => {}
    }
    out.extend(bytes);
    if is_terminated(field) {
        out.extend([0, 0]);
    }
}

fn put_bytes(out: &mut Vec<u8>, field: &Field, bytes: &[u8]) {
    match (field.in_type, &field.length) {
        (InType::CountedAnsiString | InType::CountedBinary, _) => put_byte_count(out, bytes.len()),
        (_, Some(Size::Fixed(fixed))) => assert_eq!(bytes.len(), usize::from(*fixed), "{}", field.name),
        (InType::AnsiString, None) => assert!(!bytes.contains(&0), "{}: a NUL would end it", field.name),
        _ => {}
    }
    out.extend(bytes);
    if is_terminated(field) {
        out.push(0);
    }
}

fn put_byte_count(out: &mut Vec<u8>, bytes: usize) {
    out.extend(u16::try_from(bytes).expect("a counted value has at most 65,535 bytes").to_le_bytes());
}

/// Whether a NUL ends the field's value: a string whose length the manifest does not give.
pub fn is_terminated(field: &Field) -> bool {
    matches!(field.in_type, InType::UnicodeString | InType::AnsiString) && field.length.is_none()
}

/// The number of bytes of one value, for inTypes that fix it. Pointers are those of a 64-bit machine.
pub fn width(in_type: InType) -> Option<usize> {
    use InType as T;
    match in_type {
        T::Int8 | T::UInt8 => Some(1),
        T::Int16 | T::UInt16 => Some(2),
        T::Int32 | T::UInt32 | T::HexInt32 | T::Float | T::Boolean => Some(4),
        T::Int64 | T::UInt64 | T::HexInt64 | T::Double | T::FileTime | T::Pointer => Some(8),
        T::Guid | T::SystemTime => Some(16),
        _ => None,
    }
}

/// The JSON of a field's value, as the generated crate documents it.
pub fn json(field: &Field, value: &Value) -> Json {
    let hexadecimal = matches!(field.in_type, InType::HexInt32 | InType::HexInt64);
    match value {
        Value::Unsigned(number) if hexadecimal => json!(format!("{number:#x}")),
        Value::Unsigned(number) => json!(number),
        Value::Signed(number) => json!(number),
        Value::Float(number) => json!(number),
        Value::Double(number) => json!(number),
        Value::Bool(number) => json!(*number != 0),
        Value::Guid(bytes) => json!(guid_text(bytes)),
        Value::FileTime(ticks) => json!(file_time_text(*ticks)),
        Value::SystemTime(words) => json!(system_time_text(words)),
        Value::Sid(bytes) => json!(sid_text(bytes)),
        Value::Pointer(number) => json!(format!("{number:#x}")),
        Value::Text16(units) => json!(String::from_utf16_lossy(units)),
        Value::Text8(bytes) => json!(ansi_text(bytes)),
        Value::Bytes(bytes) => json!(hex(bytes)),
        Value::Array(elements) => elements.iter().map(|element| json(field, element)).collect(),
        Value::Struct(members) => {
            let member = |(field, value): (&Field, &Value)| (field.name.clone(), json(field, value));
            Json::Object(field.members.iter().zip(members).map(member).collect())
        }
    }
}

/// Pairs of upper-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02X}").expect("a string takes all");
        out
    })
}

fn guid_text(bytes: &[u8; 16]) -> String {
    // The first three groups are little-endian integers, the last two are bytes in order.
    let order: [&[usize]; 5] = [&[3, 2, 1, 0], &[5, 4], &[7, 6], &[8, 9], &[10, 11, 12, 13, 14, 15]];
    let groups = order.map(|group| hex(&group.iter().map(|at| bytes[*at]).collect::<Vec<_>>()).to_lowercase());
    format!("{{{}}}", groups.join("-"))
}

/// ASCII up to the first NUL. The code page of other bytes is unknown.
fn ansi_text(bytes: &[u8]) -> String {
    let shown = bytes.iter().take_while(|byte| **byte != 0);
    shown.map(|byte| if *byte < 0x80 { char::from(*byte) } else { '\u{FFFD}' }).collect()
}

fn sid_text(bytes: &[u8]) -> String {
    let authority = bytes[2..8].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    // As ConvertSidToStringSid: an authority of more than 32 bits is hexadecimal.
    let authority = if authority < 1 << 32 { authority.to_string() } else { format!("{authority:#x}") };
    let mut out = format!("S-{}-{authority}", bytes[0]);
    for sub in bytes[8..].as_chunks().0 {
        write!(out, "-{}", u32::from_le_bytes(*sub)).expect("a string takes all");
    }
    out
}

fn system_time_text(words: &[u16; 8]) -> String {
    let [year, month, _, day, hour, minute, second, milli] = words;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}000000Z")
}

/// The date by subtracting years and months: slower than arithmetic, but simple.
fn file_time_text(ticks: u64) -> String {
    const DAYS_OF_400_YEARS: u64 = 146_097;
    let seconds = ticks / 10_000_000;
    let fraction = ticks % 10_000_000;
    let mut days = seconds / 86_400;
    let second = seconds % 86_400;
    let mut year = 1601 + days / DAYS_OF_400_YEARS * 400;
    days %= DAYS_OF_400_YEARS;
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let february = 28 + u64::from(leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let hour = second / 3600;
    let minute = second / 60 % 60;
    let second = second % 60;
    format!("{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}.{fraction:07}00Z", days + 1)
}

#[cfg(test)]
mod tests {
    use etw_schema::model::FieldRef;

    use super::*;

    fn field(name: &str, in_type: InType) -> Field {
        Field { name: name.to_owned(), in_type, ..Field::default() }
    }

    #[test]
    fn lengths_are_those_of_the_data() {
        let mut text = field("Text", InType::UnicodeString);
        text.length = Some(Size::Field(FieldRef::beside("TextLength", 0)));
        let fields = [field("TextLength", InType::UInt16), text, field("Last", InType::AnsiString)];
        let values = [Value::Unsigned(9), Value::text16("ab"), Value::Text8(b"c".to_vec())];
        assert_eq!(encode(&fields, &values), [2, 0, b'a', 0, b'b', 0, b'c', 0]);
        assert_eq!(with_counts(&fields, &values)[0], Value::Unsigned(2));
    }

    #[test]
    fn signed_numbers_keep_their_sign() {
        assert_eq!(encode(&[field("N", InType::Int16)], &[Value::Signed(-2)]), [0xFE, 0xFF]);
        assert_eq!(encode(&[field("N", InType::UInt8)], &[Value::Unsigned(0xFE)]), [0xFE]);
    }

    #[test]
    fn texts_are_those_of_windows() {
        // Windows recorded 2020-06-24T15:57:30.511Z as a text; the others follow from the calendar.
        for (ticks, text) in [
            (0, "1601-01-01T00:00:00.000000000Z"),
            (116_444_736_000_000_000, "1970-01-01T00:00:00.000000000Z"),
            (132_374_878_505_110_000, "2020-06-24T15:57:30.511000000Z"),
            (125_963_423_990_000_001, "2000-02-29T23:59:59.000000100Z"),
        ] {
            assert_eq!(file_time_text(ticks), text);
        }
        let bytes = [0x3A, 0x74, 4, 0xD6, 0xC1, 0xBF, 9, 0, 0xD4, 9, 0x13, 0xD6, 0xC1, 0xBF, 0xDC, 1];
        assert_eq!(guid_text(&bytes), "{d604743a-bfc1-0009-d409-13d6c1bfdc01}");
        assert_eq!(sid_text(&[1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0]), "S-1-5-18");
        assert_eq!(ansi_text(b"\\\0x"), "\\");
    }
}
