//! Values to bytes and back: every layout of every build, through reflection, through serialisation and, for a
//! choice of events, through their typed accessors.

use std::collections::BTreeMap;

use etw_runtime::{Basis, Record, View};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use smbserver_etw::events::{audit, certificate, negotiate, open, packet, request, response, session, share};
use smbserver_etw::{Build, Event};
use smbserver_etw_tests::encoder::{Value, encode, json, mean_the_same, with_counts};
use smbserver_etw_tests::manifests::{Layout, captures, layout, layouts};
use smbserver_etw_tests::random::{self, Lengths, SEED};
use smbserver_etw_tests::reflected;

/// Random value sets for each layout and build.
const CASES: u32 = 128;

/// The most bytes of an ETW payload.
const MAX_PAYLOAD: usize = 65_535;

fn decode<'p>(layout: &Layout, build: u32, payload: &'p [u8]) -> Event<'p> {
    let decoded = Event::decode(Build::from_number(build), layout.id, layout.version, payload);
    let decoded = decoded.unwrap_or_else(|error| panic!("{error}"));
    let event = decoded.event;
    let read_as = decoded.layout();
    let header = decoded.header();
    let basis = decoded.basis();
    assert_eq!((read_as.name, event.layout().name), (layout.name.as_str(), layout.name.as_str()));
    assert_eq!((event.id(), event.version()), (layout.id, layout.version));
    assert_eq!(basis, Basis::Captured);
    assert!(header.is_some(), "{}: no header in build {build}", layout.name);
    event
}

fn check_reflection(layout: &Layout, event: &Event<'_>, values: &[Value]) -> Result<(), TestCaseError> {
    let names: Vec<&str> = layout.fields().iter().map(|field| field.name.as_str()).collect();
    prop_assert_eq!(reflected::names(event), names);
    let read = reflected::values(event);
    prop_assert!(mean_the_same(&read, values), "read {read:?} for {values:?}");
    for (field, expected) in layout.fields().iter().zip(values) {
        let by_name = event.field(&field.name).map(reflected::value);
        prop_assert!(by_name.is_some_and(|read| read.means(expected)), "{} by its name", field.name);
    }
    prop_assert!(event.value(layout.fields().len()).is_none(), "a value past the last field");
    Ok(())
}

fn check_json(layout: &Layout, event: &Event<'_>, values: &[Value]) -> Result<(), TestCaseError> {
    let read = serde_json::to_value(event).expect("every event serialises");
    let read = read.as_object().expect("as a map");
    let fields = layout.fields();
    prop_assert!(read.keys().eq(fields.iter().map(|field| &field.name)), "the fields in order: {read:?}");
    for (field, value) in fields.iter().zip(values) {
        prop_assert_eq!(&read[&field.name], &json(field, value), "{}", &field.name);
    }
    Ok(())
}

#[test]
fn every_layout_of_every_build_gives_back_its_values() {
    let mut pairs = 0;
    let largest = std::cell::Cell::new(0);
    for layout in layouts() {
        pairs += layout.builds.len();
        random::check(layout, CASES, &random::values(layout, Lengths::Any), |values| {
            let payload = encode(layout.fields(), &values);
            largest.set(largest.get().max(payload.len()));
            for &build in &layout.builds {
                let event = decode(layout, build, &payload);
                check_reflection(layout, &event, &values)?;
                check_json(layout, &event, &values)?;
            }
            Ok(())
        });
    }
    let largest = largest.get();
    assert!(largest <= MAX_PAYLOAD);
    println!(
        "seed {SEED:#x}: {} layouts, {pairs} (layout, build) of builds {:?}, {CASES} value sets each, payloads of up to {largest} bytes",
        layouts().len(),
        captures(),
    );
}

#[test]
fn a_payload_of_the_largest_size_is_read_whole() {
    let layout = layout("PacketV0");
    let values = |data: usize| {
        let packet = Value::Bytes(vec![0xA5; data]);
        let values = [Value::Unsigned(0), Value::Unsigned(0), Value::Bytes(Vec::new()), Value::Unsigned(0), packet];
        with_counts(layout.fields(), &values)
    };
    let beside = encode(layout.fields(), &values(0)).len();
    let values = values(MAX_PAYLOAD - beside);
    let payload = encode(layout.fields(), &values);
    assert_eq!(payload.len(), MAX_PAYLOAD);
    for &build in &layout.builds {
        check_reflection(layout, &decode(layout, build, &payload), &values).unwrap_or_else(|error| panic!("{error}"));
    }
}

