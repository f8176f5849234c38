"""Which errors of Socket.IO the server's log leaves out."""

import logging
from collections.abc import Iterator

import pytest
import socketio

from mug.server.late_packets import LatePackets

MESSAGE = '51-["m",{"op":"chunk.put","body":{"_placeholder":true,"num":0}}]'


@pytest.fixture
def server() -> Iterator[socketio.Server]:
    logger, late = logging.getLogger("engineio.server"), LatePackets()
    made = socketio.Server(async_mode="threading", async_handlers=False)
    made.manager.initialize()
    logger.addFilter(late)
    yield made
    logger.removeFilter(late)


def receive(server: socketio.Server, data: str | bytes) -> None:
    server.eio._trigger_event("message", "a-connection-that-is-gone", data, run_async=False)


@pytest.mark.parametrize("attachment", [b"\x01\x02", b"{}", b"7 begins like a message"])
def test_that_a_late_message_with_its_attachment_is_not_logged(
    server: socketio.Server, caplog: pytest.LogCaptureFixture, attachment: bytes
) -> None:
    receive(server, MESSAGE)
    receive(server, attachment)
    assert caplog.records == []


def test_that_socketio_would_log_both_otherwise(server: socketio.Server, caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("engineio.server")
    for late in list(logger.filters):
        logger.removeFilter(late)
    receive(server, MESSAGE)
    receive(server, b"\x01\x02")
    assert len(caplog.records) == 2


def test_that_other_errors_are_logged(server: socketio.Server, caplog: pytest.LogCaptureFixture) -> None:
    receive(server, "nonsense")
    assert [record.levelname for record in caplog.records] == ["ERROR"]
