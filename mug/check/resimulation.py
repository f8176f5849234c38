"""Stepping a session's matches again in the browser's Python, and comparing every row with what is recorded.

It is the strictest proof of a record: the same program, the same packages and the same arithmetic must give the same
rows from nothing but the seeds and the actions.
"""

import argparse
import dataclasses
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mug.check.environments import trial_config
from mug.check.pyodide import DATA_FOLDER, STUDY_FOLDER, run_in_pyodide
from mug.check.together import LOCK_FILE
from mug.errors import MugError
from mug.records import facts as f
from mug.records.errors import RecordsError
from mug.records.history import MatchStory, SessionHistory, read_history
from mug.records.places import records_path
from mug.records.reader import RecordReader
from mug.runtime import PreparedRuntime, prepare_study
from mug.study.hashing import content_hash
from mug.study.loading import LoadedStudy, load
from mug.study.model import GymGame
from mug.study.multiplayer import is_multiplayer
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
    prepared: PreparedRuntime,
    records: Path,
    session_id: str,
    *,
    tell: Callable[[str], None] | None = None,
) -> list[Resimulated]:
    """Step every match of a session again, each player's record for itself.

    Args:
        loaded: The study, as the session ran it.
        prepared: Its packages.
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
        plays: list[dict[str, Any]] = []
        recorders: list[str] = []
        data: dict[str, bytes] = {}
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
            for recorder, chunks in _tracks(history, story.formed.match_id).items():
                names = [f"{chunk.sha256}.chunk" for chunk in chunks]
                data.update({name: reader.body(chunk.sha256) for name, chunk in zip(names, chunks, strict=True)})
                config = dataclasses.asdict(_config(loaded, game, story))
                plays.append({"config": config, "chunks": [f"{DATA_FOLDER}/{name}" for name in names]})
                recorders.append(recorder)
    if not plays:
        return skipped
    spec = {"root": STUDY_FOLDER, "matches": plays}
    answers = run_in_pyodide(
        loaded, games.values(), prepared, "mug.play.resimulate:resimulate_in_page", spec, data=data, tell=tell
    )
    return [*skipped, *(_result(answer, recorder) for answer, recorder in zip(answers, recorders, strict=True))]


def resimulate_main(args: argparse.Namespace) -> int:
    """The part of ``mug verify`` that needs the study; returns 0 when every row came again, else 1."""

    def tell(text: str) -> None:
        sys.stderr.write(f"… {text}\n")

    try:
        loaded = load(args.study, ())
        games = [node for _, _, node in every_version(loaded.study) if isinstance(node, GymGame)]
        wanted = tuple(dict.fromkeys(package for game in games for package in game.runtime.packages_to_install))
        prepared = prepare_study(wanted, lock_path=loaded.folder / LOCK_FILE)
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


def _config(loaded: LoadedStudy, game: GymGame, story: MatchStory) -> Any:
    changes: dict[str, Any] = {"match_id": story.formed.match_id, "match_seed": story.formed.seed}
    if is_multiplayer(game):
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
