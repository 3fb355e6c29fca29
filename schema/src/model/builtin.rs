//! What winmeta.xml predefines under the prefix `win:`: levels, opcodes, tasks, keywords and channels that every
//! manifest may use without declaring them.

/// The levels: name and value.
pub const LEVELS: &[(&str, u8)] = &[
    ("win:LogAlways", 0),
    ("win:Critical", 1),
    ("win:Error", 2),
    ("win:Warning", 3),
    ("win:Informational", 4),
    ("win:Verbose", 5),
];

/// The opcodes: name and value.
pub const OPCODES: &[(&str, u8)] = &[
    ("win:Info", 0),
    ("win:Start", 1),
    ("win:Stop", 2),
    ("win:DC_Start", 3),
    ("win:DC_Stop", 4),
    ("win:Extension", 5),
    ("win:Reply", 6),
    ("win:Resume", 7),
    ("win:Suspend", 8),
    ("win:Send", 9),
    ("win:Receive", 240),
];

/// What Windows shows for the levels, as winmeta.xml has it.
pub const LEVEL_TEXTS: &[(&str, &str)] = &[
    ("win:LogAlways", "Log Always"),
    ("win:Critical", "Critical"),
    ("win:Error", "Error"),
    ("win:Warning", "Warning"),
    ("win:Informational", "Information"),
    ("win:Verbose", "Verbose"),
];

/// What Windows shows for the opcodes, as winmeta.xml has it.
pub const OPCODE_TEXTS: &[(&str, &str)] = &[
    ("win:Info", "Info"),
    ("win:Start", "Start"),
    ("win:Stop", "Stop"),
    ("win:DC_Start", "DCStart"),
    ("win:DC_Stop", "DCStop"),
    ("win:Extension", "Extension"),
    ("win:Reply", "Reply"),
    ("win:Resume", "Resume"),
    ("win:Suspend", "Suspend"),
    ("win:Send", "Send"),
    ("win:Receive", "Receive"),
];

/// The text of a predefined name in one of the tables above.
pub fn text_of(table: &[(&str, &str)], name: &str) -> Option<String> {
    value_of(table, name).map(str::to_owned)
}

/// The tasks: name and value.
pub const TASKS: &[(&str, u16)] = &[("win:None", 0)];

/// The keywords: name and mask. All lie in the 16 bits that Microsoft reserves.
pub const KEYWORDS: &[(&str, u64)] = &[
    ("win:AnyKeyword", 0),
    ("win:ResponseTime", 0x0001_0000_0000_0000),
    ("win:WDIContext", 0x0002_0000_0000_0000),
    ("win:WDIDiag", 0x0004_0000_0000_0000),
    ("win:SQM", 0x0008_0000_0000_0000),
    ("win:AuditFailure", 0x0010_0000_0000_0000),
    ("win:AuditSuccess", 0x0020_0000_0000_0000),
    ("win:CorrelationHint", 0x0040_0000_0000_0000),
    ("win:EventlogClassic", 0x0080_0000_0000_0000),
];

/// The channels: name and value.
pub const CHANNELS: &[(&str, u8)] = &[
    ("TraceClassic", 0),
    ("System", 8),
    ("Application", 9),
    ("Security", 10),
    ("TraceLogging", 11),
    ("ProviderMetadata", 12),
];

/// The value of a predefined name in one of the tables above.
pub fn value_of<T: Copy>(table: &[(&str, T)], name: &str) -> Option<T> {
    table.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

/// The predefined name of a value in one of the tables above. 0 has none.
pub(crate) fn name_of<T: Copy + PartialEq + Default>(table: &[(&str, T)], value: T) -> Option<String> {
    table.iter().find(|(_, known)| *known == value && value != T::default()).map(|(name, _)| (*name).to_owned())
}

/// Whether a capture tool made up a keyword's name, `keyword_` and the mask: the provider gives it none.
pub fn is_made_up_keyword(name: &str, mask: u64) -> bool {
    let digits = name.strip_prefix("keyword_");
    digits.is_some_and(|digits| u64::from_str_radix(digits, 16) == Ok(mask))
}

/// Whether a capture tool made up a task's name, `task_0` and the number: the provider gives it none.
pub fn is_made_up_task(name: &str) -> bool {
    name.strip_prefix("task_0").is_some_and(|number| number.bytes().all(|b| b.is_ascii_digit()))
}
