"""Writes a session's records as a server would: for tests of exports, verification and lists of sessions."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from mug.play.chunks import EMPTY_CHAIN, decode_chunk, encode_chunk
from mug.records import RecordWriter, records_path
from mug.records import facts as f

AT = "2026-03-01T10:00:00.000Z"


class RecordedSession:
    """One session of the experiment ``exp`` that is being recorded; a context manager."""

    def __init__(
        self,
        data_dir: Path,
        session_id: str = "s1",
        *,
        study: dict[str, Any] | None = None,
        study_hash: str = "ab" * 32,
        opened: Mapping[str, Any] | None = None,
        bodies: Mapping[str, bytes] | None = None,
    ) -> None:
        self.path = records_path(data_dir, "exp")
        self.session_id = session_id
        self.writer = RecordWriter.open(self.path)
        self.seq: dict[tuple[str, str], int] = {}
        self.chain: dict[tuple[str, int], str] = {}
        self.facts: list[f.AnyFact] = []
        self.add(
            f.SessionOpened(
                at=AT,
                session_id=session_id,
                experiment_id="exp",
                study_hash=study_hash,
                seed=2**64 - 1,
                versions={"mug": "0.1.0"},
                study=study or {"id": "exp", "title": "An experiment"},
                **(opened or {}),
            ),
            bodies=bodies,
        )

    def __enter__(self) -> "RecordedSession":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.writer.close()

    def add(self, *facts: f.AnyFact, bodies: Mapping[str, bytes] | None = None) -> None:
        self.facts += facts
        self.writer.append(facts, bodies or {})

    def join(
        self,
        participant_id: str,
        scenes: Sequence[str] = ("game",),
        *,
        params: dict[str, str] | None = None,
        environment: dict[str, Any] | None = None,
        completion_code: str | None = None,
    ) -> list[str]:
        """Let a participant join with a plan; returns the ids of the visits."""
        visits = tuple(
            f.PlannedVisit(visit_id=f"v-{participant_id}-{index}", scene_id=scene, node_path=(index,), kind="gym_game")
            for index, scene in enumerate(scenes)
        )
        self.add(
            f.ParticipantJoined(
                at=AT,
                participant_id=participant_id,
                seed=2**63 + 5,
                token_sha256="t",
                params=params or {},
                environment=environment or {},
            ),
            f.PlanDrawn(at=AT, participant_id=participant_id, visits=visits, completion_code=completion_code),
        )
        return [visit.visit_id for visit in visits]

    def start(self, participant_id: str, visit_id: str) -> None:
        self.add(f.VisitStarted(at=AT, participant_id=participant_id, visit_id=visit_id))

    def match(
        self, match_id: str, visit_id: str, agents: Mapping[str, str], scene_id: str = "game", seed: int = 3
    ) -> None:
        self.add(
            f.MatchFormed(
                at=AT, match_id=match_id, visit_id=visit_id, scene_id=scene_id, seed=seed, agents=dict(agents)
            )
        )

    def play(self, participant_id: str, visit_id: str, match_id: str, agents: Mapping[str, str]) -> None:
        """Start a visit with its match."""
        self.start(participant_id, visit_id)
        self.match(match_id, visit_id, agents)

    def together(
        self,
        match_id: str,
        agents: Mapping[str, str],
        *,
        settings: Mapping[str, Any] | None = None,
        scene_id: str = "game",
    ) -> dict[str, str]:
        """Let people join, start their visits and form their match; returns participant -> visit.

        Args:
            match_id: The match.
            agents: Agent -> participant, or ``policy:<name>``; people who joined already are not joined again.
            settings: What holds for the match on every peer, besides its players.
            scene_id: The scene.
        """
        people = [agent for agent, who in agents.items() if not who.startswith("policy:")]
        visits: dict[str, str] = {}
        for agent in people:
            who = agents[agent]
            known = [fact for fact in self.facts if isinstance(fact, f.PlanDrawn) and fact.participant_id == who]
            visits[who] = known[0].visits[0].visit_id if known else self.join(who, [scene_id])[0]
            self.start(who, visits[who])
        self.add(
            f.MatchFormed(
                at=AT,
                match_id=match_id,
                visit_id=visits[agents[people[0]]],
                scene_id=scene_id,
                seed=3,
                agents=dict(agents),
                visits=visits,
                settings={"players": people, **(settings or {})},
            )
        )
        return visits

    def track(
        self,
        participant_id: str,
        match_id: str,
        episode: int,
        columns: Mapping[str, Any],
        *,
        size: int = 30,
        cuts: Sequence[int] = (),
        until: int | None = None,
        lost: Sequence[int] = (),
        repeated: bool = False,
        context: Mapping[str, Any] | None = None,
    ) -> str:
        """Store an episode as one player's page records it; returns the chain hash at its end.

        Args:
            participant_id: The player.
            match_id: A match that `together` formed.
            episode: The episode.
            columns: Columns of the whole episode, without ``frame``.
            size: Frames of a chunk.
            cuts: Frames before which a chunk ends though it is not full.
            until: The player is gone before this frame.
            lost: Chunks, counted from 0, that never arrive.
            repeated: Mark the chunks as the server does when another player's are there already.
            context: What holds for the whole episode.
        """
        [formed] = [fact for fact in self.facts if isinstance(fact, f.MatchFormed) and fact.match_id == match_id]
        rows = len(next(iter(columns.values()))) if until is None else until
        starts = sorted({*range(0, rows, size), *(cut for cut in cuts if cut < rows)})
        chain = EMPTY_CHAIN
        for number, (first, end) in enumerate(zip(starts, [*starts[1:], rows], strict=True)):
            body = encode_chunk(
                match_id=match_id,
                episode=episode,
                first=first,
                columns={"frame": list(range(first, end)), **{name: part[first:end] for name, part in columns.items()}},
                previous_chain_hash=chain,
                context=context if first == 0 else None,
            )
            decoded = decode_chunk(body)
            chain = decoded.chain_hash
            if number not in lost:
                meta = decoded.meta | ({"repeated": True} if repeated else {})
                self.chunk(participant_id, formed.visits[participant_id], "frames", body, meta)
        return chain

    def chunk(
        self, participant_id: str, visit_id: str, stream: str, body: bytes, meta: dict[str, Any] | None = None
    ) -> f.ChunkStored:
        digest = hashlib.sha256(body).hexdigest()
        seq = self.seq.get((visit_id, stream), 0)
        self.seq[visit_id, stream] = seq + 1
        stored = f.ChunkStored(
            at=AT,
            participant_id=participant_id,
            visit_id=visit_id,
            stream=stream,
            seq=seq,
            sha256=digest,
            size=len(body),
            meta=meta or {},
        )
        self.add(stored, bodies={digest: body})
        return stored

    def lines(self, participant_id: str, visit_id: str, stream: str, *rows: Mapping[str, Any]) -> None:
        body = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        self.chunk(participant_id, visit_id, stream, body.encode())

    def frames(
        self,
        participant_id: str,
        visit_id: str,
        match_id: str,
        episode: int,
        first: int,
        columns: Mapping[str, Sequence[Any]],
        *,
        repeated: bool = False,
        chain: str | None = None,
    ) -> f.ChunkStored:
        """Store rows as the page's recorder would; `columns` without ``frame``."""
        rows = len(next(iter(columns.values())))
        body = encode_chunk(
            match_id=match_id,
            episode=episode,
            first=first,
            columns={"frame": list(range(first, first + rows)), **columns},
            previous_chain_hash=chain or self.chain.get((match_id, episode), EMPTY_CHAIN),
        )
        decoded = decode_chunk(body)
        if not repeated:
            self.chain[match_id, episode] = decoded.chain_hash
        meta = decoded.meta | ({"repeated": True} if repeated else {})
        return self.chunk(participant_id, visit_id, "frames", body, meta)
