"""Listening where it is not possible says what to do."""

import socket

import pytest

from mug.server.addresses import listen
from mug.server.errors import PortInUseError


def test_that_a_taken_port_is_told_apart_from_an_address_that_is_not_ours() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortInUseError, match="stop the program that uses this port"):
            listen("127.0.0.1", port)
    # 192.0.2.0/24 is for documentation: no machine has such an address.
    with pytest.raises(PortInUseError, match="give an address of this machine with --host"):
        listen("192.0.2.1", 0)
