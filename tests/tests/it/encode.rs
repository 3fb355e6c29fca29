//! Compares the generated encoders with the tests' own: payloads of every layout are decoded, converted to the plain
//! struct, and encoded again.

// The macro uses structs with and without a lifetime.
#![allow(elided_lifetimes_in_paths)]

use etw_runtime::encode::{Encode, EncodeFaultKind};
use etw_runtime::{Record, View};
use etw_schema::model::InType;
use smbserver_etw::encode::request;
use smbserver_etw::meanings::Dialect;
use smbserver_etw::{Build, Event};
use smbserver_etw_tests::encoder::encode;
use smbserver_etw_tests::manifests::{Layout, layouts};
use smbserver_etw_tests::random::{self, Lengths};
use smbserver_etw_tests::reflected;

/// Random payloads of each layout.
const SAMPLES: usize = 24;

/// Whether a payload comes back with the same bytes. A Boolean comes back as 0 or 1.
fn is_exact(layout: &Layout) -> bool {
    layout.fields().iter().all(|field| field.in_type != InType::Boolean)
}

fn check<'p, V, E>(layout: &Layout, payload: &'p [u8]) -> bool
where
    V: View<'p>,
    E: Encode + From<V>,
{
    let view = V::parse(payload).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(E::LAYOUT, V::INFO);
    let encoded = E::from(view).encode().unwrap_or_else(|error| panic!("{error}"));
    if is_exact(layout) {
        assert_eq!(encoded, payload, "{}", layout.name);
        return true;
    }
    let build = Build::from_number(layout.builds[0]);
    let again = Event::decode(build, layout.id, layout.version, &encoded).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(reflected::values(&again.event), reflected::values(&view), "{}", layout.name);
    false
}

/// Checks every layout: `smbserver_etw::for_each_view` passes the views in the order of the layouts' index.
macro_rules! check_all {
    ($($krate:tt :: events :: $module:ident :: $view:ident),* $(,)?) => {{
        let mut payloads = 0;
        let mut exact = 0;
        let mut layouts_seen = 0;
        $(
            let layout = layouts().iter().find(|layout| layout.name == stringify!($view)).expect("a layout of that name");
            layouts_seen += 1;
            for values in random::samples(layout, Lengths::Any, SAMPLES) {
                let payload = encode(layout.fields(), &values);
                payloads += 1;
                exact += usize::from(check::<
                    smbserver_etw::events::$module::$view<'_>,
                    smbserver_etw::encode::$module::$view,
                >(layout, &payload));
            }
        )*
        (payloads, exact, layouts_seen)
    }};
}

#[test]
fn every_layout_is_encoded_as_it_was_decoded() {
    let (payloads, exact, seen) = smbserver_etw::for_each_view!(check_all);
    assert_eq!(seen, layouts().len());
    assert!(exact > payloads / 2);
    println!("{payloads} payloads of {seen} layouts, {exact} of them byte by byte");
}

#[test]
fn an_event_is_made_from_nothing_and_decoded() {
    let negotiate = request::Smb2RequestNegotiateV2 {
        session_id: 7,
        dialects: (&[0x0202, 0x0311]).into(),
        ..request::Smb2RequestNegotiateV2::default()
    };
    let payload = negotiate.encode().expect("values that fit");
    let decoded = Event::decode(Build::B26100, 1, 2, &payload).expect("a payload of the layout");
    let Event::Smb2RequestNegotiate(event) = decoded.event else { panic!("{:?}", decoded.event) };
    assert_eq!((event.session_id(), event.dialect_count()), (7, 2));
    assert_eq!(event.dialects_raw(), [0x0202, 0x0311]);
    assert!(event.dialects().eq([Dialect::SMB_2_0_2, Dialect::SMB_3_1_1]));
    assert_eq!(event.dialects().len(), 2);
    assert_eq!(event.fields().count(), 14);
}

#[test]
fn what_does_not_fit_is_refused_with_its_field() {
    let long = "x".repeat(70_000);
    let connect = request::Smb2RequestTreeConnectV2 { path: long.as_str().into(), ..Default::default() };
    let error = connect.encode().expect_err("a path longer than its count can say");
    assert_eq!((error.kind(), error.field_name()), (EncodeFaultKind::OutOfRange, Some("PathLength")));
    assert_eq!(
        error.to_string(),
        "event 4 version 2 (Smb2RequestTreeConnectV2): field PathLength: the number does not fit"
    );
}
