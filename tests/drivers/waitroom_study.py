"""Studies for tests of waiting: the small world behind a waitroom, and pages that need no Python to get into it."""

import copy
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomlkit

from mug.records import RecordReader, records_path
from mug.records import facts as f
from tests.drivers.browser_driver import ParticipantDriver
from tests.drivers.pair_study import LOCKS, write_pair_study

__all__ = ["Waits", "waits", "without_python", "write_waitroom_study"]


def write_waitroom_study(
    folder: Path,
    *,
    people: int = 2,
    group_order: bool = False,
    waitroom: Mapping[str, Any] | None = None,
    matchmaking: Mapping[str, Any] | None = None,
    **pair_study: Any,
) -> Path:
    """Write a study whose game waits for partners; after it comes the page `alone`, then the end.

    Args:
        folder: Made; the study's folder.
        people: How many make a group.
        group_order: Two such games, in an order that the group draws: people then wait before the first game, on a page
            that needs nothing of the game.
        waitroom: Fields of the game's section of this name.
        matchmaking: Likewise.
        pair_study: More for `write_pair_study`.
    """
    write_pair_study(folder, players=people, **pair_study)
    file = folder / "study.toml"
    document = tomlkit.parse(file.read_text(encoding="utf-8")).unwrap()
    chain = document["chain"]
    [place] = [number for number, node in enumerate(chain) if node["kind"] == "gym_game"]
    game = chain[place]
    game["waitroom"] = dict(waitroom or {})
    game["matchmaking"] = dict(matchmaking or {})
    if group_order:
        again = copy.deepcopy(game) | {"scene_id": "points_again"}
        chain[place] = {"kind": "randomize_order", "scenes": [game, again]}
        if (lock := LOCKS / f"two_games_of_{people}.json").exists():
            shutil.copy(lock, folder / "study.lock.json")
    chain.insert(place + 1, {"kind": "static_page", "scene_id": "alone", "scene_header": "Some questions"})
    file.write_text(tomlkit.dumps(document), encoding="utf-8")
    return folder


def without_python(person: ParticipantDriver) -> None:
    """Let this page's Python never arrive: it waits and is matched all the same, and takes a fraction of the memory."""
    person.context.route(re.compile(r"/_mug/runtime/"), lambda _route: None)


@dataclass
class Waits:
    """What the journal holds of waiting, in order."""

    probes: list[f.PairProbed] = field(default_factory=list)
    groups: list[f.GroupFormed] = field(default_factory=list)
    matches: list[f.MatchFormed] = field(default_factory=list)
    finished: dict[str, f.ParticipantFinished] = field(default_factory=dict)

    def probed(self, *people: str) -> list[f.PairProbed]:
        """The measurements of one pair."""
        return [probe for probe in self.probes if set(probe.participants) == set(people)]

    @property
    def grouped(self) -> list[frozenset[str]]:
        """Who was put together with whom."""
        return [frozenset(group.members) for group in self.groups]


def waits(data_dir: Path, experiment: str = "points") -> Waits:
    """Read the journal; may be called while the server runs."""
    found = Waits()
    with RecordReader(records_path(data_dir, experiment)) as reader:
        for head in reader.sessions():
            for fact in reader.facts(head.session_id):
                match fact:
                    case f.PairProbed():
                        found.probes.append(fact)
                    case f.GroupFormed():
                        found.groups.append(fact)
                    case f.MatchFormed():
                        found.matches.append(fact)
                    case f.ParticipantFinished():
                        found.finished[fact.participant_id] = fact
    return found
