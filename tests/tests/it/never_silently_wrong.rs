//! A payload that does not fit what it is decoded as is refused, with location and reason.
//!
//! The expected result is computed by a walk over the manifest's fields that shares no code with the decoder.

use std::cell::{Cell, OnceCell};

use etw_runtime::{
    Basis, Candidates, Consulted, DecodeError, EventKey, Fault, FaultKind, LayoutInfo, Mismatch, MismatchKind,
};
use etw_schema::merge::same_wire_form;
use etw_schema::model::Field;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestCaseError;
use smbserver_etw::schema::PROVIDER;
use smbserver_etw::{Build, Decoded, Decoder, Event};
use smbserver_etw_tests::encoder::{Value, encode, is_terminated, mean_the_same, width};
use smbserver_etw_tests::manifests::{Layout, captures, is_reviewed, layout, layout_at, layouts, layouts_of};
use smbserver_etw_tests::random::{self, Lengths};
use smbserver_etw_tests::reflected;
use smbserver_etw_tests::walk::{Stop, Terminator, Walk, fits, others_that_fit, walk};

/// Value sets for each layout.
const SAMPLES: usize = 8;

/// The captured builds and others: below the oldest, between two, above the newest.
fn builds() -> Vec<u32> {
    let captures = captures();
    let oldest = captures[0];
    let newest = captures[captures.len() - 1];
    let between =
        captures.windows(2).flat_map(|pair| [pair[0] + 1, 22631.clamp(pair[0] + 1, pair[1] - 1), pair[1] - 1]);
    let mut all: Vec<u32> = [0, 1, oldest - 1].into_iter().chain(between).chain([newest + 1, u32::MAX]).collect();
    all.extend(captures);
    all.sort_unstable();
    all.dedup();
    all
}

/// The capture that is used for a build: itself, or the nearest below.
fn capture_for(build: u32) -> Option<u32> {
    captures().iter().copied().rfind(|capture| *capture <= build)
}

fn decode<'p>(build: u32, layout: &Layout, payload: &'p [u8]) -> Result<Decoded<'p>, DecodeError> {
    Event::decode(Build::from_number(build), layout.id, layout.version, payload)
}

fn key(layout: &Layout) -> EventKey {
    EventKey::new(layout.id, layout.version)
}

fn decode_leniently<'p>(build: u32, layout: &Layout, payload: &'p [u8]) -> Result<Decoded<'p>, DecodeError> {
    Decoder::new(Build::from_number(build)).lenient().decode_payload(key(layout), payload)
}

fn names(candidates: &Candidates) -> Vec<&'static str> {
    candidates.iter().map(|layout| layout.name).collect()
}

fn names_of(layouts: &[&Layout]) -> Vec<String> {
    layouts.iter().map(|layout| layout.name.clone()).collect()
}

// ---- what a refusal has to say -------------------------------------------------------------------------------------

/// The mismatch that the walk finds in a payload, if it does not fit the layout.
fn mismatch_of(layout: &Layout, payload: &[u8]) -> Option<MismatchKind> {
    match walk(layout.fields(), payload, Terminator::Required) {
        Ok(walk) if walk.end() == payload.len() => None,
        Ok(walk) => Some(MismatchKind::LeftOver { offset: walk.end(), bytes: payload.len() - walk.end() }),
        Err(stop) => Some(fault_of(stop)),
    }
}

fn fault_of(stop: Stop) -> MismatchKind {
    let Stop { field, offset, needed, available } = stop;
    let kind = match needed {
        Some(needed) => FaultKind::Truncated { needed, available },
        None => FaultKind::Unterminated { available },
    };
    MismatchKind::Field(Fault::new(u16::try_from(field).expect("few fields"), offset, kind))
}

