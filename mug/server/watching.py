"""The matches of a session for somebody who watches them: read from the records, beside the engine and without it."""

import base64
import dataclasses
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from mug.authority.replays import Recorded
from mug.engine.payload import FrozenStudy, authority_config, game_config
from mug.engine.state import MatchState, ParticipantState
from mug.ids import MatchId, ParticipantId, SceneId, VisitId
from mug.play.config import GameConfig
from mug.protocol.parts import RuntimeManifest
from mug.records import facts as f
from mug.records.reader import RecordReader
from mug.server.watching_again import SteppedCode
from mug.study.assets import animations, background, first_objects, preloaded, served_roots
from mug.study.blinding import without
from mug.study.model import GymGame
from mug.study.multiplayer import is_multiplayer
from mug.study.traversal import human_agents, walk

__all__ = ["WatchedMatches"]

MAX_ANSWER_BYTES: Final = 3_000_000
"""Of the chunks in one answer; what is left comes with the next question."""

_KINDS: Final = (
    "match_formed",
    "match_ended",
    "match_flagged",
    "player_dropped",
    "globals_set",
    "chunk_stored",
    "withdrawn",
)

_TAKEN_OUT: Final = (
    "A participant of this match was withdrawn, and what they did was taken out of the records. "
    "So the match cannot be stepped again."
)


@dataclass(frozen=True, slots=True)
class _Part:
    """One stored chunk of rows. `before`: the chain's hash before it, as its own recorder's chunks say."""

    recorder: str
    episode: int
    first: int
    last: int
    chain: str
    before: str | None
    sha256: str


@dataclass(slots=True)
class _Match:
    formed: f.MatchFormed
    number: int
    mug_globals: dict[str, Any]
    ended: f.MatchEnded | None = None
    flags: list[f.MatchFlagged] = field(default_factory=list)
    dropped: list[f.PlayerDropped] = field(default_factory=list)
    parts: dict[tuple[int, int], list[_Part]] = field(default_factory=dict)
    chains: dict[tuple[str, int, int], str] = field(default_factory=dict)
    frames: dict[int, int] = field(default_factory=dict)

    @property
    def recorders(self) -> list[str]:
        return list(dict.fromkeys(part.recorder for parts in self.parts.values() for part in parts))

    @property
    def episodes(self) -> list[int]:
        return sorted(self.frames)

    def take(self, chunk: f.ChunkStored) -> None:
        meta = chunk.meta
        episode, first, last = int(meta["episode"]), int(meta["first"]), int(meta["last"])
        chain = str(meta.get("chain_hash", ""))
        who = chunk.participant_id
        before = "" if first == 0 else self.chains.get((who, episode, first))
        self.chains[who, episode, last + 1] = chain
        self.frames[episode] = max(self.frames.get(episode, 0), last + 1)
        known = self.parts.setdefault((episode, first), [])
        if not any(part.recorder == who and part.last == last for part in known):
            known.append(_Part(who, episode, first, last, chain, before, chunk.sha256))

    def copy(self, episode: int, recorder: str) -> list[_Part]:
        """One copy of an episode's rows, in order: one page's, or, where the pages agree, whoever's is there."""
        found: list[_Part] = []
        frame, chain = 0, ""
        while True:
            there = self.parts.get((episode, frame), [])
            if recorder:
                there = [part for part in there if part.recorder == recorder]
            agreeing = [part for part in there if part.before == chain] or there
            if not agreeing:
                return found
            part = max(agreeing, key=lambda part: (part.last, bool(found) and part.recorder == found[-1].recorder))
            found.append(part)
            frame, chain = part.last + 1, part.chain


