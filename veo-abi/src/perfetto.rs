//! Numbers of messages and fields in traces of Perfetto, by its public schema, and names of our timelines. The writer of
//! timelines and the reader share both.
//!
//! A number stands for a field of the message that its module names, unless it says otherwise.

#![expect(missing_docs, reason = "the names are those of the schema")]

/// The only field of `Trace`.
pub const PACKET: u64 = 1;

/// The track that counts what a program has not recorded.
pub const MISSING_TRACK: &str = "requests that are missing here";

/// Annotations of a request: its bytes, whether its times are estimated, how it failed.
pub const BYTES: &str = "bytes";
pub const ESTIMATED: &str = "estimated";
pub const OUTCOME: &str = "outcome";

/// `TracePacket`.
pub mod packet {
    pub const CLOCK_SNAPSHOT: u64 = 6;
    pub const TIMESTAMP: u64 = 8;
    pub const SEQUENCE_ID: u64 = 10;
    pub const TRACK_EVENT: u64 = 11;
    pub const INTERNED_DATA: u64 = 12;
    pub const SEQUENCE_FLAGS: u64 = 13;
    pub const TIMESTAMP_CLOCK_ID: u64 = 58;
    pub const DEFAULTS: u64 = 59;
    pub const TRACK_DESCRIPTOR: u64 = 60;
    /// The flag `SEQ_INCREMENTAL_STATE_CLEARED`.
    pub const CLEARED: u64 = 1;
}

/// `ClockSnapshot` and its `Clock`, and clocks.
pub mod clock {
    pub const CLOCKS: u64 = 1;
    pub const PRIMARY: u64 = 2;
    pub const ID: u64 = 1;
    pub const TIMESTAMP: u64 = 2;
    pub const IS_INCREMENTAL: u64 = 3;
    /// A clock.
    pub const MONOTONIC: u64 = 3;
    /// The first of the clocks that belong to a sequence.
    pub const OF_SEQUENCE: u64 = 64;
    /// The first of the clocks that nobody has defined.
    pub const FIRST_FREE: u64 = 128;
}

/// `TracePacketDefaults`.
pub mod defaults {
    pub const TRACK_EVENT: u64 = 11;
    pub const TIMESTAMP_CLOCK_ID: u64 = 58;
}

/// `TrackDescriptor`, and the messages in it.
pub mod track {
    pub const UUID: u64 = 1;
    pub const NAME: u64 = 2;
    pub const PROCESS: u64 = 3;
    pub const PARENT: u64 = 5;
    pub const COUNTER: u64 = 8;
    pub const PROCESS_PID: u64 = 1;
    pub const PROCESS_NAME: u64 = 6;
    pub const COUNTER_UNIT: u64 = 3;
}

/// `TrackEvent`, and its types.
pub mod event {
    pub const ANNOTATIONS: u64 = 4;
    pub const TYPE: u64 = 9;
    pub const NAME_IID: u64 = 10;
    pub const TRACK_UUID: u64 = 11;
    pub const NAME: u64 = 23;
    pub const COUNTER_VALUE: u64 = 30;
    pub const SOURCE_LOCATION_IID: u64 = 34;
    pub const FLOW_IDS: u64 = 47;
    pub const TERMINATING_FLOW_IDS: u64 = 48;
    /// A type, as the next three.
    pub const SLICE_BEGIN: u64 = 1;
    pub const SLICE_END: u64 = 2;
    pub const INSTANT: u64 = 3;
    pub const COUNTER: u64 = 4;
}

/// `InternedData`, and the messages in it.
pub mod interned {
    pub const EVENT_NAMES: u64 = 2;
    pub const ANNOTATION_NAMES: u64 = 3;
    pub const SOURCE_LOCATIONS: u64 = 4;
    pub const IID: u64 = 1;
    pub const NAME: u64 = 2;
    pub const FILE: u64 = 2;
    pub const FUNCTION: u64 = 3;
    pub const LINE: u64 = 4;
}

/// `DebugAnnotation`.
pub mod annotation {
    pub const NAME_IID: u64 = 1;
    pub const BOOL: u64 = 2;
    pub const UINT: u64 = 3;
    pub const STRING: u64 = 6;
    pub const NAME: u64 = 10;
}
