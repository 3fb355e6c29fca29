//! Names that people type, and the known name nearest to an unknown one.

use smbserver_etw::{EventInfo, schema::PROVIDER};

use crate::failure::InputError;

/// The event of that name; letters of either case are the same.
pub(crate) fn event(name: &str) -> Result<&'static EventInfo, InputError> {
    let known = PROVIDER.events.iter().copied().find(|event| event.name.eq_ignore_ascii_case(name));
    known.ok_or_else(|| InputError::UnknownName {
        found: name.chars().take(60).collect(),
        nearest: nearest(name, PROVIDER.events.iter().map(|event| event.name)),
    })
}

/// The name that differs by the fewest letters, if they are few.
pub(crate) fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let wanted = name.to_lowercase();
    // A name that is far longer than any known one is not a typing mistake.
    if wanted.len() > 100 {
        return None;
    }
    let allowed = (wanted.chars().count() / 3).max(1);
    let distances = known.map(|known| (distance(&wanted, &known.to_lowercase()), known));
    distances.filter(|(distance, _)| *distance <= allowed).min().map(|(_, known)| known)
}

/// The number of letters that must be added, removed or changed.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_told() {
        assert_eq!(nearest("Stauts", ["Status", "Session"].into_iter()), Some("Status"));
        assert_eq!(nearest("x", ["Status"].into_iter()), None);
        assert_eq!(event("tdimodeenabled").unwrap().id, 1900);
        assert!(event("TdiModeEnabld").unwrap_err().to_string().contains("did you mean `TdiModeEnabled`?"));
    }
}
