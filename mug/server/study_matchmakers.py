"""The matchmakers that a study names: MUG's own go into the engine, a study's own are called on the call pool."""

from collections.abc import Mapping
from typing import Any, Final

from mug.study.errors import CallableError
from mug.study.loading import LoadedStudy
from mug.study.matchmaking import (
    FIFOMatchmaker,
    GroupHistory,
    GroupReunionMatchmaker,
    LatencyFIFOMatchmaker,
    MatchCandidate,
    Matchmaker,
    StrangersMatchmaker,
)
from mug.study.model import GymGame
from mug.study.treatments import every_version
from mug.study.waitrooms import matchmaker_of

__all__ = ["StudyMatchmakers", "built_in_matchmakers"]

_BUILT_IN: Final = (FIFOMatchmaker, LatencyFIFOMatchmaker, GroupReunionMatchmaker, StrangersMatchmaker)


def built_in_matchmakers(loaded: LoadedStudy) -> dict[str, Matchmaker]:
    """Return the matchmakers of MUG's own that the study's games name, by their references.

    Only classes and objects are looked at; a function of the study's is not called here.
    """
    found: dict[str, Matchmaker] = {}
    for _, _, node in every_version(loaded.study):
        ref = matchmaker_of(node) if isinstance(node, GymGame) else None
        if ref is None or ref in found:
            continue
        named: object = loaded.resolve_callable(ref)
        if isinstance(named, type) and named in _BUILT_IN:
            named = _made(ref, named)
        if isinstance(named, Matchmaker) and type(named) in _BUILT_IN:
            found[ref] = named
    return found


class StudyMatchmakers:
    """Calls a study's own matchmakers; used on the call pool's threads only."""

    def __init__(self, loaded: LoadedStudy) -> None:
        self._loaded = loaded
        self._known: dict[str, Matchmaker] = {}

    def find_match(self, ref: str, context: Mapping[str, Any]) -> dict[str, Any]:
        """Ask for a group; the answer names its members, and says how their connections are judged."""
        matchmaker = self._matchmaker(ref)
        arriving = _candidate(context["arriving"])
        waiting = [_candidate(told) for told in context["waiting"]]
        group = matchmaker.find_match(arriving, waiting, context["group_size"])
        return {
            "group": None if group is None else [member.subject_id for member in group],
            "max_p2p_rtt_ms": matchmaker.max_p2p_rtt_ms,
            "judges": type(matchmaker).should_reject_for_rtt is not Matchmaker.should_reject_for_rtt,
        }

    def rejects(self, ref: str, context: Mapping[str, Any]) -> list[bool]:
        """Ask of each measured round trip whether the pair is refused for it."""
        matchmaker = self._matchmaker(ref)
        return [bool(matchmaker.should_reject_for_rtt(rtt_ms)) for rtt_ms in context["rtts"]]

    def _matchmaker(self, ref: str) -> Matchmaker:
        known = self._known.get(ref)
        if known is None:
            known = self._known[ref] = _made(ref, self._loaded.resolve_callable(ref))
        return known


def _made(ref: str, named: Any) -> Matchmaker:
    """Return the matchmaker itself, or what the class or function makes."""
    if not isinstance(named, Matchmaker) and callable(named):
        try:
            named = named()
        except TypeError as error:
            raise CallableError(ref, f"{ref!r} makes no matchmaker without arguments: {error}") from error
    if not isinstance(named, Matchmaker):
        raise CallableError(ref, f"{ref!r} gives a {type(named).__name__}, not a mug.server.matchmaker.Matchmaker")
    return named


def _candidate(told: Mapping[str, Any]) -> MatchCandidate:
    past = told["group_history"]
    return MatchCandidate(
        subject_id=told["subject_id"],
        rtt_ms=told["rtt_ms"],
        group_history=None if past is None else GroupHistory(**past),
        waited_ms=told["waited_ms"],
    )
