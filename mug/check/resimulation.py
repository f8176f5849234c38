"""Stepping a session's matches again in the Python that stepped them, and comparing every row with what is recorded.

That is the browser's, under Node; or, for games that the server steps, this one, in a process of its own. It is the
strictest proof of a record: the same program, the same packages and the same arithmetic must give the same
rows from nothing but the seeds and the actions.
"""

import argparse
import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mug.check.environments import child_variables, trial_config, with_generated
from mug.check.pyodide import DATA_FOLDER, STUDY_FOLDER, run_in_pyodide
from mug.check.together import LOCK_FILE
from mug.errors import MugError
from mug.play.config import GameConfig
from mug.records import facts as f
from mug.records.errors import RecordsError
from mug.records.history import MatchStory, SessionHistory, read_history
from mug.records.places import records_path
from mug.records.reader import RecordReader
from mug.records.scratch import ScratchFolder
from mug.runtime import PreparedRuntime, prepare_study
from mug.study.hashing import content_hash
from mug.study.loading import LoadedStudy, load
from mug.study.model import GymGame
from mug.study.multiplayer import is_multiplayer, runs_on_server
from mug.study.treatments import every_version

__all__ = ["Resimulated", "resimulate_main", "resimulate_session"]


@dataclass(frozen=True)
class Resimulated:
    """One match that was stepped again. `problem`: what differs, in words; empty when every row is equal.

    `skipped`: why it was not stepped again.
    """

    match_id: str
    recorder: str
    episodes: int = 0
    frames: int = 0
    hashes: int = 0
    problem: str = ""
    skipped: str = ""


def resimulate_session(
    loaded: LoadedStudy,
    prepared: PreparedRuntime | None,
    records: Path,
    session_id: str,
    *,
    tell: Callable[[str], None] | None = None,
) -> list[Resimulated]:
    """Step every match of a session again, each player's record for itself.

    Args:
        loaded: The study, as the session ran it.
        prepared: The packages of its games in browsers; None: it has none.
        records: The file of records.
        session_id: The session.
        tell: Told what is being done.

    Raises:
        RecordsError: The records cannot be read, or the session ran another study.
        NodeError: There is no Node, or Python did not start in it.
    """
    with RecordReader(records) as reader:
        history = read_history(reader, session_id)
        if history.opened.study_hash != content_hash(loaded.study):
            raise RecordsError(
                f"session {session_id} did not run this study: its content hash is {history.opened.study_hash[:16]}…, "
                f"that of {loaded.source} is {content_hash(loaded.study)[:16]}…; take the study as it was"
            )
        games: dict[tuple[str, str], GymGame] = {
            (treatment, node.scene_id): node
            for treatment, _, node in every_version(loaded.study)
            if isinstance(node, GymGame)
        }
        in_browsers, on_server = _Plays(), _Plays()
        skipped: list[Resimulated] = []
        gone = {who for who, tombstone in history.withdrawn.items() if tombstone.how == "removed"}
        for story in history.matches.values():
            own = str(story.formed.settings.get("treatment") or ""), story.formed.scene_id
            game = games.get(own) or games.get(("", story.formed.scene_id))
            if game is None:
                continue
            if out := sorted(gone & set(story.participants)):
                why = f"{' and '.join(out)} withdrew, so that their actions are not known any more"
                skipped.append(Resimulated(story.formed.match_id, "", skipped=why))
                continue
            plays = on_server if runs_on_server(game) else in_browsers
            for recorder, chunks in _tracks(history, story.formed.match_id).items():
                bodies = {f"{chunk.sha256}.chunk": reader.body(chunk.sha256) for chunk in chunks}
                plays.add("the server" if runs_on_server(game) else recorder, _config(loaded, game, story), bodies)
    results = skipped
    if in_browsers.matches and prepared is not None:
        spec = {"root": STUDY_FOLDER, "matches": in_browsers.spec(DATA_FOLDER)}
        pages = [game for game in games.values() if not runs_on_server(game)]
        answers = run_in_pyodide(
            loaded, pages, prepared, "mug.play.resimulate:resimulate_in_page", spec, data=in_browsers.data, tell=tell
        )
        results += map(_result, answers, in_browsers.recorders)
    if on_server.matches:
        if tell is not None:
            tell("stepping the matches again that the server had stepped")
        results += map(_result, _stepped_here(loaded, on_server), on_server.recorders)
    return results


@dataclass
class _Plays:
    """Matches to step again, with the bodies of their chunks by file name."""

    matches: list[tuple[GameConfig, list[str]]] = field(default_factory=list)
    recorders: list[str] = field(default_factory=list)
    data: dict[str, bytes] = field(default_factory=dict)

    def add(self, recorder: str, config: GameConfig, bodies: dict[str, bytes]) -> None:
        """Add one recorder's copy of a match."""
        self.matches.append((config, list(bodies)))
        self.recorders.append(recorder)
        self.data.update(bodies)

    def spec(self, folder: str) -> list[dict[str, Any]]:
        """Return the matches for whoever steps them, with their chunks in `folder`."""
        return [
            {"config": dataclasses.asdict(config), "chunks": [f"{folder}/{name}" for name in names]}
            for config, names in self.matches
        ]