fn check_mismatch(mismatch: &Mismatch, layout: &Layout, expected: MismatchKind) -> Result<(), TestCaseError> {
    prop_assert_eq!(mismatch.layout().name, &layout.name);
    prop_assert_eq!(mismatch.reason(), expected, "{}", layout.name);
    let (offset, name, kind) = match expected {
        MismatchKind::Field(Fault { field, offset, kind, .. }) => {
            let kind = if matches!(kind, FaultKind::Truncated { .. }) { "truncated" } else { "unterminated" };
            (offset, layout.fields().get(usize::from(field)).map(|field| field.name.as_str()), kind)
        }
        MismatchKind::LeftOver { offset, .. } => (offset, None, "left_over"),
        other => panic!("the walk never says {other:?}"),
    };
    prop_assert_eq!((mismatch.offset(), mismatch.field_name(), mismatch.kind()), (offset, name, kind));
    let shown = mismatch.to_string();
    prop_assert!(shown.contains(&layout.name) && shown.contains(&offset.to_string()), "{}", shown);
    prop_assert!(name.is_none_or(|name| shown.contains(name)), "{}", shown);
    Ok(())
}

/// The result of the walk for a payload and a layout. It is the same in every build that has the layout.
struct Walked<'a> {
    layout: &'a Layout,
    payload: &'a [u8],
    /// What does not fit.
    mismatch: Option<MismatchKind>,
    /// The other layouts of the version that the payload fits.
    others: Vec<&'static Layout>,
    /// The walk that accepts a missing terminator.
    lenient: OnceCell<Result<Walk, Stop>>,
}

impl<'a> Walked<'a> {
    fn new(layout: &'a Layout, payload: &'a [u8]) -> Self {
        let mismatch = mismatch_of(layout, payload);
        Self { layout, payload, mismatch, others: others_that_fit(layout, payload), lenient: OnceCell::new() }
    }

    /// Checks the error of strict decoding: what does not fit, and which other layouts do.
    fn check_refusal(&self, error: DecodeError) -> Result<(), TestCaseError> {
        let layout = self.layout;
        let others = &self.others;
        let Some(expected) = self.mismatch else {
            return Err(TestCaseError::fail(format!("{} fits and was refused: {error}", layout.name)));
        };
        match error {
            DecodeError::Mismatch(mismatch) if others.is_empty() => {
                prop_assert_eq!(error.kind(), mismatch.kind());
                check_mismatch(&mismatch, layout, expected)
            }
            DecodeError::OtherLayout { mismatch, fits } => {
                prop_assert_eq!(error.kind(), "other_layout");
                prop_assert_eq!(names(&fits), names_of(others));
                check_mismatch(&mismatch, layout, expected)
            }
            other => Err(TestCaseError::fail(format!("{other:?}, but these fit: {:?}", names_of(others)))),
        }
    }

    /// Checks strict decoding, whether the payload fits or not. True if it was decoded.
    fn check_strict(&self, build: u32) -> Result<bool, TestCaseError> {
        match decode(build, self.layout, self.payload) {
            Ok(decoded) => {
                prop_assert_eq!(decoded.layout().name, &self.layout.name);
                prop_assert!(self.mismatch.is_none(), "{} does not fit and was read", self.layout.name);
                let kept = decoded.into_owned();
                prop_assert_eq!(kept.decoded(), decoded);
                Ok(true)
            }
            Err(error) => self.check_refusal(error).map(|()| false),
        }
    }

    /// Checks lenient decoding. True if the last string was cut.
    fn check_lenient(&self, build: u32) -> Result<bool, TestCaseError> {
        let layout = self.layout;
        let payload = self.payload;
        let lenient = decode_leniently(build, layout, payload);
        let has_others = self.mismatch.is_some() && !self.others.is_empty();
        let walk = self.lenient.get_or_init(|| walk(layout.fields(), payload, Terminator::Optional));
        match (lenient, walk) {
            (Err(error @ DecodeError::OtherLayout { .. }), _) if has_others => {
                self.check_refusal(error).map(|()| false)
            }
            (Ok(lenient), Ok(walk)) if !has_others => {
                prop_assert_eq!(lenient.layout().name, &layout.name);
                prop_assert_eq!((lenient.left_over(), lenient.payload()), (&payload[walk.end()..], payload));
                prop_assert_eq!(lenient.unterminated(), walk.unterminated);
                check_left_as_it_was(layout, &lenient.event, payload, &walk.fields)?;
                let kept = lenient.into_owned();
                prop_assert_eq!(kept.decoded(), lenient);
                Ok(lenient.unterminated())
            }
            (Err(DecodeError::Mismatch(mismatch)), Err(stop)) => {
                check_mismatch(&mismatch, layout, fault_of(*stop)).map(|()| false)
            }
            (other, walk) => Err(TestCaseError::fail(format!("{other:?}, but the walk says {walk:?}"))),
        }
    }
}

