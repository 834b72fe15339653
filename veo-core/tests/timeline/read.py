"""Reads traces with Google's own schema and prints what they say, as JSON.

    python3 read.py FILE..          the files behind each other, as one trace

A field that the schema does not know is an error, and so is a name or a track that nothing
describes. Times are computed as the schema's comments say.
"""

import json
import sys

from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet
from perfetto.protos.perfetto.trace import perfetto_trace_pb2 as schema

MONOTONIC = 3


def check_known(message):
    if len(UnknownFieldSet(message)) > 0:
        raise ValueError(f"unknown fields in {type(message).__name__}: {message}")
    for field, value in message.ListFields():
        for inner in value if field.is_repeated else [value]:
            if isinstance(inner, Message):
                check_known(inner)


class Sequence:
    """What the packets of one sequence have said so far."""

    def __init__(self):
        self.defaults = None
        self.clocks = {}
        self.incremental = set()
        self.names, self.annotations, self.places = {}, {}, {}

    def intern(self, data):
        for table, entries in [
            (self.names, data.event_names),
            (self.annotations, data.debug_annotation_names),
        ]:
            for entry in entries:
                table[entry.iid] = entry.name
        for entry in data.source_locations:
            self.places[entry.iid] = [entry.file_name, entry.function_name, entry.line_number]

    def time(self, packet):
        clock = packet.timestamp_clock_id or self.defaults.timestamp_clock_id
        if clock == MONOTONIC:
            return packet.timestamp
        if clock in self.incremental:
            self.clocks[clock] += packet.timestamp
            return self.clocks[clock]
        raise ValueError(f"a time of clock {clock}, which nothing defines")


def value_of(annotation):
    return getattr(annotation, annotation.WhichOneof("value"))


def main(paths):
    data = b"".join(open(path, "rb").read() for path in paths)
    trace = schema.Trace()
    trace.ParseFromString(data)
    check_known(trace)
    sequences, tracks, events = {}, {}, []
    for packet in trace.packet:
        if packet.HasField("track_descriptor"):
            track = packet.track_descriptor
            if track.uuid in tracks:
                raise ValueError(f"two tracks have number {track.uuid}")
            tracks[track.uuid] = {
                "name": track.name,
                "parent": track.parent_uuid,
                "process": track.HasField("process"),
                "counter": track.HasField("counter"),
            }
        sequence = sequences.setdefault(packet.trusted_packet_sequence_id, Sequence())
        if packet.sequence_flags & schema.TracePacket.SEQ_INCREMENTAL_STATE_CLEARED:
            sequence = Sequence()
            sequences[packet.trusted_packet_sequence_id] = sequence
        if packet.HasField("trace_packet_defaults"):
            sequence.defaults = packet.trace_packet_defaults
        if packet.HasField("clock_snapshot"):
            snapshot = packet.clock_snapshot
            assert snapshot.primary_trace_clock == MONOTONIC
            monotonic = [c.timestamp for c in snapshot.clocks if c.clock_id == MONOTONIC]
            for clock in snapshot.clocks:
                # Differences to the reading are those of the monotonic clock.
                if clock.is_incremental:
                    assert [clock.timestamp] == monotonic
                    sequence.incremental.add(clock.clock_id)
                sequence.clocks[clock.clock_id] = clock.timestamp
        if packet.HasField("interned_data"):
            sequence.intern(packet.interned_data)
        if not packet.HasField("track_event"):
            continue
        event = packet.track_event
        track = event.track_uuid or sequence.defaults.track_event_defaults.track_uuid
        told = {
            "type": schema.TrackEvent.Type.Name(event.type),
            "track": tracks[track]["name"],
            "uuid": track,
            "time": sequence.time(packet),
            "name": sequence.names[event.name_iid] if event.name_iid else event.name,
            "flows": list(event.flow_ids),
            "ends": list(event.terminating_flow_ids),
        }
        if event.HasField("counter_value"):
            told["value"] = event.counter_value
        if event.source_location_iid:
            told["place"] = sequence.places[event.source_location_iid]
        for annotation in event.debug_annotations:
            told[sequence.annotations[annotation.name_iid]] = value_of(annotation)
        events.append(told)
    json.dump({"tracks": tracks, "events": events}, sys.stdout)


main(sys.argv[1:])
