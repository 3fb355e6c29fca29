//! What the reader of manifests says about wrong ones: the exact words, and the line.

use Source::{File, Provider};
use etw_schema::source::man::{self, ReadOptions};

/// A wrong manifest.
enum Source {
    /// A whole file.
    File(&'static str),
    /// The children of a provider, from line 2 on.
    Provider(&'static str),
}

fn check(cases: &[(Source, &[&str])]) {
    for (source, expected) in cases {
        let text = match source {
            File(text) => (*text).to_owned(),
            Provider(inner) => format!(
                "<instrumentationManifest><instrumentation><events>\
                 <provider name='P' guid='0a1b2c3d-0000-1111-2222-333344445555'>\n{inner}\n</provider>\
                 </events></instrumentation></instrumentationManifest>"
            ),
        };
        let (_, found) = man::read("t.man", text.as_bytes(), &ReadOptions::default());
        let lines: Vec<String> = found.all().iter().map(ToString::to_string).collect();
        let lines: Vec<&str> = lines.iter().map(|line| line.trim_start_matches("t.man:")).collect();
        assert_eq!(lines, *expected, "\n{text}\n{}", lines.join("\n"));
    }
}

#[test]
fn malformed_xml_is_told_with_its_line() {
    check(&[
        (File(""), &["1: error: XML: there is no root element; expected <instrumentationManifest>"]),
        (File(" \n\n "), &["3: error: XML: there is no root element; expected <instrumentationManifest>"]),
        (File("<!-- a -->\n"), &["2: error: XML: there is no root element; expected <instrumentationManifest>"]),
        (
            File("hello"),
            &[
                "1: error: XML: text before the root element",
                "1: error: XML: there is no root element; expected <instrumentationManifest>",
            ],
        ),
        (
            File(
                r#"
<assembly xmlns="urn:schemas-microsoft-com:asm.v3"><instrumentation/></assembly>"#,
            ),
            &["2: warning: <assembly>: declares no provider"],
        ),
        (
            File(r#"<instrumentationManifest xmlns="urn:x"/>"#),
            &[
                "1: error: <instrumentationManifest>: is not the root of a manifest; expected <instrumentationManifest> of the namespace of Windows events",
            ],
        ),
        (
            File("<m:instrumentationManifest/>"),
            &[
                "1: error: <m:instrumentationManifest>: is not the root of a manifest; expected <instrumentationManifest> of the namespace of Windows events",
            ],
        ),
        (File("<instrumentationManifest/>"), &["1: warning: <instrumentationManifest>: declares no provider"]),
        (
            File("<instrumentationManifest>\n<instrumentation>\n"),
            &["3: error: XML: the file ends inside <instrumentation>, which line 2 opens"],
        ),
        (
            File("<instrumentationManifest>\n<instrumentation"),
            &["2: error: XML: syntax error: tag not closed: `>` not found before end of input"],
        ),
        (
            File(
                r"<instrumentationManifest>
<instrumentation>
</events></instrumentationManifest>",
            ),
            &["3: error: XML: </events> does not match <instrumentation>, which line 2 opens"],
        ),
        (
            File("<instrumentationManifest/>\n</a>"),
            &[
                "1: warning: <instrumentationManifest>: declares no provider",
                "2: error: XML: unmatched closing tag `</a>`",
            ],
        ),
        (
            File("<instrumentationManifest/>\nmore"),
            &[
                "1: warning: <instrumentationManifest>: declares no provider",
                "2: error: XML: text after the root element; expected the end of the file",
            ],
        ),
        (
            File("<instrumentationManifest/>\n<instrumentationManifest/><b/>"),
            &[
                "1: warning: <instrumentationManifest>: declares no provider",
                "2: error: XML: an element after the root element; expected the end of the file",
            ],
        ),
        (
            File(
                r#"
<?xml version="1.0"?><instrumentationManifest/>"#,
            ),
            &[
                "2: error: <?xml?>: the XML declaration is not at the start of the file",
                "2: warning: <instrumentationManifest>: declares no provider",
            ],
        ),
        (
            File(
                r"<instrumentationManifest><!-- a -- b -->
</instrumentationManifest>",
            ),
            &[
                "1: error: comment: `--` inside a comment",
                "1: warning: <instrumentationManifest>: declares no provider",
            ],
        ),
    ]);
}

#[test]
fn malformed_tags_are_told_with_their_line() {
    check(&[
        (
            File("<instrumentationManifest>\n<!-- a\n"),
            &["2: error: XML: syntax error: comment not closed: `-->` not found before end of input"],
        ),
        (
            File("<instrumentationManifest\n a=b/>"),
            &[
                r#"1: error: <instrumentationManifest>: the value of an attribute is not quoted; expected name="value", and the rest is not read"#,
                "1: warning: <instrumentationManifest>: declares no provider",
            ],
        ),
        (
            File("<instrumentationManifest a/>"),
            &[
                r#"1: error: <instrumentationManifest>: an attribute has no `=`; expected name="value", and the rest is not read"#,
                "1: warning: <instrumentationManifest>: declares no provider",
            ],
        ),
        (
            File("<instrumentationManifest xmlns='' xmlns=''/>"),
            &[
                "1: error: <instrumentationManifest>: duplicate attribute `xmlns`; the first value is used",
                "1: warning: <instrumentationManifest>: declares no provider",
            ],
        ),
        (
            File(
                r"<instrumentationManifest>
<localization a='<'/></instrumentationManifest>",
            ),
            &[
                "1: warning: <instrumentationManifest>: declares no provider",
                "2: error: <localization>: the attribute `a` holds `<`; expected `&lt;`",
                "2: warning: <localization>: unknown attribute `a`; it is ignored",
            ],
        ),
        (
            File("<instrumentationManifest>\n< a/></instrumentationManifest>"),
            &[
                "1: warning: <instrumentationManifest>: declares no provider",
                "2: error: <>: the tag has no proper name",
                "2: warning: <>: is unknown inside <instrumentationManifest>; it is skipped",
            ],
        ),
        (
            File("<instrumentationManifest>\n\u{1}</instrumentationManifest>"),
            &[
                "1: warning: <instrumentationManifest>: holds the text ` `; expected elements only",
                "1: warning: <instrumentationManifest>: declares no provider",
                "2: error: XML: holds the character U+0001, which XML does not allow",
            ],
        ),
    ]);
}

#[test]
fn a_declared_encoding_is_checked() {
    check(&[
        (
            File(r#"<?xml version="1.0" encoding="utf-16"?><instrumentationManifest/>"#),
            &[
                "1: error: <?xml?>: declares the encoding `utf-16`, but the file is UTF-8; read as that",
                "1: warning: <instrumentationManifest>: declares no provider",
            ],
        ),
        (
            File(r#"<?xml version="1.0" encoding="windows-1252"?><instrumentationManifest/>"#),
            &[
                "1: warning: <?xml?>: declares the encoding `windows-1252`; read as UTF-8, as it holds ASCII only",
                "1: warning: <instrumentationManifest>: declares no provider",
            ],
        ),
        (
            File(r#"<?xml version="1.0" encoding="windows-1252"?><!-- é --><instrumentationManifest/>"#),
            &[
                "1: error: <?xml?>: declares the encoding `windows-1252`, but the file is UTF-8; read as that",
                "1: warning: <instrumentationManifest>: declares no provider",
            ],
        ),
    ]);
}

#[test]
fn entities_are_never_expanded() {
    check(&[
        (
            File(
                r#"<!DOCTYPE lolz [
<!ENTITY lol "lol">
<!ENTITY lol2 "&lol;&lol;&lol;">
]>
<instrumentationManifest>
<localization><resources culture="x"><stringTable>
<string id="a" value="&lol2;"/>
<string id="b">&lol2;</string></stringTable></resources></localization></instrumentationManifest>"#,
            ),
            &[
                "1: error: DOCTYPE: a DOCTYPE is not read, and no entity that it defines is expanded",
                "5: warning: <instrumentationManifest>: declares no provider",
                "7: error: <string>: `&lol2;` is not defined; expected one of &lt; &gt; &amp; &apos; &quot; or a character reference",
                "8: error: <string>: `&lol2;` is not defined; expected one of &lt; &gt; &amp; &apos; &quot; or a character reference",
            ],
        ),
        (
            Provider(
                r#"<tasks><task name="T" value="1"
message="a&nbsp;b &#0; & c"/></tasks>"#,
            ),
            &[
                "2: error: <task>: `&nbsp;` is not defined; expected one of &lt; &gt; &amp; &apos; &quot; or a character reference",
                "2: error: <task>: `&#0;` is not defined; expected one of &lt; &gt; &amp; &apos; &quot; or a character reference",
                "2: error: <task>: `&` begins no reference; expected `&amp;`",
            ],
        ),
        (
            Provider("<tasks>\n&nbsp;&amp; & </tasks>"),
            &[
                "2: warning: <tasks>: holds the text `&`; expected elements only",
                "3: error: <tasks>: `&nbsp;` is not defined; expected one of &lt; &gt; &amp; &apos; &quot; or a character reference",
                "3: error: <tasks>: `&` begins no reference; expected `&amp;`",
            ],
        ),
    ]);
}

#[test]
fn unknown_parts_are_skipped_and_told() {
    check(&[
        (
            Provider(
                r#"<provder/>
<tasks><tsk><task name="in" value="1"/></tsk>
<task name="T" value="1"><x><y/></x></task></tasks>"#,
            ),
            &[
                "2: warning: <provder>: is unknown inside <provider>; it is skipped",
                "3: warning: <tsk>: is unknown inside <tasks>; it is skipped",
                "4: warning: <x>: is unknown inside <task>; it is skipped",
            ],
        ),
        (
            Provider(
                r#"<tasks a="1">
<task name="T" value="1" valu="2" xml:lang="en"/></tasks>"#,
            ),
            &[
                "2: warning: <tasks>: unknown attribute `a`; it is ignored",
                "3: warning: task T: unknown attribute `valu`; it is ignored",
            ],
        ),
        (
            Provider(
                r#"<filters/>
<filters/><namedQueries/>
<templates><template tid="T"><UserData><a xmlns="b">%1</a></UserData><binary/></template></templates>"#,
            ),
            &[
                "2: note: <filters>: says nothing about payloads; elements of this kind are not read",
                "3: note: <namedQueries>: says nothing about payloads; elements of this kind are not read",
                "4: note: <UserData>: says how the event log shows the fields; elements of this kind are not read",
                "4: note: <binary>: is reserved for Windows; elements of this kind are not read",
            ],
        ),
        (
            Provider(
                r#"<x:trace xmlns:x="urn:x"/>
<x:trace xmlns:x="urn:x"/><tasks xmlns="urn:y"/>
<z:tasks/>"#,
            ),
            &[
                "2: note: <x:trace>: belongs to another namespace; elements of this kind are not read",
                "3: note: <tasks>: belongs to another namespace; elements of this kind are not read",
                "4: error: <z:tasks>: has a prefix that is bound to no namespace; it is skipped",
            ],
        ),
        (
            Provider("some text<tasks/>"),
            &["1: warning: provider P: holds the text `some text`; expected elements only"],
        ),
    ]);
}

#[test]
fn missing_and_malformed_values_are_told() {
    check(&[
        (
            File(
                r#"<instrumentationManifest><instrumentation><events>
<provider/>
<provider name="" guid="{123}"/></events></instrumentation></instrumentationManifest>"#,
            ),
            &[
                "2: error: <provider>: the attribute `name` is missing",
                "2: error: <provider>: the attribute `guid` is missing",
                "3: error: <provider>: the attribute `name` is empty",
                r#"3: error: <provider>: guid="{123}" is not a GUID; expected {xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}, the braces optional"#,
            ],
        ),
        (
            Provider(
                r#"<channels><channel/>
<channel name="C"/><importChannel/></channels>
<levels><level/><level name="L"/></levels>
<opcodes><opcode name="O" value="x"/></opcodes>
<tasks><task name="T" value="65536"/>
<task value="1"><opcodes><opcode name="O" value="11"/></opcodes></task></tasks>
<keywords><keyword name="K" mask="0x10000000000000000"/></keywords>
<maps><valueMap/>
<valueMap name="M"><map value="-1"/>
<map/></valueMap></maps>"#,
            ),
            &[
                "2: error: <channel>: the attribute `name` is missing",
                "3: error: channel C: the attribute `type` is missing",
                "3: error: <importChannel>: the attribute `name` is missing",
                "4: error: <level>: the attribute `name` is missing",
                "4: error: level L: the attribute `value` is missing",
                r#"5: error: opcode O: value="x" is not a number; expected 0 to 255, decimal or 0x hex"#,
                r#"6: error: task T: value="65536" is out of range; expected 0 to 65535, decimal or 0x hex"#,
                "7: error: <task>: the attribute `name` is missing",
                r#"8: error: keyword K: mask="0x10000000000000000" is out of range; expected 0 to 18446744073709551615, decimal or 0x hex"#,
                "9: error: <valueMap>: the attribute `name` is missing",
                r#"10: error: an entry of map M: value="-1" is out of range; expected 0 to 4294967295, decimal or 0x hex"#,
                "11: error: an entry of map M: the attribute `value` is missing",
            ],
        ),
        (
            Provider(
                r#"<tasks><task name="T" value="x"/></tasks><keywords><keyword name="K"/></keywords><levels><level name="L"/></levels>
<templates><template tid="X"><data name="A" inType="win:Uint99"/></template></templates>
<events><event value="1" task="T" keywords="K" level="L" template="X"/></events>"#,
            ),
            &[
                r#"2: error: task T: value="x" is not a number; expected 0 to 65535, decimal or 0x hex"#,
                "2: error: keyword K: the attribute `mask` is missing",
                "2: error: level L: the attribute `value` is missing",
                "3: error: template X, field A: unknown inType `win:Uint99`; expected a type of winmeta.xml, such as win:UInt32",
            ],
        ),
        (
            Provider(
                r#"<events>
<event value="65536"/>
<event/>
<event value="1" version="256"/>
<event value="0x10" version=" 3 " task="&#x9;"/>
</events>"#,
            ),
            &[
                r#"3: error: <event>: value="65536" is out of range; expected 0 to 65535, decimal or 0x hex"#,
                "4: error: <event>: the attribute `value` is missing",
                r#"5: error: event 1: version="256" is out of range; expected 0 to 255, decimal or 0x hex"#,
            ],
        ),
        (
            Provider(
                r#"<levels><level name="L" value="7"/><level name="win:Error" value="2"/></levels>
<opcodes><opcode name="O" value="240"/></opcodes>
<keywords><keyword name="K" mask="3"/><keyword name="Z" mask="0"/></keywords>
<channels><channel name="C" type="admin" enabled="yes" isolation="none" value="256"/></channels>
<tasks><task name="T" value="1" eventGUID="{1}"/></tasks>"#,
            ),
            &[
                "2: warning: level L: value 7 is reserved; expected 16 to 255 for a level of the provider",
                "3: warning: opcode O: value 240 is reserved; expected 10 to 239 for an opcode of the provider",
                "4: warning: keyword K: mask 0x3 has 2 bits; expected one",
                "4: warning: keyword Z: mask 0x0 has 0 bits; expected one",
                r#"5: error: channel C: value="256" is out of range; expected 0 to 255, decimal or 0x hex"#,
                r#"5: error: channel C: enabled="yes" is not a boolean; expected true, false, 1 or 0"#,
                r#"5: warning: channel C: unknown isolation "none"; expected one of Application, System, Custom"#,
                r#"6: error: task T: eventGUID="{1}" is not a GUID; expected {xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}, the braces optional"#,
            ],
        ),
    ]);
}

#[test]
fn fields_are_checked() {
    check(&[
        (
            Provider(
                r#"<templates><template tid="T">
<data name="A"/>
<data inType="win:Int8"/>
<data name="B" inType="UInt32"/>
<data name="C" inType="win:Unknown"/>
<data name="D" inType="struct"/>
<data name="E" inType="win:UInt32" outType="xs:uint"/>
<data name="F" inType="win:UInt32" outType="xs:string"/>
<data name="G" inType="win:UInt32" outType="win:NTStatus"/>
</template></templates>"#,
            ),
            &[
                "3: error: template T, field A: the attribute `inType` is missing",
                "4: error: template T, <data>: the attribute `name` is missing",
                "5: error: template T, field B: unknown inType `UInt32`; expected `win:UInt32`",
                "6: error: template T, field C: unknown inType `win:Unknown`; expected a type of winmeta.xml, such as win:UInt32",
                "7: error: template T, field D: unknown inType `struct`; expected a type of winmeta.xml, such as win:UInt32",
                "8: warning: template T, field E: unknown outType `xs:uint`; xs:unsignedInt is shown",
                "9: warning: template T, field F: xs:string does not go with win:UInt32; Windows shows the type's default",
            ],
        ),
        (
            Provider(
                r#"<templates><template tid="T">
<data name="N" inType="win:UInt16"/>
<data name="A" inType="win:UInt32" length="N"/>
<data name="B" inType="win:CountedBinary" length="N"/>
<data name="C" inType="win:Binary"/>
<data name="D" inType="win:Binary" length="0"/>
<data name="E" inType="win:Binary" length="65536"/>
<data name="F" inType="win:Binary" outType="win:IPv6"/>
<data name="G" inType="win:UInt8" count=""/>
</template></templates>"#,
            ),
            &[
                "4: error: template T, field A: win:UInt32 takes no `length`; expected it on win:UnicodeString, win:AnsiString and win:Binary only",
                "5: note: template T, field B: `length` is ignored: win:CountedBinary carries its own",
                "6: warning: template T, field C: win:Binary has no `length`, so that its end is unknown",
                r#"7: warning: template T, field D: length="0" makes the field empty"#,
                r#"8: error: template T, field E: length="65536" is out of range; expected 0 to 65535, decimal or 0x hex"#,
                "10: error: template T, field G: the attribute `count` is empty; expected a number or a field's name",
            ],
        ),
        (
            Provider(
                r#"<templates><template tid="T">
<data name="A" inType="win:Binary" length="A"/>
<data name="B" inType="win:Binary" length="C"/>
<data name="C" inType="win:UInt8"/>
<data name="D" inType="win:UInt8" count="Nowhere"/>
<data name="E" inType="win:UInt8" count="c"/>
<data name="F" inType="win:Int32"/>
<data name="G" inType="win:UInt8" count="F"/>
<data name="H" inType="win:UInt8" count="C"/>
<data name="I" inType="win:UInt8" count="H"/>
</template></templates>"#,
            ),
            &[
                r#"3: error: template T, field A: length="A" is the field itself; expected a field before it"#,
                r#"4: error: template T, field B: length="C" comes later, at line 5; expected a field before it"#,
                r#"6: error: template T, field D: count="Nowhere" is not a field of the template; expected a field before it"#,
                r#"7: error: template T, field E: count="c" is not a field of the template; expected a field before it"#,
                r#"9: error: template T, field G: count="F" is of type win:Int32; expected win:UInt8, UInt16, UInt32 or HexInt32"#,
                r#"11: error: template T, field I: count="H" is an array; expected a single value"#,
            ],
        ),
    ]);
}

#[test]
fn structs_equal_names_and_maps_are_checked() {
    check(&[
        (
            Provider(
                r#"<templates><template tid="T">
<data name="N" inType="win:UInt8"/>
<struct name="S" count="N">
<data name="A" inType="win:Binary" length="N"/>
<data name="B" inType="win:Binary" length="C"/>
<data name="C" inType="win:UInt8"/>
<data name="D" inType="win:Binary" length="C"/>
<data name="E" inType="win:Binary" length="Last"/>
<data name="F" inType="win:UInt8" count="S"/>
<struct name="Inner"/></struct>
<data name="G" inType="win:Binary" length="C"/>
<data name="H" inType="win:UInt8" count="S"/>
<struct name="Q" count="Q"/><struct/>
<data name="Last" inType="win:UInt8"/>
</template></templates>"#,
            ),
            &[
                r#"6: error: template T, struct S, field B: length="C" comes later, at line 7; expected a field before it"#,
                r#"9: error: template T, struct S, field E: length="Last" comes later, at line 15; expected a field before it"#,
                r#"10: error: template T, struct S, field F: count="S" is the struct that holds the field; expected a field before it"#,
                "11: error: template T, struct S: holds another struct; expected one level of structs",
                r#"12: error: template T, field G: length="C" is not a field of the template; expected a field before it"#,
                r#"13: error: template T, field H: count="S" is of type struct; expected win:UInt8, UInt16, UInt32 or HexInt32"#,
                "14: error: template T, <struct>: the attribute `name` is missing",
                r#"14: error: template T, struct Q: count="Q" is the field itself; expected a field before it"#,
            ],
        ),
        (
            Provider(
                r#"<templates><template tid="T">
<data name="A" inType="win:UInt8"/>
<data name="A" inType="win:UInt8"/>
<data name="B" inType="win:UInt8"/>
<data name="C" inType="win:Binary" length="A"/>
<data name="B" inType="win:UInt8"/>
</template></templates>"#,
            ),
            &[
                "4: warning: template T, field A: duplicate field name; first used at line 3",
                r#"6: error: template T, field C: length="A" could be any of 2 fields, the first at line 3; expected a unique name"#,
                "7: warning: template T, field B: duplicate field name; first used at line 5",
            ],
        ),
        (
            Provider(
                r#"<maps><valueMap name="M"/><patternMap name="P"/></maps>
<templates><template tid="T">
<data name="A" inType="win:UInt8" map="M"/>
<data name="B" inType="win:UInt8" map="Nowhere"/>
<data name="C" inType="win:AnsiString" map="M"/>
<data name="D" inType="win:UInt8" map="P"/>
<struct name="S"><data name="E" inType="win:Int8" map="Nowhere"/></struct>
</template></templates>"#,
            ),
            &[
                "2: note: <patternMap>: maps texts and not values; elements of this kind are not read",
                r#"5: error: template T, field B: unknown map "Nowhere"; expected a map of the provider"#,
                "6: error: template T, field C: win:AnsiString takes no map; expected an integer of at most 32 bits",
                r#"8: error: template T, struct S, field E: unknown map "Nowhere"; expected a map of the provider"#,
            ],
        ),
    ]);
}

#[test]
fn references_that_lead_nowhere_are_told() {
    check(&[
        (
            Provider(
                r#"<tasks><task name="T" value="1"><opcodes><opcode name="O" value="10"/></opcodes></task><task name="U" value="2"/></tasks>
<events>
<event value="1" template="X"/>
<event value="2" channel="X" level="win:Loud" task="X" opcode="X" keywords="X win:Y"/>
<event value="3" task="T" opcode="O"/>
<event value="4" task="U" opcode="O"/>
<event value="5" opcode="O"/>
<event value="6" task="win:None" opcode="win:Stop" level="win:Verbose" keywords="win:SQM" channel="System"/>
</events>"#,
            ),
            &[
                r#"4: error: event 1 version 0: unknown template "X"; expected a template of the provider"#,
                r#"5: error: event 2 version 0: unknown channel "X"; expected the chid or name of a channel of the provider"#,
                r#"5: error: event 2 version 0: unknown level "win:Loud"; expected a level of the provider or a predefined one, such as win:Error"#,
                r#"5: error: event 2 version 0: unknown task "X"; expected a task of the provider"#,
                r#"5: error: event 2 version 0: unknown opcode "X"; expected an opcode of the provider, of the event's task, or a predefined one, such as win:Start"#,
                r#"5: error: event 2 version 0: unknown keyword "X"; expected a keyword of the provider or a predefined one"#,
                r#"5: error: event 2 version 0: unknown keyword "win:Y"; expected a keyword of the provider or a predefined one"#,
                "5: error: event 2 version 0: its opcode cannot be read; the event is left out",
                r#"7: error: event 4 version 0: unknown opcode "O"; expected an opcode of the provider or of task U; another task has it"#,
                "7: error: event 4 version 0: its opcode cannot be read; the event is left out",
                r#"8: error: event 5 version 0: unknown opcode "O"; expected an opcode of the provider, as the event has no task; a task has it"#,
                "8: error: event 5 version 0: its opcode cannot be read; the event is left out",
            ],
        ),
        (
            Provider(
                r#"<events>
<event value="1" message="$(string.No)"/>
<event value="2" message="a $(string.No) b $(string.c"/>
<event value="3" message="$(mc.win:Info)"/>
<event value="4" message="%1 $(Env) 100%%"/>
</events>"#,
            ),
            &[
                "3: error: event 1 version 0: there is no string `No` in any culture",
                "4: error: event 2 version 0: there is no string `No` in any culture",
                "5: note: event 3 version 0: `$(mc.win:Info)` is not a $(string.ID) and stays as it is",
                "6: note: event 4 version 0: `$(Env)` is not a $(string.ID) and stays as it is",
            ],
        ),
    ]);
}

#[test]
fn duplicates_are_told_with_the_first() {
    check(&[
        (
            Provider(
                r#"<channels><channel chid="A" name="C" type="Admin"/>
<channel chid="A" name="D" type="Admin"/></channels>
<tasks><task name="T" value="1" symbol="X"/>
<task name="T" value="2" symbol="X"/>
<task name="U" value="2"/></tasks>
<opcodes><opcode name="O" value="10"/>
<opcode name="O" value="10"/></opcodes>
<keywords><keyword name="K" mask="1"/>
<keyword name="K" mask="1"/></keywords>
<maps><bitMap name="M"><map value="1"/>
<map value="1"/></bitMap>
<valueMap name="M"/></maps>
<templates><template tid="T"/>
<template tid="T"/></templates>
<events><event value="1" symbol="E"/>
<event value="1" version="1" symbol="E"/>
<event value="1"/></events>"#,
            ),
            &[
                "3: error: channel A: duplicate definition; first defined at line 2",
                "5: error: task T: duplicate definition; first defined at line 4",
                "5: warning: task T: duplicate symbol X; first used at line 4",
                "6: warning: task U: duplicate value 0x2; first used at line 5",
                "8: error: opcode O: duplicate definition; first defined at line 7",
                "8: warning: opcode O: duplicate value 0xa; first used at line 7",
                "10: error: keyword K: duplicate definition; first defined at line 9",
                "10: warning: keyword K: duplicate value 0x1; first used at line 9",
                "12: warning: an entry of map M: duplicate value 0x1; first used at line 11",
                "13: error: map M: duplicate definition; first defined at line 11",
                "15: error: template T: duplicate definition; first defined at line 14",
                "17: warning: event 1 version 1: duplicate symbol E; first used at line 16",
                "18: error: event 1 version 0: duplicate definition; first defined at line 16",
            ],
        ),
        (
            File(
                r#"<instrumentationManifest><instrumentation><events>
<provider name="A" guid="{0A1B2C3D-0000-1111-2222-333344445555}"/>
<provider name="B" guid="0a1b2c3d-0000-1111-2222-333344445555"/></events></instrumentation></instrumentationManifest>"#,
            ),
            &["3: error: provider B: duplicate GUID; first used at line 2"],
        ),
        (
            File(
                r#"<instrumentationManifest><localization><resources culture="x"><stringTable>
<string id="A" value="1"/>
<string id="A" value="2"/><string id="a" value="3"/></stringTable></resources>
<resources culture="X"><stringTable><string id="A" value="4"/>
<string id="B"/>
<string id="C" value="1">2</string>
<string id="D">a<b>c</b></string></stringTable></resources>
<resources culture="y"><stringTable><string id="A" value="5"/></stringTable></resources></localization></instrumentationManifest>"#,
            ),
            &[
                "1: warning: <instrumentationManifest>: declares no provider",
                "3: error: string A: duplicate string in one culture; the first, at line 2, is used",
                "4: error: string A: duplicate string in one culture; the first, at line 2, is used",
                "5: error: string B: the attribute `value` is missing",
                "6: warning: string C: has both a `value` and content; the value is used",
                "7: warning: <b>: is unknown inside <string>; it is skipped",
            ],
        ),
    ]);
}