fn each_payload(
    lengths: Lengths,
    mut check: impl FnMut(&'static Layout, &[Value], &[u8]) -> Result<(), TestCaseError>,
) {
    for layout in layouts() {
        for values in random::samples(layout, lengths, SAMPLES) {
            let payload = encode(layout.fields(), &values);
            check(layout, &values, &payload).unwrap_or_else(|error| panic!("{}: {error}\n{values:?}", layout.name));
        }
    }
}

// ---- the wrong build -----------------------------------------------------------------------------------------------

/// How the decodings under other builds ended.
#[derive(Debug, Default)]
struct Tally {
    same_layout: u32,
    same_meaning: u32,
    other_layout: u32,
    unknown: u32,
    /// Read as the one known layout that fits, which the build's capture lacks.
    of_other_builds: u32,
    /// The build's capture lacks the event, and several known layouts fit.
    ambiguous: u32,
    /// Read as another layout that fits just as well; the right one is among those that also fit.
    different_with_a_warning: u32,
    silently_different: u32,
}

#[test]
fn a_payload_of_another_build_is_never_read_as_something_else() {
    let mut tally = Tally::default();
    let mut pairs = 0;
    let builds = builds();
    each_payload(Lengths::Any, |layout, values, payload| {
        for &build in &builds {
            pairs += 1;
            check_in_build(layout, values, payload, build, &mut tally)?;
        }
        Ok(())
    });
    println!("{pairs} (payload, build) over builds {builds:?}: {tally:?}");
    assert_eq!(tally.silently_different, 0);
    assert!(
        tally.other_layout > 0 && tally.unknown > 0 && tally.of_other_builds > 0,
        "the manifests have events of both kinds"
    );
}

fn check_in_build(
    layout: &'static Layout,
    values: &[Value],
    payload: &[u8],
    build: u32,
    tally: &mut Tally,
) -> Result<(), TestCaseError> {
    let declared = capture_for(build).and_then(|capture| layout_at(layout.id, layout.version, capture));
    match (decode(build, layout, payload), declared) {
        (Ok(decoded), Some(declared)) => {
            prop_assert_eq!(decoded.layout().name, &declared.name);
            prop_assert_eq!(decoded.basis(), basis(build, declared));
            let fields: Vec<&str> = layout.fields().iter().map(|field| field.name.as_str()).collect();
            let same =
                reflected::names(&decoded.event) == fields && mean_the_same(&reflected::values(&decoded.event), values);
            let warned = decoded.also_fits().is_some_and(|fits| names(&fits).contains(&layout.name.as_str()));
            match (same, declared.name == layout.name) {
                (true, true) => tally.same_layout += 1,
                (true, false) => tally.same_meaning += 1,
                (false, _) if warned => tally.different_with_a_warning += 1,
                (false, _) => tally.silently_different += 1,
            }
        }
        // The build's capture lacks the event, but an update may have added it. The layout must then be the only one
        // that fits, and the answer must say which builds have it.
        (Ok(decoded), None) => {
            let capture = capture_for(build).expect("an event was decoded");
            let has = decoded.layout().builds;
            prop_assert_eq!(
                decoded.basis(),
                Basis::OtherBuild { capture, as_of: PROVIDER.binary_version(capture), has }
            );
            prop_assert_eq!(
                names_of(&layout.family().filter(|other| fits(other, payload)).collect::<Vec<_>>()),
                [layout.name.as_str()]
            );
            prop_assert_eq!(decoded.layout().name, &layout.name);
            prop_assert!(mean_the_same(&reflected::values(&decoded.event), values));
            tally.of_other_builds += 1;
        }
        (Err(DecodeError::Ambiguous { candidates, build: asked }), None) => {
            prop_assert_eq!(asked.map(|asked| asked.build), Some(build));
            prop_assert_eq!(
                names(&candidates),
                names_of(&layout.family().filter(|other| fits(other, payload)).collect::<Vec<_>>())
            );
            prop_assert!(candidates.len() > 1);
            tally.ambiguous += 1;
        }
        (Err(error), Some(declared)) => {
            Walked::new(declared, payload).check_refusal(error)?;
            let DecodeError::OtherLayout { fits, .. } = error else {
                return Err(TestCaseError::fail(format!("build {build}: {error} does not name {}", layout.name)));
            };
            prop_assert!(names(&fits).contains(&layout.name.as_str()));
            tally.other_layout += 1;
        }
        (Err(error), None) => {
            check_unknown(error, layout.id, layout.version, Some(build))?;
            tally.unknown += 1;
        }
    }
    Ok(())
}

fn basis(build: u32, declared: &Layout) -> Basis {
    let captures = captures();
    let lower = capture_for(build).expect("an event was decoded");
    match captures.iter().copied().find(|capture| *capture > build) {
        _ if lower == build => Basis::Captured,
        Some(upper) => Basis::Between { lower, upper, same: declared.holds_in(upper) },
        None => Basis::Newer { newest: lower },
    }
}

// ---- no build ------------------------------------------------------------------------------------------------------

#[test]
fn without_a_build_the_answer_is_the_only_one_or_none() {
    let mut unique = 0;
    let mut ambiguous = 0;
    each_payload(Lengths::Any, |layout, values, payload| {
        let fitting: Vec<&Layout> = layout.family().filter(|other| fits(other, payload)).collect();
        match Decoder::any_build().decode_payload(key(layout), payload) {
            Ok(decoded) => {
                unique += 1;
                prop_assert_eq!((decoded.basis(), decoded.build()), (Basis::OnlyLayout, None));
                prop_assert_eq!(names_of(&fitting), [decoded.layout().name]);
                prop_assert_eq!(decoded.layout().name, &layout.name);
                prop_assert!(mean_the_same(&reflected::values(&decoded.event), values));
            }
            Err(error @ DecodeError::Ambiguous { candidates, build: None }) => {
                ambiguous += 1;
                prop_assert_eq!(error.kind(), "ambiguous");
                prop_assert!(candidates.len() > 1 && names(&candidates).contains(&layout.name.as_str()));
                prop_assert_eq!(names(&candidates), names_of(&fitting));
            }
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        }
        Ok(())
    });
    println!("{unique} payloads with one layout that fits, {ambiguous} with several");
}

/// Checks the decoding, without a build, of a payload that may fit nothing.
fn check_any_build(layout: &'static Layout, payload: &[u8]) -> Result<(), TestCaseError> {
    let family: Vec<&Layout> = layout.family().collect();
    let fitting: Vec<&Layout> = family.iter().copied().filter(|other| fits(other, payload)).collect();
    let newest = family.last().expect("the layout itself");
    match Decoder::any_build().decode_payload(key(layout), payload) {
        Ok(decoded) => prop_assert_eq!(names_of(&fitting), [decoded.layout().name]),
        Err(DecodeError::Ambiguous { candidates, .. }) => prop_assert_eq!(names(&candidates), names_of(&fitting)),
        Err(error @ (DecodeError::Mismatch(mismatch) | DecodeError::NoLayoutFits { newest: mismatch, .. })) => {
            prop_assert!(fitting.is_empty(), "refused, but these fit: {:?}", names_of(&fitting));
            if let DecodeError::NoLayoutFits { tried, .. } = error {
                prop_assert_eq!((error.kind(), family.len() > 1), ("no_layout_fits", true));
                prop_assert_eq!(names(&tried), names_of(&family));
            } else {
                prop_assert_eq!(family.len(), 1);
            }
            let expected = mismatch_of(newest, payload).expect("it does not fit");
            check_mismatch(&mismatch, newest, expected)?;
        }
        Err(error) => return Err(TestCaseError::fail(error.to_string())),
    }
    Ok(())
}

// ---- cut payloads --------------------------------------------------------------------------------------------------

#[test]
fn every_prefix_is_refused_at_the_first_field_that_does_not_fit() {
    let mut prefixes = 0;
    let mut unterminated = 0;
    let mut other_layout = 0;
    each_payload(Lengths::Short, |layout, _, payload| {
        for cut in 0..payload.len() {
            let prefix = &payload[..cut];
            let walked = Walked::new(layout, prefix);
            prefixes += 1;
            for &build in &layout.builds {
                let Err(error) = decode(build, layout, prefix) else {
                    return Err(TestCaseError::fail(format!("{cut} of {} bytes were read", payload.len())));
                };
                walked.check_refusal(error)?;
                other_layout += u32::from(matches!(error, DecodeError::OtherLayout { .. }));
                unterminated += u32::from(walked.check_lenient(build)?);
            }
            check_any_build(layout, prefix)?;
        }
        Ok(())
    });
    println!(
        "{prefixes} prefixes; {unterminated} lenient decodings with a cut last string, {other_layout} that fit another layout"
    );
    assert!(unterminated > 0, "the manifests have events that end with an uncounted string");
}

/// Checks that the values, encoded again, give the bytes from which they were read. The encoder adds a terminator that
/// was cut.
fn check_left_as_it_was(
    layout: &Layout,
    event: &Event<'_>,
    payload: &[u8],
    ranges: &[std::ops::Range<usize>],
) -> Result<(), TestCaseError> {
    let mut values = reflected::values(event);
    for (value, range) in values.iter_mut().zip(ranges) {
        // Reflection gives true or false, not the number on the wire.
        if let Value::Bool(truth) = value {
            let number = payload[range.clone()].try_into().map(u32::from_le_bytes).expect("four bytes");
            prop_assert_eq!(number != 0, *truth != 0);
            *truth = number;
        }
    }
    let again = encode(layout.fields(), &values);
    let end = ranges.last().map_or(0, |range| range.end);
    prop_assert_eq!(again.get(..end), payload.get(..end));
    prop_assert!(again[end..].iter().all(|byte| *byte == 0) && again.len() - end <= 2);
    Ok(())
}

#[test]
fn an_uncounted_last_string_needs_its_nul_and_only_lenient_decoding_forgives() {
    let ends_open = |layout: &&Layout| layout.fields().last().is_some_and(is_terminated);
    let mut checked = Vec::new();
    for layout in layouts().iter().filter(ends_open) {
        checked.push(layout.name.as_str());
        for values in random::samples(layout, Lengths::Any, SAMPLES) {
            let mut payload = encode(layout.fields(), &values);
            let nul = if matches!(values.last(), Some(Value::Text16(_))) { 2 } else { 1 };
            payload.truncate(payload.len() - nul);
            for &build in &layout.builds {
                let error = decode(build, layout, &payload).expect_err("the NUL is missing");
                assert_eq!(error.mismatch().map(Mismatch::kind), Some("unterminated"));
                let lenient = decode_leniently(build, layout, &payload).unwrap_or_else(|error| panic!("{error}"));
                assert!(lenient.unterminated() && lenient.left_over().is_empty());
                assert!(mean_the_same(&reflected::values(&lenient.event), &values));
            }
        }
    }
    println!("layouts that end with an uncounted string: {checked:?}");
    assert!(!checked.is_empty());
}

// ---- bytes too many ------------------------------------------------------------------------------------------------

#[test]
fn bytes_behind_the_last_field_are_refused_or_handed_over() {
    let mut left_over = 0;
    let mut other_layout = 0;
    each_payload(Lengths::Any, |layout, values, payload| {
        for byte in [0, 0xA5] {
            let longer = [payload, &[byte]].concat();
            let walked = Walked::new(layout, &longer);
            for &build in &layout.builds {
                let Err(error) = decode(build, layout, &longer) else {
                    return Err(TestCaseError::fail("a byte too many was read"));
                };
                walked.check_refusal(error)?;
                let expected = MismatchKind::LeftOver { offset: payload.len(), bytes: 1 };
                prop_assert_eq!(error.mismatch().map(Mismatch::reason), Some(expected));
                walked.check_lenient(build)?;
                if matches!(error, DecodeError::OtherLayout { .. }) {
                    other_layout += 1;
                    continue;
                }
                left_over += 1;
                let Ok(lenient) = decode_leniently(build, layout, &longer) else {
                    return Err(TestCaseError::fail("lenient decoding refused it"));
                };
                prop_assert_eq!((lenient.left_over(), lenient.unterminated()), (&[byte][..], false));
                prop_assert!(mean_the_same(&reflected::values(&lenient.event), values));
            }
            check_any_build(layout, &longer)?;
        }
        Ok(())
    });
    println!("{left_over} refused as left over, {other_layout} as another layout's");
}

// ---- any bytes -----------------------------------------------------------------------------------------------------

/// Bytes that resemble a payload: of the same length, or a payload with some bytes changed, cut or added; or any bytes.
fn bytes_near(layout: &Layout) -> impl Strategy<Value = Vec<u8>> + use<> {
    let fields = layout.fields().to_vec();
    let payload = random::values(layout, Lengths::Short).prop_map(move |values| encode(&fields, &values)).boxed();
    let of_its_length = payload.clone().prop_flat_map(|payload| vec(any::<u8>(), payload.len()));
    let changed = (payload, vec((any::<Index>(), any::<u8>()), 1..6), vec(any::<u8>(), 0..3), 0..3_usize);
    let changed = changed.prop_map(|(mut payload, changes, added, cut)| {
        let original = payload.len();
        for (at, byte) in changes.into_iter().filter(|_| original > 0) {
            payload[at.index(original)] = byte;
        }
        payload.truncate(payload.len().saturating_sub(cut));
        payload.extend(added);
        payload
    });
    prop_oneof![2 => of_its_length, 4 => changed, 1 => vec(any::<u8>(), 0..400)]
}

#[test]
fn any_bytes_are_refused_or_read_to_the_last() {
    const CASES: u32 = 64;
    let inputs = Cell::new(0_u32);
    let read = Cell::new(0_u32);
    for layout in layouts() {
        random::check(layout, CASES, &bytes_near(layout), |payload| {
            let walked = Walked::new(layout, &payload);
            for &build in &layout.builds {
                inputs.set(inputs.get() + 1);
                walked.check_lenient(build)?;
                if walked.check_strict(build)? {
                    read.set(read.get() + 1);
                    let decoded = decode(build, layout, &payload).expect("it was read before");
                    let walk = walk(layout.fields(), &payload, Terminator::Required).expect("it fits");
                    check_left_as_it_was(layout, &decoded.event, &payload, &walk.fields)?;
                    let shown = (format!("{:?}", decoded.event), serde_json::to_string(&decoded.event).is_ok());
                    prop_assert!(shown.1, "{}", shown.0);
                }
            }
            check_any_build(layout, &payload)
        });
    }
    println!("{} inputs, {} of them read", inputs.get(), read.get());
    assert!(read.get() > 0 && read.get() < inputs.get());
}

// ---- what is not known ---------------------------------------------------------------------------------------------

/// The capture that is looked at for a build, and the version of its binary.
fn consult(build: u32) -> Option<Consulted> {
    let capture = capture_for(build)?;
    Some(Consulted::new(build, capture).with_version(PROVIDER.binary_version(capture)))
}

/// Checks the error for an (id, version) that a build, or every build, lacks.
fn check_unknown(error: DecodeError, id: u16, version: u8, build: Option<u32>) -> Result<(), TestCaseError> {
    let capture = build.map(capture_for);
    let in_build = |layout: &&Layout| match capture {
        None => true,
        Some(capture) => capture.is_some_and(|capture| layout.holds_in(capture)),
    };
    let of_id = || layouts_of(id).iter();
    let consulted = build.and_then(consult);
    match error {
        DecodeError::UnknownBuild { build: asked, oldest } => {
            prop_assert_eq!(error.kind(), "unknown_build");
            prop_assert_eq!((Some(asked), oldest), (build, captures()[0]));
            prop_assert!(capture == Some(None), "build {} has a capture", asked);
        }
        DecodeError::UnknownEvent { id: asked, build: in_which, known } => {
            prop_assert_eq!(error.kind(), "unknown_event");
            prop_assert_eq!((asked, in_which), (id, consulted));
            prop_assert!(capture != Some(None) && of_id().all(|layout| !in_build(&layout)));
            prop_assert_eq!(known.map(|event| event.id), of_id().next().map(|layout| layout.id));
        }
        DecodeError::UnknownVersion { event, version: asked, build: in_which } => {
            prop_assert_eq!(error.kind(), "unknown_version");
            prop_assert_eq!((event.id, asked, in_which), (id, version, consulted));
            let versions: Vec<u8> = of_id().filter(in_build).map(|layout| layout.version).collect();
            prop_assert!(capture != Some(None) && !versions.is_empty() && !versions.contains(&version));
        }
        other => return Err(TestCaseError::fail(format!("{other:?}"))),
    }
    let shown = error.to_string();
    prop_assert!(build.is_none_or(|build| shown.contains(&build.to_string())), "{}", shown);
    prop_assert!(error.mismatch().is_none());
    Ok(())
}

#[test]
fn errors_about_the_unknown_say_what_is_known() {
    let mut errors = 0;
    let all = builds();
    let extremes = [all[0], all[all.len() - 1]];
    for id in 0..=u16::MAX {
        let known: Vec<u8> = layouts_of(id).iter().map(|layout| layout.version).collect();
        // For ids far from all events the oldest and the newest build are enough.
        let asked = if id < 8192 || !known.is_empty() { &all[..] } else { &extremes };
        let versions: &[u8] = if known.is_empty() { &[0] } else { &[0, 1, 2, 3, 4, 9, u8::MAX] };
        for &version in versions {
            for build in asked.iter().copied().map(Some).chain([None]) {
                let declared = match build.map(capture_for) {
                    Some(Some(capture)) => layout_at(id, version, capture).is_some(),
                    Some(None) => false,
                    None => known.contains(&version),
                };
                let decoder = build.map_or(Decoder::any_build(), |build| Decoder::new(Build::from_number(build)));
                let outcome = decoder.decode_payload(EventKey::new(id, version), &[]);
                // Some events of other builds have no fields.
                if let Ok(decoded) = outcome
                    && !declared
                {
                    assert!(matches!(decoded.basis(), Basis::OtherBuild { .. }) && decoded.layout().fields.is_empty());
                }
                if let (Err(error), false) = (outcome, declared) {
                    check_unknown(error, id, version, build).unwrap_or_else(|wrong| panic!("{id} v{version}: {wrong}"));
                    errors += 1;
                }
            }
        }
    }
    println!("{errors} errors about unknown builds, events and versions");
}

/// The size of a layout's payloads in bytes, if it is fixed.
fn fixed_size(layout: &Layout) -> Option<usize> {
    let fixed = |field: &Field| field.count.is_none().then(|| width(field.in_type)).flatten();
    layout.fields().iter().map(fixed).sum()
}

/// The only version with two layouts that a payload can fit at once: both have a buffer whose bytes the client chooses.
const CAN_FIT_BOTH: [&str; 2] = ["Smb2ResponseQueryInfoV2", "Smb2ResponseQueryInfoV2Build26100"];

/// Whether a layout is the front of another that has at least one byte more. No payload can then fit both.
fn is_front_of(front: &Layout, whole: &Layout) -> bool {
    let front = front.fields();
    let whole = whole.fields();
    front.len() < whole.len()
        && same_wire_form(front, &whole[..front.len()])
        && whole[front.len()..].iter().any(|field| field.count.is_none() && width(field.in_type).is_some())
}

#[test]
fn nearly_all_layouts_of_a_version_are_told_apart_by_their_sizes() {
    let mut pairs = 0;
    for layout in layouts() {
        for other in layout.family().filter(|other| other.name > layout.name) {
            let sizes = (fixed_size(layout), fixed_size(other));
            let by_size = sizes.0.is_some() && sizes.1.is_some() && sizes.0 != sizes.1;
            let told_apart = by_size || is_front_of(layout, other) || is_front_of(other, layout);
            if [layout, other].iter().all(|layout| layout.builds.iter().any(is_reviewed)) {
                assert_eq!(told_apart, [&layout.name, &other.name] != CAN_FIT_BOTH, "{}: {sizes:?}", layout.name);
            }
            pairs += 1;
        }
    }
    println!("{pairs} pairs of layouts, all but {CAN_FIT_BOTH:?} told apart by their sizes or ends");
}

/// A payload that fits both layouts. 26100 has its length 12 bytes later, where 20348 has the buffer's ninth byte. So a
/// buffer with a fitting length there makes the payload fit 26100 as well.
fn payload_of_both() -> Vec<u8> {
    let old = layout(CAN_FIT_BOTH[0]);
    let mut values = random::samples(old, Lengths::Short, 1).remove(0);
    let mut buffer = [0xA5; 20];
    buffer[8..12].copy_from_slice(&8_u32.to_le_bytes());
    values[old.position("OutputBuffer").expect("it has a buffer")] = Value::Bytes(buffer.to_vec());
    encode(old.fields(), &values)
}

#[test]
fn a_payload_of_two_layouts_is_ambiguous_without_its_build() {
    let payload = payload_of_both();
    let [old, new] = CAN_FIT_BOTH.map(layout);
    assert!(fits(old, &payload) && fits(new, &payload));
    let error = Decoder::any_build().decode_payload(key(old), &payload).expect_err("nobody can tell");
    let DecodeError::Ambiguous { candidates, .. } = error else { panic!("{error}") };
    assert_eq!((names(&candidates).as_slice(), error.kind()), (&CAN_FIT_BOTH[..], "ambiguous"));
    assert!(CAN_FIT_BOTH.iter().all(|name| error.to_string().contains(name)), "{error}");
    // The given build decides, but the answer says which other layouts the payload fits.
    for (layout, other) in [(old, new), (new, old)] {
        let decoded = decode(layout.builds[0], layout, &payload).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(decoded.layout().name, layout.name);
        assert_eq!(decoded.also_fits().map(|fits| names(&fits)), Some(vec![other.name.as_str()]));
    }
}

/// A later build may have appended a field to the layout of 26100. If its payload is read leniently for 20348, it is
/// misread from the inserted field on, and more than that field is left over.
#[test]
fn lenient_decoding_names_a_layout_that_leaves_fewer_bytes_over() {
    let [old, new] = ["Smb2ResponseReadV2", "Smb2ResponseReadV2Build26100"].map(layout);
    let payload = encode(new.fields(), &random::samples(new, Lengths::Short, 1).remove(0));
    let longer = [payload, vec![0xA5; 4]].concat();
    let lenient = |layout: &Layout| {
        let lenient = decode_leniently(layout.builds[0], layout, &longer).expect("its front fits");
        (lenient.left_over().len(), lenient.also_fits().map(|fits| names(&fits)))
    };
    assert_eq!(lenient(old), (36, Some(vec![new.name.as_str()])));
    assert_eq!(lenient(new), (4, None), "the old layout leaves more bytes over");
}

#[test]
fn layouts_of_one_version_are_told_apart_by_index_and_name() {
    let all: Vec<&LayoutInfo> = PROVIDER.layouts().collect();
    for (at, layout) in all.iter().enumerate() {
        assert!(all[at + 1..].iter().all(|other| other != layout && other.name != layout.name), "{}", layout.name);
    }
}
