"""The other side of the process boundary, without Qt: starting a server, finding one again, speaking to it."""

from mug.host.address import ServerAddress, find_running
from mug.host.errors import HostError, LabRequestError, ServerStartError
from mug.host.lab_client import LabClient
from mug.host.launch import LaunchedServer, launch

__all__ = [
    "HostError",
    "LabClient",
    "LabRequestError",
    "LaunchedServer",
    "ServerAddress",
    "ServerStartError",
    "find_running",
    "launch",
]
