"""Computers of their own for participants: network namespaces on a small Ethernet whose lines are slow and lossy.

Each namespace has the kernel's own network stack and one network interface (a TAP device). A switch in this process
carries the frames between them and holds back or loses what a participant's computer sends, as ``tc qdisc … netem``
does where the kernel has it. The server is on the same Ethernet, at an address that exists within this machine only.
Needs root and ``/dev/net/tun``.
"""

import ctypes
import fcntl
import heapq
import os
import random
import select
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from playwright.sync_api import Error, Playwright

from tests.drivers.browser_driver import CHROMIUM_ARGS, LAB_HOST, ParticipantDriver, _debugging_port, chromium_path

__all__ = ["Computer", "Ethernet", "no_namespaces", "participant_at"]

TUN = "/dev/net/tun"
TUNSETIFF = 0x400454CA
IFF_TAP_NO_PI = 0x0002 | 0x1000
CLONE_NEWNET = 0x40000000
FRAME_BYTES = 65536


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False, timeout=30)
    if done.returncode != 0:
        raise OSError(f"ip {' '.join(words)}: {done.stderr.strip()}")


def no_namespaces() -> str:
    """Why no such Ethernet can be made here, found by making one; empty if it can."""
    try:
        with Ethernet() as ethernet:
            ethernet.computer()
    except OSError as error:
        return f"network namespaces or TAP devices are not permitted here: {error}"
    return ""


@dataclass(eq=False)
class Computer:
    """A participant's computer: a network namespace with one interface, which is called `device`."""

    namespace: str
    device: str
    gateway: str

    def unplug(self) -> None:
        """Set the interface down."""
        _ip("-n", self.namespace, "link", "set", self.device, "down")

    def plug_in(self) -> None:
        """Set the interface up again."""
        _ip("-n", self.namespace, "link", "set", self.device, "up")
        # Chromium asks which interface leads out, and offers that one's address to the partner.
        _ip("-n", self.namespace, "route", "replace", "default", "via", self.gateway)

    def open_socket(self) -> socket.socket:
        """A TCP socket of this computer, for this process."""
        made: list[socket.socket] = []
        thread = threading.Thread(target=lambda: made.append(self._socket()), name="enter namespace")
        thread.start()  # a namespace is entered by a thread; this one ends in it
        thread.join()
        return made[0]

    def _socket(self) -> socket.socket:
        with Path("/run/netns", self.namespace).open("rb") as file:
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.setns(file.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), f"namespace {self.namespace} cannot be entered")
        return socket.socket()


@dataclass(eq=False)
class _Port:
    file: int
    delay_s: float = 0.0
    loss: float = 0.0
    chance: random.Random = field(default_factory=random.Random)


