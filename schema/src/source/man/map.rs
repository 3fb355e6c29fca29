//! `<maps>`: texts for the values or bits of integer fields.

use super::draft::{Draft, Kind};
use super::value::clip;
use super::xml::{Cursor, Element};
use crate::model::{Map, MapEntry, MapKind};

pub(super) fn parse_maps(cursor: &mut Cursor<'_>, list: &Element, draft: &mut Draft) {
    cursor.check_attributes(list);
    while let Some(mut item) = cursor.child(list) {
        match item.name.as_str() {
            "valueMap" => parse_map(cursor, item, MapKind::Value, draft),
            "bitMap" => parse_map(cursor, item, MapKind::Bit, draft),
            "patternMap" => {
                cursor.note_ignored(&item, "maps texts and not values");
                if let Some(name) = cursor.name(&mut item, "name") {
                    draft.lose(Kind::Map, name);
                }
            }
            _ => cursor.unknown(&item, list),
        }
    }
}

fn parse_map(cursor: &mut Cursor<'_>, mut element: Element, kind: MapKind, draft: &mut Draft) {
    let Some(name) = cursor.required_name(&mut element, "name") else { return };
    element.what = format!("map {}", clip(&name));
    let mut map = Map { name, kind, symbol: cursor.symbol(&mut element), entries: Vec::new(), at: element.at.clone() };
    cursor.check_attributes(&element);
    while let Some(entry) = cursor.child(&element) {
        if entry.name == "map" {
            map.entries.extend(parse_entry(cursor, entry, &map.name));
        } else {
            cursor.unknown(&entry, &element);
        }
    }
    if cursor.failed() {
        // Its end was not seen: half the entries would pass for the whole.
        draft.lose(Kind::Map, map.name);
    } else {
        draft.provider.maps.push(map);
    }
}

fn parse_entry(cursor: &mut Cursor<'_>, mut element: Element, map: &str) -> Option<MapEntry> {
    element.what = format!("an entry of map {}", clip(map));
    let value = cursor.required_number(&mut element, "value", u64::from(u32::MAX));
    let symbol = cursor.symbol(&mut element);
    let message = element.text("message");
    let at = element.at.clone();
    cursor.close(&element);
    Some(MapEntry { value: value?, symbol, message, at })
}
