"""What processes that step matches record: their rows and events, and what policies take there."""

import hashlib
from typing import Any, Final, Protocol

from mug.engine.effects import ObserveChunk
from mug.engine.inputs import AuthorityChunk
from mug.engine.live import Core
from mug.engine.state import MatchState
from mug.records import facts as f

__all__ = ["MAX_FLAGS", "AuthorityRows", "Observing"]

MAX_FLAGS: Final = 100
"""Flags of one kind that a match may collect from its process."""


class Observing(Protocol):
    """What a game's callback is told of a chunk; None: there is no callback, or it was told of the end."""

    def observed(self, match: MatchState, stream: str, body: bytes) -> ObserveChunk | None:
        """Return it."""


class AuthorityRows:
    """Stores what comes of processes, in the visit of the first player, each row once.

    Attributes:
        observing: Who knows the games' callbacks.
    """

    observing: Observing | None = None

    def __init__(self, core: Core) -> None:
        self._core = core

    def store(self, match: MatchState, chunk: AuthorityChunk) -> None:
        """Keep rows or events of the process as those of the first player's visit."""
        core = self._core
        visit = core.state.visits[match.visit_id]
        if chunk.stream not in ("frames", "event"):
            return
        sha256 = hashlib.sha256(chunk.body).hexdigest()
        meta: dict[str, Any] = {name: value for name, value in chunk.meta.items() if name != "repeated"}
        meta |= {"by": "server", "match_id": match.match_id}
        flags: list[f.AnyFact] = []
        if chunk.stream == "frames":
            known = match.next_frame.get(meta["episode"], 0)
            if meta["last"] < known:
                meta["repeated"] = True
            elif meta["first"] > known and match.flags.count("frames_missing") < MAX_FLAGS:
                detail = f"episode {meta['episode']}, frames {meta['first']} to {meta['last']}: expected {known}"
                flags = [f.MatchFlagged(at=core.now(), match_id=match.match_id, flag="frames_missing", detail=detail)]
        observed = None
        if self.observing is not None and not meta.get("repeated"):
            observed = self.observing.observed(match, chunk.stream, chunk.body)
        core.record(
            f.ChunkStored(
                at=core.now(),
                participant_id=visit.participant_id,
                visit_id=match.visit_id,
                stream=chunk.stream,
                seq=visit.next_stored(chunk.stream),
                sha256=sha256,
                size=len(chunk.body),
                meta=meta,
            ),
            *flags,
            bodies={sha256: chunk.body},
            then=(observed,) if observed is not None else (),
        )
        core.changed.add(visit.participant_id)