def _stepped_here(loaded: LoadedStudy, plays: _Plays) -> list[dict[str, Any]]:
    """Step matches again in a child of this Python."""
    with ScratchFolder("verify") as text:
        folder = Path(text)
        for name, body in plays.data.items():
            (folder / name).write_bytes(body)
        plays.matches = [(with_generated(config, loaded, folder), names) for config, names in plays.matches]
        spec, out = folder / "spec.json", folder / "out.json"
        content = {
            "root": str(loaded.folder.absolute()),
            "paths": [str(loaded.working_directory.absolute())],
            "matches": plays.spec(text),
        }
        spec.write_text(json.dumps(content), encoding="utf-8")
        child = subprocess.run(
            [sys.executable, "-m", "mug.check.stepped_again", str(spec), str(out)],
            cwd=loaded.folder,
            env={**os.environ, **child_variables()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        if not out.exists():
            raise RecordsError(f"stepping the matches again ended Python itself:\n{child.stdout.strip()[-2000:]}")
        answers: list[dict[str, Any]] = json.loads(out.read_text(encoding="utf-8"))
        return answers


def resimulate_main(args: argparse.Namespace) -> int:
    """The part of ``mug verify`` that needs the study; returns 0 when every row came again, else 1."""

    def tell(text: str) -> None:
        sys.stderr.write(f"… {text}\n")

    try:
        loaded = load(args.study, ())
        nodes = [node for _, _, node in every_version(loaded.study)]
        games = [node for node in nodes if isinstance(node, GymGame) and not runs_on_server(node)]
        wanted = tuple(dict.fromkeys(package for game in games for package in game.runtime.packages_to_install))
        prepared = prepare_study(wanted, lock_path=loaded.folder / LOCK_FILE) if games else None
        path = records_path(args.data, args.experiment, args.pilot)
        with RecordReader(path) as reader:
            sessions = [head.session_id for head in reader.sessions() if args.session in (None, head.session_id)]
        results = [
            result for session in sessions for result in resimulate_session(loaded, prepared, path, session, tell=tell)
        ]
    except MugError as error:
        sys.stderr.write(f"mug verify: {error}\n")
        return 1
    for result in results:
        if result.skipped:
            sys.stdout.write(f"match {result.match_id}: not stepped again: {result.skipped}\n")
            continue
        of = f"match {result.match_id}, recorded by {result.recorder}"
        if result.problem:
            sys.stdout.write(f"{of}: {result.problem} [not_reproduced]\n")
        else:
            frames = f"{result.frames:,} frames in {result.episodes} episodes, {result.hashes} state hashes"
            sys.stdout.write(f"{of}: stepped again, equal ({frames})\n")
    return 1 if any(result.problem for result in results) else 0


def _tracks(history: SessionHistory, match_id: str) -> dict[str, list[f.ChunkStored]]:
    """What each player's page sent of a match, in order; frames that it sent again after a reload count once."""
    tracks: dict[str, dict[tuple[int, int], f.ChunkStored]] = {}
    for chunk in history.chunks_of("frames"):
        if chunk.meta.get("match_id") == match_id:
            place = int(chunk.meta["episode"]), int(chunk.meta["first"])
            tracks.setdefault(chunk.participant_id, {}).setdefault(place, chunk)
    return {who: [found[place] for place in sorted(found)] for who, found in tracks.items()}


def _config(loaded: LoadedStudy, game: GymGame, story: MatchStory) -> GameConfig:
    changes: dict[str, Any] = {"match_id": story.formed.match_id, "match_seed": story.formed.seed}
    if runs_on_server(game):
        changes |= {"mug_globals": dict(story.formed.settings.get("mug_globals") or {})}
    elif is_multiplayer(game):
        changes |= {"players": story.players, "human_agents": story.players[:1]}
        changes |= {"mug_globals": dict(story.formed.settings.get("mug_globals") or {})}
    return dataclasses.replace(trial_config(loaded, game), **changes)


def _result(answer: dict[str, Any], recorder: str) -> Resimulated:
    if "error" in answer:
        return Resimulated(answer["match_id"], recorder, problem=answer["error"])
    difference = answer["difference"]
    problem = ""
    if difference is not None:
        problem = (
            f"stepping it again gave another {difference['column']} in episode {difference['episode']}, frame "
            f"{difference['frame']}: recorded {difference['recorded']}, now {difference['again']}"
        )
    return Resimulated(answer["match_id"], recorder, answer["episodes"], answer["frames"], answer["hashes"], problem)