class Ethernet:
    """A switch with a line to this machine, where the server listens, and one to each participant's computer.

    Attributes:
        address: This machine's, on this Ethernet.
        carried: Frames that arrived at the switch and were passed on.
        lost: Frames that it lost on purpose.
    """

    def __init__(self) -> None:
        self._name = f"mug{os.getpid() % 100_000}"
        self._net = f"10.77.{os.getpid() % 250}"
        self.address = f"{self._net}.1"
        self.carried = 0
        self.lost = 0
        self._ports: list[_Port] = []
        self._stack = ExitStack()
        self._wake: tuple[int, int] = (-1, -1)
        self._closing = False
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            device = f"{self._name}p0"
            self._ports = [self._tap(stack, device)]
            _ip("link", "set", device, "addrgenmode", "none")
            _ip("addr", "add", f"{self.address}/24", "dev", device)
            _ip("link", "set", device, "up")
            self._wake = os.pipe()
            stack.callback(os.close, self._wake[0])
            stack.callback(os.close, self._wake[1])
            self._stack = stack.pop_all()
        self._thread = threading.Thread(target=self._carry, name="ethernet switch", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing = True
        os.write(self._wake[1], b".")
        if self._thread is not None:
            self._thread.join(20)  # before its files are closed
        self._stack.close()

    def _tap(self, stack: ExitStack, device: str) -> _Port:
        """Make a TAP device; it is gone as soon as its file is closed, in whatever namespace it is."""
        file = os.open(TUN, os.O_RDWR | os.O_NONBLOCK)
        stack.callback(os.close, file)
        fcntl.ioctl(file, TUNSETIFF, struct.pack("16sH22x", device.encode(), IFF_TAP_NO_PI))
        return _Port(file)

    def computer(self, *, delay_ms: float = 0.0, loss: float = 0.0, seed: int = 0) -> Computer:
        """Add a computer.

        Args:
            delay_ms: How much later everything that it sends arrives.
            loss: The part of its frames that never arrives.
            seed: Of the losses.

        Raises:
            OSError: The system does not permit it.
        """
        number = len(self._ports)
        made = Computer(f"{self._name}n{number}", f"{self._name}p{number}", self.address)
        _ip("netns", "add", made.namespace)
        self._stack.callback(_ip, "netns", "del", made.namespace)
        port = self._tap(self._stack, made.device)
        port.delay_s, port.loss, port.chance = delay_ms / 1000, loss, random.Random(seed)
        _ip("link", "set", made.device, "netns", made.namespace)
        _ip("-n", made.namespace, "link", "set", "lo", "up")
        _ip("-n", made.namespace, "link", "set", made.device, "addrgenmode", "none")
        _ip("-n", made.namespace, "addr", "add", f"{self._net}.{number + 1}/24", "dev", made.device)
        self._ports.append(port)
        os.write(self._wake[1], b".")
        made.plug_in()
        return made

    def _carry(self) -> None:
        """Pass frames on, by the addresses learnt from what came in; to everybody where the address is not known."""
        places: dict[bytes, _Port] = {}
        waiting: list[tuple[float, int, _Port, bytes]] = []
        number = 0
        while not self._closing:
            ports = {port.file: port for port in list(self._ports)}
            timeout = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
            ready, _, _ = select.select([*ports, self._wake[0]], [], [], timeout)
            now = time.monotonic()
            for file in ready:
                if file == self._wake[0]:
                    os.read(file, 1024)
                    continue
                port = ports[file]
                with suppress(OSError):  # nothing more to read, or unplugged
                    while frame := os.read(file, FRAME_BYTES):
                        places[frame[6:12]] = port
                        if port.loss and port.chance.random() < port.loss:
                            self.lost += 1
                            continue
                        number += 1
                        heapq.heappush(waiting, (now + port.delay_s, number, port, frame))
            while waiting and waiting[0][0] <= time.monotonic():
                _, _, source, frame = heapq.heappop(waiting)
                known = places.get(frame[:6])
                self.carried += 1
                for target in [known] if known is not None else list(self._ports):
                    if target is not source:
                        with suppress(OSError):  # unplugged
                            os.write(target.file, frame)


@contextmanager
def participant_at(computer: Computer, playwright: Playwright, port: int, profile: Path) -> Iterator[ParticipantDriver]:
    """Sit a participant down at a Chromium on `computer`; the server is at `port` of this machine's address there.

    Addresses are offered to the partner as they are: names by multicast need a resolver that knows of the namespace.
    """
    path = chromium_path()
    assert path is not None
    arguments = [argument for argument in CHROMIUM_ARGS if not argument.startswith("--host-resolver-rules")]
    process = subprocess.Popen(
        [
            *("ip", "netns", "exec", computer.namespace),
            *(path, "--headless=new", "--remote-debugging-port=0", f"--user-data-dir={profile}", *arguments),
            f"--host-resolver-rules=MAP {LAB_HOST} {computer.gateway}",
            "--disable-features=WebRtcHideLocalIpsWithMdns",
            "about:blank",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with _gate(computer, _debugging_port(profile, process, deadline_s=60)) as gate:
            browser = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{gate}", no_defaults=True)
            try:
                yield ParticipantDriver(browser.contexts[0], port, process)
            finally:
                with suppress(Error):
                    browser.close()
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def _gate(computer: Computer, port: int) -> Iterator[int]:
    """Listen on this machine for what is meant for a local port of `computer`; yields the port here."""
    listening = socket.create_server(("127.0.0.1", 0))
    with ExitStack() as stack:
        opened: list[socket.socket] = [listening]

        def accept() -> None:
            with suppress(OSError):  # closed
                while True:
                    outer, _ = listening.accept()
                    inner = computer.open_socket()
                    opened.extend((outer, inner))
                    inner.connect(("127.0.0.1", port))
                    for source, target in ((outer, inner), (inner, outer)):
                        threading.Thread(target=_pump, args=(source, target), daemon=True).start()

        thread = threading.Thread(target=accept, name="debugging gate", daemon=True)
        thread.start()

        def close() -> None:
            for found in opened:
                with suppress(OSError):
                    found.shutdown(socket.SHUT_RDWR)
                found.close()
            thread.join(20)

        stack.callback(close)
        yield int(listening.getsockname()[1])


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while block := source.recv(FRAME_BYTES):
            target.sendall(block)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
