"""What is said of partners that are no people: games that the server steps, and policies.

A game of the mode "server_authoritative" is stepped by a process of the server. Its pages send keys and show views;
they load no Python, keep no rows and upload none. `MatchReady.config.mode` tells a page which kind of game it has.
"""

from typing import Any

import msgspec

from mug.protocol.parts import Message

__all__ = [
    "PolicyCardView",
    "PolicyFigures",
    "PortView",
    "ServerKeys",
    "ServerReady",
    "ServerSeen",
    "ServerStatus",
    "ServerView",
]


# ---------------------------------------------------------------- participant -> server


class ServerReady(Message, frozen=True, kw_only=True, tag="server.ready"):
    """The page can show the game of this match; sent after every MatchReady, also by a page that comes back.

    The first view it gets after this is whole. The game begins when all pages said so, or at the study's timeout.
    """

    match_id: str


class ServerKeys(Message, frozen=True, kw_only=True, tag="server.keys"):
    """The keys as they are now, and the presses since the last message, in order. Sent at each change.

    `n` counts this page's messages of the match from 0; `client_ms` is the page's clock. `hidden`: the page is not to
    be seen; its player acts neutrally until it is.
    """

    match_id: str
    n: int
    held: tuple[str, ...] = ()
    pressed: tuple[str, ...] = ()
    hidden: bool = False
    client_ms: float = 0.0


class ServerSeen(Message, frozen=True, kw_only=True, tag="server.seen"):
    """The newest view that the page has taken in. Who is too far behind gets fewer views, never a growing queue."""

    match_id: str
    n: int


class PolicyFigures(Message, frozen=True, kw_only=True, tag="policy.figures"):
    """What a page measured of one policy in one match, at its end: decisions, and what one takes, in ms.

    `late`: decisions that took longer than a frame.
    """

    visit_id: str
    match_id: str
    agent: str
    decisions: int
    median_ms: float
    p99_ms: float
    late: int = 0


# ---------------------------------------------------------------- server -> participant


class ServerStatus(Message, frozen=True, kw_only=True, tag="server.status"):
    """How the match stands on the server; at every change, and again to a page that comes back.

    `stage`: preparing, waiting (for other pages), countdown, playing, paused, between (episodes), restoring (its
    process is started again), over. `message`: a sentence for the participant, or empty. With "over": `outcome` as of
    MatchEnded, and the page finishes the visit by itself; `dropped`: it is over for this player, who was away for too
    long; `ends`: the participation is over with the game, Closed follows. `asset_specs`: what the environment
    registered.
    """

    match_id: str
    stage: str
    message: str = ""
    outcome: str = ""
    dropped: bool = False
    ends: bool = False
    episode: int = 0
    countdown_ms: float = 0.0
    asset_specs: tuple[dict[str, Any], ...] = ()


class ServerView(Message, frozen=True, kw_only=True, tag="server.view"):
    """What this participant sees now: `body` is the JSON of a `ViewDelta` (`mug.play.view_deltas`), in UTF-8.

    `n` counts the views of this page from 0. `image`: a PNG, JPEG or WebP picture, of environments that give pixels;
    empty: `body` has draw objects.
    """

    match_id: str
    n: int
    body: bytes
    image: bytes = b""


# ---------------------------------------------------------------- shown in the console


class PortView(msgspec.Struct, frozen=True, kw_only=True):
    """One input or output of a model: `shape` has -1 where any length goes."""

    name: str
    dtype: str = ""
    shape: tuple[int, ...] = ()


class PolicyCardView(msgspec.Struct, frozen=True, kw_only=True):
    """A policy as it takes part: what it is, from which file, and what its decisions take.

    `framework`: random, python, onnx. `seed` says in words how its generator is seeded. The figures are of the whole
    session so far, in ms; `late`: decisions that took longer than a frame.
    """

    scene_id: str
    agent: str
    name: str
    framework: str
    file: str = ""
    sha256: str = ""
    size: int = 0
    inputs: tuple[PortView, ...] = ()
    outputs: tuple[PortView, ...] = ()
    recurrent: bool = False
    sampling: str = ""  # random, argmax, sample, the policy's own
    frame_skip: int = 1
    seed: str = ""
    treatment: str = ""  # of which treatment; empty: of all
    decisions: int = 0
    median_ms: float = 0.0
    p99_ms: float = 0.0
    late: int = 0
