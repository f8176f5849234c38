"""What several messages are made of: their base, and the structs that more than one of them holds."""

import msgspec

__all__ = [
    "ClientEnvironment",
    "KeptChunks",
    "MatchStatus",
    "Message",
    "PeerStatus",
    "ResumeCandidate",
    "RuntimeManifest",
]


class Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="op"):
    """Base of all messages."""


class ClientEnvironment(msgspec.Struct, frozen=True, kw_only=True):
    """What the page says of its browser: coarse by design (no full user agent)."""

    browser: str = "unknown"
    browser_major: int = 0
    mobile: bool = False
    viewport_width: int = 0
    viewport_height: int = 0
    device_pixel_ratio: float = 1.0
    webgl: bool = False
    webassembly: bool = False


class ResumeCandidate(msgspec.Struct, frozen=True, kw_only=True):
    """A participant whose token this browser holds."""

    session_id: str
    participant_id: str
    token: str


class KeptChunks(msgspec.Struct, frozen=True, kw_only=True):
    """Chunks that a browser holds until the server of their session takes them."""

    session_id: str
    participant_id: str
    chunks: int


class PeerStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One partner, seen from this page. `path`: p2p, relay, or empty while there is none. Times in ms."""

    agent: str
    path: str = ""
    rtt_ms: float | None = None
    jitter_ms: float | None = None
    loss: float | None = None  # 0..1, of the last report periods
    silent_ms: float = 0.0  # since the last packet


class MatchStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A game of several people as one of its pages stands; figures of "the last second" end at this pulse.

    `stage`: connecting, countdown, playing, stalled, paused, between, over. `compared` and `desyncs` are sums of the
    match.
    """

    match_id: str
    stage: str
    episode: int = 0
    frame: int = 0
    confirmed: int = -1
    input_delay: int = 0
    window: int = 0
    rollbacks: int = 0  # of the last second
    depth_mean: float = 0.0
    depth_max: int = 0
    stalled_ms: float = 0.0
    compared: int = 0
    desyncs: int = 0
    peers: tuple[PeerStatus, ...] = ()


class RuntimeManifest(msgspec.Struct, frozen=True, kw_only=True):
    """Where the page's worker loads Python from; all URLs are paths on the same origin."""

    pyodide_version: str
    index_url: str  # folder of pyodide.mjs, ends with "/"
    lock_url: str  # the study's extended pyodide-lock.json
    packages: tuple[str, ...]  # names for loadPackage, resolved, dependencies included by the lock
    study_url: str  # zip unpacked to /study
    snapshot_url: str | None = None  # memory snapshot, made at install time
    models_url: str | None = None  # folder of what runs ONNX models, ends with "/"; None: the study has none
