//! Values of arbitrary bytes never panic.

use core::fmt::{self, Debug, Display, Write as _};

use super::{testing::XorShift, *};

/// Counts what is written and keeps nothing.
struct Sink(usize);

impl fmt::Write for Sink {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}

/// Fails at once, as a full buffer does.
struct Full;

impl fmt::Write for Full {
    fn write_str(&mut self, _: &str) -> fmt::Result {
        Err(fmt::Error)
    }
}

/// Prints the value in every form. `Debug` prints something for every value.
fn print(value: impl Display + Debug) {
    let mut sink = Sink(0);
    write!(sink, "{value}{value:?}{value:#}{value:#?}{value:9}{value:<9?}").unwrap();
    if sink.0 > 0 {
        assert!(write!(Full, "{value}{value:?}").is_err());
    }
}

fn print_array<T: Element>(bytes: &[u8]) {
    let Some(array) = Array::<T>::new(bytes) else { return };
    assert_eq!(array.len(), array.iter().count());
    assert!(array.get(array.len()).is_none());
    let _ = T::read(bytes);
    print(array);
    print(ArrayValue::from(array));
    print(Value::from(array));
}

fn print_arrays(bytes: &[u8]) {
    print_array::<i8>(bytes);
    print_array::<u8>(bytes);
    print_array::<i16>(bytes);
    print_array::<u16>(bytes);
    print_array::<i32>(bytes);
    print_array::<u32>(bytes);
    print_array::<i64>(bytes);
    print_array::<u64>(bytes);
    print_array::<f32>(bytes);
    print_array::<f64>(bytes);
    print_array::<Bool32>(bytes);
    print_array::<HexInt32>(bytes);
    print_array::<HexInt64>(bytes);
    print_array::<Guid>(bytes);
    print_array::<FileTime>(bytes);
    print_array::<SystemTime>(bytes);
}

fn print_strings(bytes: &[u8]) {
    assert_eq!(Utf16::new(bytes).is_none(), bytes.len() % 2 == 1);
    if let Some(text) = Utf16::new(bytes) {
        assert_eq!(text.units().len(), text.len());
        assert!(text.chars().count() <= text.len() && text.chars_checked().count() <= text.len());
        let _ = text == "a" || text.eq_ignore_ascii_case("A");
        print(text);
        print(Value::from(text));
    }
    let text = Ansi::new(bytes);
    assert!(text.until_nul().len() <= text.len());
    print(text);
    print(Value::from(text));
    if let Ok(text) = core::str::from_utf8(bytes) {
        let _ = text.parse::<Guid>();
    }
}

fn print_all(bytes: &[u8]) {
    print_strings(bytes);
    print_arrays(bytes);
    let binary = Binary::new(bytes);
    print(binary);
    print(Value::from(binary));
    let mut sink = Sink(0);
    write!(sink, "{binary:X}{binary:x}").unwrap();
    assert_eq!(sink.0, 4 * bytes.len());
    let address = SocketAddr::new(bytes);
    let _ = (address.family(), address.to_std());
    print(address);
    print(Value::from(address));
    if let Some((sid, rest)) = Sid::split(bytes) {
        let _ = (sid.revision(), sid.authority(), sid.sub_authorities().len());
        assert_eq!(sid.as_bytes().len() + rest.len(), bytes.len());
        print(sid);
        print(Value::from(sid));
    }
    if let Some(bytes) = bytes.first_chunk() {
        print(Ipv6::from_bytes(*bytes));
        print(Guid::from_bytes(*bytes));
        print(SystemTime::from_bytes(*bytes));
    }
    print(Ipv4(u32::read(bytes)));
    print(Value::Pointer(u64::read(bytes)));
    print(Value::Bool(bytes.is_empty()));
}

/// Every prefix of random bytes, and of the same bytes after the first bytes of a structure.
#[test]
fn no_bytes_make_a_value_panic() {
    const STARTS: [&[u8]; 6] = [b"", &[2, 0], &[23, 0], &[1, 5], &[1, 255], &[0x61, 0, 0x3D, 0xD8]];
    let mut random = XorShift::new();
    for start in STARTS {
        let mut bytes = random.bytes(130);
        bytes.splice(..start.len(), start.iter().copied());
        for len in 0..=bytes.len() {
            print_all(&bytes[..len]);
        }
        // The other alignment.
        print_all(&bytes[1..]);
        // Long enough for 255 sub-authorities.
        bytes.extend(random.bytes(1000));
        print_all(&bytes);
    }
    print_all(&[0; 1030]);
    print_all(&[0xFF; 1030]);
    for _ in 0..500 {
        let bytes = random.bytes(48);
        print_all(&bytes[..random.below(49)]);
    }
}

#[test]
fn any_ticks_print() {
    let mut random = XorShift::new();
    for bit in 0..64 {
        for ticks in [1 << bit, (1 << bit) - 1, u64::MAX >> bit, !(1 << bit), random.next()] {
            let time = FileTime::from_ticks(ticks);
            print(time);
            assert_eq!(time.unix_nanos() / 100, i128::from(ticks) - 116_444_736_000_000_000);
        }
    }
}
