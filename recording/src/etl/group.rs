//! The classes of the kernel's own records, which have a group instead of a provider.

use etw_runtime::Guid;

/// The group of the trace's own records.
pub(super) const EVENT_TRACE: u8 = 0;

/// The class of a group; [`Guid::NIL`] for an unknown group.
pub(super) fn class(group: u8) -> Guid {
    let class = match group {
        0x00 => 0x68fdd900_4a3e_11d1_84f4_0000f80464e3,
        0x01 => 0x3d6fa8d4_fe05_11d0_9dda_00c04fd7ba7c,
        0x02 => 0x3d6fa8d3_fe05_11d0_9dda_00c04fd7ba7c,
        0x03 => 0x3d6fa8d0_fe05_11d0_9dda_00c04fd7ba7c,
        0x04 => 0x90cbdc39_4a3e_11d1_84f4_0000f80464e3,
        0x05 => 0x3d6fa8d1_fe05_11d0_9dda_00c04fd7ba7c,
        0x06 => 0x9a280ac0_c8e0_11d1_84e2_00c04fb998a2,
        0x07 => 0x3282fc76_feed_498e_8aa7_e70f459d430e,
        0x08 => 0xbf3a50c5_a9c9_4988_a005_2df0b7c80f80,
        0x09 => 0xae53722e_c863_11d2_8659_00c04fa321a1,
        0x0a => 0x13976d09_a327_438c_950b_7f03192815c7,
        0x0b => 0x01853a65_418f_4f36_aefc_dc0f1d2fd235,
        0x0e => 0x0268a8b6_74fd_4302_9dd0_6e8f1795c0cf,
        0x0f => 0xce1dbfb4_137e_4da6_87b0_3f59aa102cbc,
        0x10 => 0x222962ab_6180_4b88_a825_346b75f2a24a,
        0x11 => 0x89497f50_effe_4440_8cf2_ce6b1cdcaca7,
        0x12 => 0xe43445e0_0903_48c3_b878_ff0fccebdd04,
        0x14 => 0x2cb15d1d_5fc1_11d2_abe1_00a0c911f518,
        0x16 => 0x7687a439_f752_45b8_b741_321aec0f8df9,
        0x17 => 0x3ac66736_cc59_4cff_8115_8df50e39816b,
        0x18 => 0xdef2fe46_7bd6_4b80_bd94_f57fe20d0ce3,
        0x1a => 0x45d8cccd_539f_4b72_a8b7_5c683142609a,
        0x1b => 0xd837ca92_12b9_44a5_ad6a_3a65b3578aa8,
        0x1c => 0xc861d0e2_a2c1_4d36_9f9c_970bab943a12,
        _ => return Guid::NIL,
    };
    Guid::from_u128(class)
}
