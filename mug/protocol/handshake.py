"""What a server says of itself: the first line of its stdout, and the file by which MUG Lab finds it again."""

from typing import Final

import msgspec

__all__ = ["HANDSHAKE_SUFFIX", "Handshake", "ReadyLine"]

HANDSHAKE_SUFFIX: Final = ".server.json"
"""The handshake of ``records.sqlite`` is ``records.server.json`` in the same folder (mode 0600)."""


class ReadyLine(msgspec.Struct, frozen=True, kw_only=True):
    """The first line on the stdout of ``mug serve``, as JSON. Documented for automation; fields are only added."""

    port: int
    pid: int
    token: str
    protocol: int
    version: str


class Handshake(msgspec.Struct, frozen=True, kw_only=True):
    """Where a running server is and how to speak to it. `url`: for this machine; `token`: of the ``/lab`` namespace."""

    url: str
    port: int
    pid: int
    token: str
    protocol: int
    version: str
    experiment_id: str
    session_id: str
    data_dir: str


# WORKAROUND msgspec 0.22.0: see `mug.protocol.codec`; handshakes are read by several threads of MUG Lab.
for _struct in (ReadyLine, Handshake):
    msgspec.json.Decoder(_struct)
