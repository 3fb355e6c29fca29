//! Values read back through the runtime, as the values of the [`encoder`](crate::encoder).

use etw_runtime::{Record, Value as Read};

use crate::encoder::Value;

/// The same value in the encoder's terms.
///
/// # Panics
///
/// When the runtime has a kind of value that this crate does not know.
pub fn value(read: Read<'_>) -> Value {
    match read {
        Read::I8(number) => Value::Signed(number.into()),
        Read::I16(number) => Value::Signed(number.into()),
        Read::I32(number) => Value::Signed(number.into()),
        Read::I64(number) => Value::Signed(number),
        Read::U8(number) => Value::Unsigned(number.into()),
        Read::U16(number) => Value::Unsigned(number.into()),
        Read::U32(number) | Read::HexInt32(number) => Value::Unsigned(number.into()),
        Read::U64(number) | Read::HexInt64(number) => Value::Unsigned(number),
        Read::F32(number) => Value::Float(number),
        Read::F64(number) => Value::Double(number),
        Read::Bool(truth) => Value::Bool(truth.into()),
        Read::Pointer(number) => Value::Pointer(number),
        Read::Guid(guid) => Value::Guid(guid.to_bytes()),
        Read::FileTime(time) => Value::FileTime(time.ticks()),
        Read::SystemTime(time) => Value::SystemTime([
            time.year(),
            time.month(),
            time.day_of_week(),
            time.day(),
            time.hour(),
            time.minute(),
            time.second(),
            time.millisecond(),
        ]),
        Read::Sid(sid) => Value::Sid(sid.as_bytes().to_vec()),
        Read::Utf16(text) => Value::Text16(text.units().collect()),
        Read::Ansi(text) => Value::Text8(text.as_bytes().to_vec()),
        Read::Binary(bytes) => Value::Bytes(bytes.as_bytes().to_vec()),
        Read::SocketAddr(address) => Value::Bytes(address.as_binary().as_bytes().to_vec()),
        Read::Array(elements) => Value::Array(elements.iter().map(value).collect()),
        Read::List(elements) => Value::Array(elements.iter().map(value).collect()),
        Read::Struct(members) => Value::Struct(members.fields().map(|(_, read)| value(read)).collect()),
        other => panic!("{other:?} is a kind of value that no test knows"),
    }
}

/// The values of a record, in the order of the payload.
pub fn values<'a>(record: &impl Record<'a>) -> Vec<Value> {
    record.fields().map(|(_, read)| value(read)).collect()
}

/// The names of a record's fields, in the order of the payload.
pub fn names<'a>(record: &impl Record<'a>) -> Vec<&'static str> {
    record.fields().map(|(field, _)| field.name).collect()
}
