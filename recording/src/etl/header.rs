//! The log file header: the first record of the first buffer. It has build, clock, losses and names.

use etw_runtime::{FileTime, PointerSize};

use super::clock::{Clock, ClockType};
use crate::bytes::Bytes;

/// `LogFileMode`: the file was written from other files.
const RELOG: u32 = 0x10000;
/// `LogFileMode`: when the file is full, new buffers overwrite the oldest ones.
const CIRCULAR: u32 = 2;
/// `LogFileMode`: buffers do not belong to one processor each.
const NO_PER_PROCESSOR_BUFFERING: u32 = 0x1000_0000;

/// What a trace says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// The size of the session's buffers.
    pub buffer_size: u32,
    /// Windows' major and minor version.
    pub os_version: (u8, u8),
    /// The version of the file's layout: 1.5, or 2.0 for files with large buffers, many processors or compression.
    pub layout_version: (u8, u8),
    /// `ProviderVersion`: the build of Windows that wrote the file. See [`build`](super::Trace::build).
    pub build: u32,
    /// Processors of the machine.
    pub processors: u32,
    /// When the session ended. Meaningless if the session was not stopped.
    pub end: FileTime,
    /// When the session began: the time of the first record's ticks.
    pub start: FileTime,
    /// When the machine was booted.
    pub boot: FileTime,
    /// `TimerResolution` in units of 100 ns.
    pub timer_resolution: u32,
    /// `MaximumFileSize`, in MB unless the mode says otherwise.
    pub maximum_file_size: u32,
    /// `LogFileMode`: bits.
    pub mode: u32,
    /// Buffers written by the session. The number differs from that of the buffers in the file if the file was cut or
    /// its session was not stopped.
    pub buffers_written: u32,
    /// The size of a pointer on the machine.
    pub pointer_size: PointerSize,
    /// Events that were lost because no buffer was free.
    pub events_lost: u32,
    /// Buffers that were lost because they could not be written.
    pub buffers_lost: u32,
    /// The processors' speed.
    pub cpu_mhz: u32,
    /// Minutes from local time to UTC.
    pub time_zone_bias: i32,
    /// The unit of the records' times.
    pub clock: ClockType,
    /// Ticks of the performance counter in a second.
    pub frequency: i64,
    /// The session's name; `Relogger` in files that were merged.
    pub logger_name: String,
    /// The file's name when it was written; `[multiple files]` in files that were merged.
    pub file_name: String,
    /// The time of the header, in ticks of the clock.
    pub(super) raw0: i64,
}

impl Header {
    /// Reads the payload of the record. `raw0` is the record's time. `None` if the payload is too short.
    ///
    /// The layout depends on the pointer size, which is a field of the payload.
    pub(super) fn parse(payload: &[u8], raw0: i64) -> Option<Self> {
        let b = Bytes(payload);
        let wide = b.u32(0x2C)? != 4;
        // Two pointers; what follows is aligned to 8 bytes again.
        let zone = if wide { 0x48 } else { 0x40 };
        let boot = zone + 172 + 4;
        let names = payload.get(boot + 0x20..)?;
        let (logger_name, rest) = split_name(names);
        let (file_name, _) = split_name(rest);
        Some(Self {
            buffer_size: b.u32(0)?,
            os_version: (b.u8(4)?, b.u8(5)?),
            layout_version: (b.u8(6)?, b.u8(7)?),
            build: b.u32(8)?,
            processors: b.u32(0x0C)?,
            end: time(b.u64(0x10)?),
            timer_resolution: b.u32(0x18)?,
            maximum_file_size: b.u32(0x1C)?,
            mode: b.u32(0x20)?,
            buffers_written: b.u32(0x24)?,
            pointer_size: if wide { PointerSize::Bits64 } else { PointerSize::Bits32 },
            events_lost: b.u32(0x30)?,
            cpu_mhz: b.u32(0x34)?,
            time_zone_bias: b.array(zone).map(i32::from_le_bytes)?,
            boot: time(b.u64(boot)?),
            frequency: b.i64(boot + 8)?,
            start: time(b.u64(boot + 0x10)?),
            clock: ClockType::from_number(b.u32(boot + 0x18)?),
            buffers_lost: b.u32(boot + 0x1C)?,
            logger_name,
            file_name,
            raw0,
        })
    }

    /// Whether the file was merged from others. What it says about the machine is then about the one on which it was
    /// merged.
    pub fn is_merged(&self) -> bool {
        self.mode & RELOG != 0 || self.file_name == "[multiple files]" || self.logger_name == "Relogger"
    }

    /// Whether new buffers overwrote the oldest ones when the file was full. Its buffers may then be rotated.
    pub fn is_circular(&self) -> bool {
        self.mode & CIRCULAR != 0
    }

    /// Whether a buffer may hold records of several processors.
    pub(super) fn is_one_stream(&self) -> bool {
        self.mode & NO_PER_PROCESSOR_BUFFERING != 0
    }

    pub(super) fn clock(&self) -> Clock {
        let frequency = match self.clock {
            ClockType::CpuCycles => i64::from(self.cpu_mhz) * 1_000_000,
            _ => self.frequency,
        };
        Clock { kind: self.clock, raw0: self.raw0, start: self.start.ticks(), frequency }
    }
}

fn time(ticks: u64) -> FileTime {
    FileTime::from_ticks(ticks)
}

/// A string up to its NUL, or to the end, and what follows.
fn split_name(bytes: &[u8]) -> (String, &[u8]) {
    let units = bytes.as_chunks().0.iter().copied().map(u16::from_le_bytes);
    let name: Vec<u16> = units.take_while(|&unit| unit != 0).collect();
    let rest = bytes.get(2 * name.len() + 2..).unwrap_or_default();
    (String::from_utf16_lossy(&name), rest)
}