// ---- typed accessors -----------------------------------------------------------------------------------------------

/// The result of an accessor as a value of the encoder.
fn typed<'a>(value: impl Into<etw_runtime::Value<'a>>) -> Value {
    reflected::value(value.into())
}

/// The values of a layout's sample by the fields' names.
fn by_name<'v>(layout: &'v Layout, values: &'v [Value]) -> BTreeMap<&'v str, &'v Value> {
    layout.fields().iter().map(|field| field.name.as_str()).zip(values).collect()
}

/// Checks that a view's accessors, listed one by one, return a layout's values, and that none is missing. `name.0 /
/// name_raw` are an accessor that returns a type with names for the values, and that of the plain number.
macro_rules! check_accessors {
    ($module:ident :: $view:ident {
        $($field:literal => $accessor:ident $(. $inner:tt / $raw:ident)?),* $(,)?
    }) => {{
        let layout = layout(stringify!($view));
        let named = [$($field),*];
        assert!(layout.fields().iter().map(|field| field.name.as_str()).eq(named), "every field of {}", layout.name);
        for values in random::samples(layout, Lengths::Any, 32) {
            let payload = encode(layout.fields(), &values);
            let view = $module::$view::parse(&payload).unwrap_or_else(|error| panic!("{error}"));
            let expected = by_name(layout, &values);
            $(
                check_accessors!(@one view expected $field $accessor $($inner $raw)?);
            )*
        }
    }};
    (@one $view:ident $expected:ident $field:literal $accessor:ident) => {
        let read = typed($view.$accessor());
        assert!(read.means($expected[$field]), "{}: {read:?} for {:?}", $field, $expected[$field]);
    };
    (@one $view:ident $expected:ident $field:literal $accessor:ident $inner:tt $raw:ident) => {
        check_accessors!(@one $view $expected $field $raw);
        // The type may be wider than the field, and has no sign: the bits are the same.
        assert_eq!(format!("{:x}", $view.$accessor().$inner), format!("{:x}", $view.$raw()), "{}", $field);
    };
}

#[test]
fn accessors_of_requests() {
    check_accessors!(request::Smb2RequestNegotiateV2 {
        "SessionId" => session_id, "ProcessId" => process_id, "TreeId" => tree_id, "MessageId" => message_id,
        "MasterMessageId" => master_message_id, "Command" => command.0 / command_raw, "CreditsRequested" => credits_requested,
        "Flags" => flags.0 / flags_raw, "SecurityMode" => security_mode.0 / security_mode_raw, "Capabilities" => capabilities.0 / capabilities_raw,
        "DialectCount" => dialect_count, "Dialects" => dialects_raw, "ClientGuid" => client_guid,
        "ConnectionGUID" => connection_guid,
    });
    check_accessors!(request::Smb2RequestTreeConnectV2 {
        "SessionId" => session_id, "ProcessId" => process_id, "TreeId" => tree_id, "MessageId" => message_id,
        "MasterMessageId" => master_message_id, "Command" => command.0 / command_raw, "CreditsRequested" => credits_requested,
        "Flags" => flags.0 / flags_raw, "PathLength" => path_length, "Path" => path, "ConnectionGUID" => connection_guid,
        "SessionGUID" => session_guid,
    });
    check_accessors!(request::Smb2RequestCreateV2 {
        "SessionId" => session_id, "ProcessId" => process_id, "TreeId" => tree_id, "MessageId" => message_id,
        "MasterMessageId" => master_message_id, "Command" => command.0 / command_raw, "CreditsRequested" => credits_requested,
        "Flags" => flags.0 / flags_raw, "SecurityFlags" => security_flags, "RequestedOplockLevel" => requested_oplock_level.0 / requested_oplock_level_raw,
        "ImpersonationLevel" => impersonation_level.0 / impersonation_level_raw, "CreateFlags" => create_flags,
        "RootDirectoryFid" => root_directory_fid, "DesiredAccess" => desired_access.0 / desired_access_raw,
        "FileAttributes" => file_attributes.0 / file_attributes_raw, "ShareAccess" => share_access.0 / share_access_raw,
        "CreateDisposition" => create_disposition.0 / create_disposition_raw, "CreateOptions" => create_options.0 / create_options_raw, "NameLength" => name_length,
        "FileName" => file_name, "CreateContextsCount" => create_contexts_count, "LeaseKey" => lease_key,
        "LeaseLevel" => lease_level.0 / lease_level_raw, "ConnectionGUID" => connection_guid, "SessionGUID" => session_guid,
        "TreeConnectGUID" => tree_connect_guid,
    });
    check_accessors!(request::Smb2RequestLockV2 {
        "SessionId" => session_id, "ProcessId" => process_id, "TreeId" => tree_id, "MessageId" => message_id,
        "MasterMessageId" => master_message_id, "Command" => command.0 / command_raw, "CreditsRequested" => credits_requested,
        "Flags" => flags.0 / flags_raw, "FileId" => file_id, "ConnectionGUID" => connection_guid, "SessionGUID" => session_guid,
        "TreeConnectGUID" => tree_connect_guid, "FileGUID" => file_guid, "LockCount" => lock_count, "Locks" => locks,
    });
}

