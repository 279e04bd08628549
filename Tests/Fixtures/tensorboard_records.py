"""Prints the bytes that TensorBoardTests.swift expects, as TensorBoard's own writer makes them (tensorboard 2.21.0).

With a run directory as argument it loads that directory as TensorBoard does and prints its scalars instead.
"""
import io
import sys

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter


def record(event):
    stream = io.BytesIO()
    RecordWriter(stream).write(event.SerializeToString())
    return stream.getvalue().hex()


def scalar(tag, value):
    return Summary.Value(tag=tag, simple_value=value)


if len(sys.argv) > 1:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    log = EventAccumulator(sys.argv[1])
    log.Reload()
    for tag in log.Tags()["scalars"]:
        print(tag, [(event.step, round(event.value, 6)) for event in log.Scalars(tag)])
else:
    print(record(Event(wall_time=1.5, file_version="brain.Event:2")))
    summary = Summary(value=[scalar("train/loss", 0.0712), scalar("learning_rate", 0.1)])
    print(record(Event(wall_time=1700000000.25, step=300, summary=summary)))
    print(record(Event(wall_time=2, step=201, session_log=SessionLog(status=SessionLog.START))))
