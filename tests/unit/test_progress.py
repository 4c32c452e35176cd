"""A provider's lines reach Pulumi's engine; with nobody to hear them, nothing fails."""

import sys
from concurrent import futures

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from amanat.progress import show_progress


class Engine(engine_pb2_grpc.EngineServicer):
    def __init__(self):
        self.heard = []

    def Log(self, request, context):
        self.heard.append((request.severity, request.message))
        return empty_pb2.Empty()


def test_a_line_reaches_the_engine(monkeypatch):
    server, engine = grpc.server(futures.ThreadPoolExecutor(1)), Engine()
    engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        monkeypatch.setattr(sys, "argv", ["provider", f"127.0.0.1:{port}"])
        show_progress("task 3: سلام")
    finally:
        server.stop(None).wait()
    assert engine.heard == [(engine_pb2.INFO, "task 3: سلام")]


@pytest.mark.parametrize("argv", [["x"], ["x", "--stack=local"], ["x", "127.0.0.1:1"]])
def test_nobody_to_hear_is_no_error(monkeypatch, argv):
    monkeypatch.setattr(sys, "argv", argv)
    show_progress("unheard")