#[test]
fn accessors_of_the_response_with_two_layouts() {
    check_accessors!(response::Smb2ResponseReadV2 {
        "SessionId" => session_id, "ProcessId" => process_id, "TreeId" => tree_id, "MessageId" => message_id,
        "MasterMessageId" => master_message_id, "Command" => command.0 / command_raw, "CreditsGranted" => credits_granted,
        "Flags" => flags.0 / flags_raw, "Status" => status.0 / status_raw, "ProcessingHits" => processing_hits,
        "ProcessingCycles" => processing_cycles, "QueueHits" => queue_hits, "QueueCycles" => queue_cycles,
        "FileSystemFastHits" => file_system_fast_hits, "FileSystemFastCycles" => file_system_fast_cycles,
        "FileSystemSlowHits" => file_system_slow_hits, "FileSystemSlowCycles" => file_system_slow_cycles,
        "TransportFastHits" => transport_fast_hits, "TransportFastCycles" => transport_fast_cycles,
        "TransportSlowHits" => transport_slow_hits, "TransportSlowCycles" => transport_slow_cycles,
        "SecurityHits" => security_hits, "SecurityCycles" => security_cycles, "LengthRead" => length_read,
        "ConnectionGUID" => connection_guid, "SessionGUID" => session_guid, "TreeConnectGUID" => tree_connect_guid,
        "FileGUID" => file_guid,
    });
    check_accessors!(response::Smb2ResponseReadV2Build26100 {
        "SessionId" => session_id, "ProcessId" => process_id, "TreeId" => tree_id, "MessageId" => message_id,
        "MasterMessageId" => master_message_id, "Command" => command.0 / command_raw, "CreditsGranted" => credits_granted,
        "Flags" => flags.0 / flags_raw, "Status" => status.0 / status_raw, "Srv2Instance" => srv2_instance, "ProcessingHits" => processing_hits,
        "ProcessingTime" => processing_time, "QueueHits" => queue_hits, "QueueTime" => queue_time,
        "FileSystemFastHits" => file_system_fast_hits, "FileSystemFastTime" => file_system_fast_time,
        "FileSystemSlowHits" => file_system_slow_hits, "FileSystemSlowTime" => file_system_slow_time,
        "TransportFastHits" => transport_fast_hits, "TransportFastTime" => transport_fast_time,
        "TransportSlowHits" => transport_slow_hits, "TransportSlowTime" => transport_slow_time,
        "TransportDPHits" => transport_dp_hits, "TransportDPTime" => transport_dp_time,
        "SecurityHits" => security_hits, "SecurityTime" => security_time, "TotalTime" => total_time,
        "LengthRead" => length_read, "ConnectionGUID" => connection_guid, "SessionGUID" => session_guid,
        "TreeConnectGUID" => tree_connect_guid, "FileGUID" => file_guid, "FileId" => file_id,
    });
}