class WatchedMatches:
    """One session's matches. All methods may be called from any thread.

    Args:
        path: The file of records.
        session_id: The session.
        frozen: Its study.
        runtime: Where Python comes from; None: `problem` says why there is none.
        live: The session is being served: a match without an end still runs.
        problem: Why matches cannot be stepped, in words.
        notes: What a watcher should know, in sentences.
        without_pictures: What to say of pictures that do not load.
        build: The built client's hash.
        code: Of the games that the server steps; None: the study has none.
    """

    def __init__(
        self,
        path: Path,
        session_id: str,
        frozen: FrozenStudy,
        runtime: RuntimeManifest | None,
        *,
        live: bool,
        problem: str = "",
        notes: Sequence[str] = (),
        without_pictures: str = "",
        build: str = "",
        code: SteppedCode | None = None,
    ) -> None:
        self._path = path
        self._session_id = session_id
        self._frozen = frozen
        self._runtime = runtime
        self._live = live
        self._problem = problem
        self._notes = tuple(notes)
        self._without_pictures = without_pictures
        self._build = build
        self._code = code
        self._lock = threading.Lock()
        self._reader: RecordReader | None = None
        self._seen = 0
        self._matches: dict[str, _Match] = {}
        self._globals: dict[str, dict[str, Any]] = {}
        self._removed: set[str] = set()
        self._games = {str(node.scene_id): node for _, node in walk(frozen.study) if isinstance(node, GymGame)}

    def matches(self) -> list[dict[str, Any]]:
        """All matches at a glance, in the order in which they were formed."""
        with self._lock:
            self._read_on()
            return [self._at_a_glance(match) for match in self._matches.values()]

    def match(self, match_id: str) -> dict[str, Any] | None:
        """What a page needs to show a match; None: the session has no such match."""
        with self._lock:
            self._read_on()
            match = self._matches.get(match_id)
            if match is None:
                return None
            game = self._game(match)
            problem = self._problem
            on_server = match.formed.settings.get("mode") == "server_authoritative"
            if game is None:
                problem = f"The study has no game {match.formed.scene_id!r}, so its matches cannot be shown."
            elif on_server and self._state(match) == "live":
                problem = ""
            elif self._removed & set(match.formed.agents.values()):
                problem = _TAKEN_OUT
            elif on_server:
                problem = self._lacks(game)
            elif self._runtime is None and not problem:
                problem = "Python for browsers is not installed: run `mug runtime install`, then start again."
            return self._at_a_glance(match) | {
                "build": self._build,
                "session_id": self._session_id,
                "study": self._frozen.study.title,
                "seed": str(match.formed.seed),
                "recorders": match.recorders,
                "on_server": on_server,
                "content": None if game is None else self._content(game, match),
                "runtime": msgspec.to_builtins(self._runtime),
                "problem": problem,
                "notes": list(self._notes),
                "without_pictures": self._without_pictures,
            }

    def is_known(self, match_id: str) -> bool:
        """Whether the session has a match."""
        with self._lock:
            self._read_on()
            return match_id in self._matches

    def recorded(self, match_id: str) -> Recorded | None:
        """Return a match that the server stepped, with all that it is stepped again from.

        None: there is no such match, or it cannot be stepped again, which `match` says in words.
        """
        with self._lock:
            self._read_on()
            match = self._matches.get(match_id)
            game = None if match is None else self._game(match)
            if match is None or game is None or self._removed & set(match.formed.agents.values()):
                return None
            if self._code is None or self._code.place is None or self._lacks(game):
                return None
            assert self._reader is not None
            parts = [part for number in match.episodes for part in match.copy(number, "")]
            bodies = [self._reader.find_body(part.sha256) for part in parts]
            config = authority_config(self._frozen_of(match), game, self._state_of(match))
            return Recorded(config, tuple(body for body in bodies if body is not None), self._code.place)

    def _lacks(self, game: GymGame) -> str:
        """Why a game that the server steps cannot be stepped here; empty: it can."""
        if self._code is None or self._code.place is None:
            return self._code.problem if self._code is not None else "The code of this game is not here."
        return self._code.missing(game)

    def frames(self, match_id: str, episode: int, frame: int, recorder: str = "") -> dict[str, Any] | None:
        """Stored rows from a place on, as whole chunks; None: the session has no such match.

        Args:
            match_id: The match.
            episode: The first episode that is asked for.
            frame: Its first frame that is asked for.
            recorder: Whose copy; empty: any that agrees with what came before.
        """
        with self._lock:
            self._read_on()
            match = self._matches.get(match_id)
            if match is None:
                return None
            wanted = [
                part
                for number in match.episodes
                if number >= episode
                for part in match.copy(number, recorder)
                if number > episode or part.last >= frame
            ]
            chunks: list[dict[str, Any]] = []
            size, gone = 0, 0
            assert self._reader is not None
            for part in wanted:
                if size > MAX_ANSWER_BYTES:
                    break
                body = self._reader.find_body(part.sha256)
                if body is None:
                    gone += 1
                    continue
                size += len(body)
                chunks.append(
                    {
                        "episode": part.episode,
                        "first": part.first,
                        "last": part.last,
                        "body": base64.b64encode(body).decode(),
                    }
                )
            return {
                **self._at_a_glance(match),
                "chunks": chunks,
                "more": len(chunks) + gone < len(wanted),
                "gone": gone,
            }

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._reader is not None:
                self._reader.close()
                self._reader = None

    def _read_on(self) -> None:
        if self._reader is None:
            self._reader = RecordReader(self._path)
        head = self._reader.refresh()
        for seq, fact in self._reader.numbered_facts(self._session_id, _KINDS, after=self._seen, stream="frames"):
            self._seen = seq
            self._take(fact)
        self._seen = max(self._seen, head.seq)

    def _take(self, fact: f.AnyFact) -> None:
        match fact:
            case f.MatchFormed():
                first = next((who for who in fact.agents.values() if not who.startswith("policy:")), "")
                number = len(self._matches) + 1
                self._matches.setdefault(fact.match_id, _Match(fact, number, self._globals.get(first, {})))
            case f.Withdrawn() if fact.how == "removed":
                self._removed.add(fact.participant_id)
            case f.GlobalsSet():
                self._globals[fact.participant_id] = fact.values
            case f.MatchEnded() if fact.match_id in self._matches:
                self._matches[fact.match_id].ended = fact
            case f.MatchFlagged() if fact.match_id in self._matches:
                self._matches[fact.match_id].flags.append(fact)
            case f.PlayerDropped() if fact.match_id in self._matches:
                self._matches[fact.match_id].dropped.append(fact)
            case f.ChunkStored() if fact.stream == "frames" and str(fact.meta.get("match_id")) in self._matches:
                self._matches[str(fact.meta["match_id"])].take(fact)

    def _at_a_glance(self, match: _Match) -> dict[str, Any]:
        formed, ended = match.formed, match.ended
        game = self._games.get(formed.scene_id)
        return {
            "match_id": formed.match_id,
            "number": match.number,
            "scene_id": formed.scene_id,
            "scene": (game.content.scene_header or "") if game is not None else "",
            "state": self._state(match),
            "outcome": ended.outcome if ended is not None else "",
            "reason": self._shown(ended.reason) if ended is not None else "",
            "formed_at": formed.at,
            "ended_at": ended.at if ended is not None else "",
            "agents": [
                {"agent": agent, "who": self._who(who), "is_person": not who.startswith("policy:")}
                for agent, who in formed.agents.items()
            ],
            "episodes": [{"episode": number, "frames": match.frames[number]} for number in match.episodes],
            "flags": [{"flag": flag.flag, "detail": self._shown(flag.detail)} for flag in match.flags],
            "dropped": [{"agent": drop.agent, "reason": self._shown(drop.reason)} for drop in match.dropped],
        }

    def _state(self, match: _Match) -> str:
        return "over" if match.ended is not None else "live" if self._live else "unfinished"

    def _who(self, who: str) -> str:
        """Who acts for an agent; while staff that is blind may look on, a policy's name says no treatment."""
        is_policy = who.startswith("policy:")
        return (
            "policy"
            if is_policy and self._live and self._frozen.study.treatments.blind
            else who.removeprefix("policy:")
        )

    def _shown(self, text: str) -> str:
        return without(text, self._frozen.telling) if self._live else text

    def _game(self, match: _Match) -> GymGame | None:
        """The game of a match, under the treatment of its players."""
        found = (node for _, node in walk(self._frozen_of(match).study) if isinstance(node, GymGame))
        return next((game for game in found if game.scene_id == match.formed.scene_id), None)

    def _frozen_of(self, match: _Match) -> FrozenStudy:
        return self._frozen.under(str(match.formed.settings.get("treatment") or ""))

    def _content(self, game: GymGame, match: _Match) -> dict[str, Any]:
        frozen = self._frozen_of(match)
        return {
            "config": _plain(self._config(game, match)),
            "background": background(frozen.study, game),
            "asset_specs": list(preloaded(frozen.study, game)),
            "asset_roots": list(served_roots(frozen.study)),
            "assets_dir": game.assets.assets_dir,
            "assets_base_url": frozen.static_base,
            "animations": list(animations(game)),
            "first_objects": list(first_objects(game)),
        }

    def _config(self, game: GymGame, match: _Match) -> GameConfig:
        """The game as the first player's page had it."""
        formed = match.formed
        people = [who for who in formed.agents.values() if not who.startswith("policy:")]
        if is_multiplayer(game):
            people = [formed.agents[agent] for agent in human_agents(game) if agent in formed.agents] or people
        person = ParticipantState(
            ParticipantId(people[0] if people else ""), 0, "", "", mug_globals=dict(match.mug_globals)
        )
        return game_config(self._frozen_of(match), game, person, self._state_of(match))

    def _state_of(self, match: _Match) -> MatchState:
        formed = match.formed
        return MatchState(
            match_id=MatchId(formed.match_id),
            visit_id=VisitId(formed.visit_id),
            scene_id=SceneId(formed.scene_id),
            seed=formed.seed,
            agents=dict(formed.agents),
            visits={ParticipantId(who): VisitId(visit) for who, visit in formed.visits.items()},
            settings=dict(formed.settings),
        )


def _plain(config: GameConfig) -> dict[str, Any]:
    """A browser's numbers are exact only up to 2^53: seeds travel as decimal texts."""
    plain: dict[str, Any] = msgspec.to_builtins(dataclasses.asdict(config))
    for name in ("match_seed", "environment_seed"):
        if plain[name] is not None:
            plain[name] = str(plain[name])
    return plain