#[test]
fn accessors_of_a_session_failure_in_all_versions() {
    check_accessors!(session::Smb2SessionAuthFailureV0 {
        "SessionGUID" => session_guid, "ConnectionGUID" => connection_guid, "Status" => status.0 / status_raw,
    });
    check_accessors!(session::Smb2SessionAuthFailureV1 {
        "SessionGUID" => session_guid, "ConnectionGUID" => connection_guid, "Status" => status.0 / status_raw,
        "TranslatedStatus" => translated_status.0 / translated_status_raw, "ClientAddressLength" => client_address_length,
        "ClientAddress" => client_address, "SessionId" => session_id, "UserNameLength" => user_name_length,
        "UserName" => user_name, "ClientNameLength" => client_name_length, "ClientName" => client_name,
    });
    check_accessors!(session::Smb2SessionAuthFailureV2 {
        "SessionGUID" => session_guid, "ConnectionGUID" => connection_guid, "Status" => status.0 / status_raw,
        "TranslatedStatus" => translated_status.0 / translated_status_raw, "ClientAddressLength" => client_address_length,
        "ClientAddress" => client_address, "SessionId" => session_id, "UserNameLength" => user_name_length,
        "UserName" => user_name, "ClientNameLength" => client_name_length, "ClientName" => client_name,
        "SPN" => spn, "SPNValidationPolicy" => spn_validation_policy.0 / spn_validation_policy_raw,
    });
    check_accessors!(session::Smb2SessionAuthFailureV3 {
        "SessionGUID" => session_guid, "ConnectionGUID" => connection_guid, "Status" => status.0 / status_raw,
        "TranslatedStatus" => translated_status.0 / translated_status_raw, "ClientAddressLength" => client_address_length,
        "ClientAddress" => client_address, "SessionId" => session_id, "UserNameLength" => user_name_length,
        "UserName" => user_name, "ClientNameLength" => client_name_length, "ClientName" => client_name,
        "SPN" => spn, "SPNValidationPolicy" => spn_validation_policy.0 / spn_validation_policy_raw, "ReasonCode" => reason_code,
    });
}

#[test]
fn accessors_of_failures_with_many_strings() {
    check_accessors!(share::SrvShareAccessCheckFailureV0 {
        "ShareNameLength" => share_name_length, "ShareName" => share_name, "SharePathLength" => share_path_length,
        "SharePath" => share_path, "ClientAddressLength" => client_address_length, "ClientAddress" => client_address,
        "UserNameLength" => user_name_length, "UserName" => user_name, "ClientNameLength" => client_name_length,
        "ClientName" => client_name, "MappedAccess" => mapped_access.0 / mapped_access_raw, "GrantedAccess" => granted_access.0 / granted_access_raw,
        "ShareSecurityDescriptorLength" => share_security_descriptor_length,
        "ShareSecurityDescriptor" => share_security_descriptor, "Status" => status.0 / status_raw,
        "TranslatedStatus" => translated_status.0 / translated_status_raw, "SessionID" => session_id,
    });
    check_accessors!(audit::SrvDecryptionFailureV0 {
        "ClientNameLength" => client_name_length, "ClientName" => client_name,
        "ClientAddressLength" => client_address_length, "ClientAddress" => client_address, "Status" => status.0 / status_raw,
        "TranslatedStatus" => translated_status.0 / translated_status_raw, "SessionID" => session_id,
    });
    check_accessors!(open::SrvReopenFailureV0 {
        "Status" => status.0 / status_raw, "TranslatedStatus" => translated_status.0 / translated_status_raw, "RKFStatus" => rkf_status.0 / rkf_status_raw,
        "TranslatedRKFStatus" => translated_rkf_status.0 / translated_rkf_status_raw, "ConnectionGUID" => connection_guid,
        "ClientNameLength" => client_name_length, "ClientName" => client_name,
        "ClientAddressLength" => client_address_length, "ClientAddress" => client_address,
        "ShareNameLength" => share_name_length, "ShareName" => share_name, "UserNameLength" => user_name_length,
        "UserName" => user_name, "SessionId" => session_id, "FileNameLength" => file_name_length,
        "FileName" => file_name, "DurableHandle" => durable_handle, "ResilientHandle" => resilient_handle,
        "PersistentHandle" => persistent_handle, "ResumeKey" => resume_key, "Reason" => reason.0 / reason_raw,
    });
}

#[test]
fn accessors_of_events_with_rare_types() {
    check_accessors!(negotiate::Smb2CipherSuiteOrderV0 { "CipherSuiteOrder" => cipher_suite_order });
    check_accessors!(negotiate::SrvNegotiateCipherFailureV2 {
        "ClientCipherSuiteOrderLength" => client_cipher_suite_order_length,
        "ClientCipherSuiteOrder" => client_cipher_suite_order,
        "ServerCipherSuiteOrderLength" => server_cipher_suite_order_length,
        "ServerCipherSuiteOrder" => server_cipher_suite_order, "ClientCipherCount" => client_cipher_count,
        "LoggedClientCipherCount" => logged_client_cipher_count, "ClientCipherOrder" => client_cipher_order_raw,
    });
    check_accessors!(certificate::ServerCertMappingExpiringV0 {
        "CertSubjectNameLength" => cert_subject_name_length, "CertSubjectName" => cert_subject_name,
        "CertThumbprintLength" => cert_thumbprint_length, "CertThumbprint" => cert_thumbprint,
        "Expiring" => expiring,
    });
    check_accessors!(packet::PacketV0 {
        "ConnectionType" => connection_type.0 / connection_type_raw, "PeerAddressLength" => peer_address_length,
        "PeerAddress" => peer_address, "PacketSize" => packet_size, "PacketData" => packet_data,
    });
}

#[test]
fn an_event_without_fields_is_an_event() {
    let empty: Vec<&Layout> = layouts().iter().filter(|layout| layout.fields().is_empty()).collect();
    assert!(!empty.is_empty());
    for layout in &empty {
        for &build in &layout.builds {
            let event = decode(layout, build, &[]);
            assert_eq!(event.fields().count(), 0);
            assert_eq!(serde_json::to_string(&event).ok().as_deref(), Some("{}"));
        }
    }
    println!("{} layouts without fields", empty.len());
}

// ---- the enum over an event's layouts --------------------------------------------------------------------------------

#[test]
fn the_enum_of_an_event_reads_what_its_layouts_share() {
    for name in ["Smb2ResponseReadV2", "Smb2ResponseReadV2Build26100"] {
        let layout = layout(name);
        for values in random::samples(layout, Lengths::Any, 8) {
            let expected = by_name(layout, &values);
            let payload = encode(layout.fields(), &values);
            let event = decode(layout, layout.builds[0], &payload);
            let Event::Smb2ResponseRead(read) = event else { panic!("{event:?} is no read") };
            assert_eq!(&typed(read.session_id()), expected["SessionId"]);
            assert_eq!(&typed(read.length_read()), expected["LengthRead"]);
            assert_eq!(&typed(read.file_guid()), expected["FileGUID"]);
            // A field of only one of the two layouts is an `Option` of the enum, not a zero.
            assert_eq!(read.processing_cycles().map(typed).as_ref(), expected.get("ProcessingCycles").copied());
            assert_eq!(read.processing_time().map(typed).as_ref(), expected.get("ProcessingTime").copied());
            assert_eq!(read.srv2_instance().map(typed).as_ref(), expected.get("Srv2Instance").copied());
            assert_eq!(read.file_id().map(typed).as_ref(), expected.get("FileId").copied());
        }
    }
}

#[test]
fn the_enum_of_an_event_reads_what_its_versions_share() {
    for version in 0..=3 {
        let layout = layout(&format!("Smb2SessionAuthFailureV{version}"));
        for values in random::samples(layout, Lengths::Any, 8) {
            let expected = by_name(layout, &values);
            let payload = encode(layout.fields(), &values);
            let event = decode(layout, layout.builds[0], &payload);
            let Event::Smb2SessionAuthFailure(failure) = event else { panic!("{event:?} is no failure") };
            assert_eq!(&typed(failure.session_guid()), expected["SessionGUID"]);
            assert_eq!(&typed(failure.connection_guid()), expected["ConnectionGUID"]);
            assert_eq!(failure.user_name().map(typed).as_ref(), expected.get("UserName").copied());
            assert_eq!(failure.client_address().map(typed).as_ref(), expected.get("ClientAddress").copied());
            assert_eq!(failure.spn().map(typed).as_ref(), expected.get("SPN").copied());
            assert_eq!(failure.reason_code().map(typed).as_ref(), expected.get("ReasonCode").copied());
        }
    }
}
