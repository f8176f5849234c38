"""How good the data of a session are: figures for it and for each match, a word (good, look, bad) and the reasons."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from mug.records import facts as f
from mug.records.agreement import TrackComparison
from mug.records.episodes import EpisodeFrames, collect_episodes
from mug.records.history import MatchStory, SessionHistory, read_history
from mug.records.json_lines import read_lines
from mug.records.lines import EpisodeMark
from mug.records.matches import figures_of
from mug.records.quality_figures import Figures, MatchQuality, PersonQuality, SessionQuality
from mug.records.reader import RecordReader

__all__ = ["LIMITS", "Limit", "session_quality"]


@dataclass(frozen=True)
class Limit:
    """From where on a figure asks for a look, and from where on it is bad."""

    look: float
    bad: float


LIMITS: Final[Mapping[str, Limit]] = {
    "rollback_share": Limit(0.15, 0.40),
    "stall_share": Limit(0.02, 0.10),
    "unfocused_share": Limit(0.05, 0.25),
    "ping_p95_ms": Limit(150.0, 400.0),
}
"""Figures that are judged by their size. Shares are from 0 to 1."""

_MARKS: Final = (b'"match_desync"', b'"episode_ended"', b'"match_episode_agreed"')


def session_quality(records: Path, session_id: str) -> SessionQuality:
    """Measure a session from its records, without making its tables.

    Raises:
        RecordsError: The records cannot be read, or do not hold the session.
    """
    with RecordReader(records) as reader:
        return _Measuring(reader, read_history(reader, session_id)).run()


class _Line(msgspec.Struct):
    """What is taken from a line of the telemetry stream; other kinds of values make it a line without figures."""

    table: str | None = None
    match_id: str | None = None
    partner: str | None = None
    rtt_ms: float | None = None
    focused: bool | None = None
    visible: bool | None = None
    resimulated: int | None = None
    stalled_ms: float | None = None


_LINES: Final = msgspec.json.Decoder(_Line)


@dataclass
class _Sums:
    """What is added up over lines: of a visit, of a match, of the session."""

    pings: list[float] = field(default_factory=list)
    seconds: int = 0
    unfocused: int = 0
    again: int = 0
    stalled_ms: float = 0.0
    played_seconds: int = 0

    def add(self, other: "_Sums") -> None:
        self.pings += other.pings
        self.seconds += other.seconds
        self.unfocused += other.unfocused
        self.again += other.again
        self.stalled_ms += other.stalled_ms
        self.played_seconds += other.played_seconds

    def tell(self, figures: Figures, played_frames: int) -> None:
        """Set the figures; `played_frames`: of all players together."""
        if self.pings:
            median, p95 = np.percentile(self.pings, (50, 95))
            figures.ping_median_ms, figures.ping_p95_ms = round(float(median), 1), round(float(p95), 1)
        if self.seconds:
            figures.unfocused_share = self.unfocused / self.seconds
        if self.played_seconds:
            figures.stall_share = min(1.0, self.stalled_ms / (1000.0 * self.played_seconds))
            steps = played_frames + self.again
            figures.rollback_share = self.again / steps if steps else 0.0


class _Measuring:
    def __init__(self, reader: RecordReader, history: SessionHistory) -> None:
        self._reader, self._history = reader, history
        self._visits: dict[str, _Sums] = defaultdict(_Sums)
        self._games: dict[str, _Sums] = defaultdict(_Sums)

    def run(self) -> SessionQuality:
        history = self._history
        players = {match_id: match.participants for match_id, match in history.matches.items()}
        compare = TrackComparison(self._reader.find_body)
        episodes, problems = collect_episodes(history.chunks_of("frames"), players, compare)
        by_match: dict[str, list[EpisodeFrames]] = defaultdict(list)
        for episode in episodes:
            by_match[episode.match_id].append(episode)
            problems += [f"match {episode.match_id}, episode {episode.episode}: {text}" for text in episode.problems]
        desyncs = {match_id: sum(one.desyncs.values()) for match_id, one in figures_of(self._marks()).items()}
        self._read_telemetry()
        quality = SessionQuality(
            session_id=history.opened.session_id,
            head=self._reader.head.hash,
            is_open=history.ended is None,
            participants=len(history.participants),
            withdrawn=len(history.withdrawn),
            problems=problems,
        )
        total, played = _Sums(), 0
        for visit in self._visits.values():
            total.add(visit)
        for match_id, match in history.matches.items():
            own = self._match(match, by_match[match_id], desyncs.get(match_id, 0))
            quality.matches.append(own)
            total.add(self._games[match_id])
            played += own.frames * max(1, len(match.participants))
            for name in ("frames", "missing_frames", "desyncs", "disagreeing"):
                setattr(quality, name, getattr(quality, name) + getattr(own, name))
        total.tell(quality, played)
        self._people(quality)
        self._judge_session(quality)
        return quality

    # ------------------------------------------------------------------ what is read

    def _marks(self) -> Iterator[EpisodeMark]:
        for chunk in self._history.chunks_of("event"):
            body = self._reader.find_body(chunk.sha256) or b""
            for line in body.splitlines() if any(mark in body for mark in _MARKS) else ():
                row = next(read_lines(line), "") if any(mark in line for mark in _MARKS) else ""
                if isinstance(row, dict) and isinstance(row.get("name"), str):
                    yield EpisodeMark(chunk.participant_id, row)

    def _read_telemetry(self) -> None:
        for chunk in self._history.chunks_of("telemetry"):
            partners: dict[str, str] = {}
            for line in (self._reader.find_body(chunk.sha256) or b"").splitlines():
                if b'"ticks"' in line:
                    continue
                try:
                    row = _LINES.decode(line)
                except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                    continue  # an export tells of lines that cannot be read
                if row.table is None:
                    self._add_second(self._visits[chunk.visit_id], row)
                # With several partners each second has several lines; what the game did stands in each of them.
                elif (
                    row.table == "network"
                    and row.match_id is not None
                    and partners.setdefault(row.match_id, row.partner or "") == (row.partner or "")
                ):
                    sums = self._games[row.match_id]
                    sums.played_seconds += 1
                    sums.again += max(0, row.resimulated or 0)
                    sums.stalled_ms += max(0.0, row.stalled_ms or 0.0)

    @staticmethod
    def _add_second(sums: _Sums, row: _Line) -> None:
        if row.rtt_ms is not None:
            sums.pings.append(row.rtt_ms)
        if row.focused is not None or row.visible is not None:
            sums.seconds += 1
            sums.unfocused += row.focused is False or row.visible is False

    # ------------------------------------------------------------------ what is said

    def _match(self, match: MatchStory, episodes: list[EpisodeFrames], desyncs: int) -> MatchQuality:
        formed = match.formed
        quality = MatchQuality(
            match_id=formed.match_id,
            scene_id=formed.scene_id,
            participants=match.participants,
            formed_at=formed.at,
            outcome=match.ended.outcome if match.ended else "",
            ended=match.ended is not None,
            episodes=len(episodes),
            flags=tuple(dict.fromkeys(flag.flag for flag in match.flags)),
            frames=sum(episode.frames for episode in episodes),
            missing_frames=sum(last - first + 1 for episode in episodes for first, last in episode.gaps),
            dropouts=len({drop.participant_id for drop in match.dropped}),
            exclusions=sum(self._outcome(who) == "excluded" for who in match.participants),
            desyncs=desyncs,
            disagreeing=sum(bool(episode.differences) for episode in episodes),
        )
        sums = _Sums()
        for visit_id in match.visits:
            sums.add(self._visits[visit_id])
        sums.add(self._games[formed.match_id])
        sums.tell(quality, quality.frames * max(1, len(match.participants)))
        _judge(quality)
        if quality.outcome in ("failed", "refused", "void"):
            quality.say("bad", f"The match ended as {quality.outcome}{_because(match)}.")
        elif quality.outcome in ("abandoned", "restarted", "partner_left"):
            quality.say("look", f"The match ended as {quality.outcome.replace('_', ' ')}{_because(match)}.")
        return quality

    def _outcome(self, participant_id: str) -> str:
        story = self._history.participants.get(participant_id)
        return story.finished.outcome if story is not None and story.finished is not None else ""

    def _people(self, quality: SessionQuality) -> None:
        history = self._history
        outcomes = [self._outcome(who) for who in history.participants]
        quality.complete = outcomes.count("complete")
        quality.exclusions = outcomes.count("excluded")
        quality.dropouts = outcomes.count("technical") + (outcomes.count("") if history.ended is not None else 0)
        errors = Counter(
            one.fact.participant_id for one in history.server_events if isinstance(one.fact, f.ErrorReported)
        )
        quality.errors = errors.total()
        quality.people = [self._person(who, errors[who]) for who in history.participants]

    def _person(self, participant_id: str, errors: int) -> PersonQuality:
        history = self._history
        story = history.participants[participant_id]
        visits = [visit_id for visit_id, visit in history.visits.items() if visit.participant_id == participant_id]
        sums, figures = _Sums(), Figures()
        for visit_id in visits:
            sums.add(self._visits.get(visit_id, _Sums()))
        sums.tell(figures, 0)
        tombstone = history.withdrawn.get(participant_id)
        return PersonQuality(
            participant_id=participant_id,
            joined_at=story.joined.at,
            outcome=self._outcome(participant_id),
            reason=story.finished.reason if story.finished is not None else "",
            visits=len(visits),
            matches=sum(participant_id in match.participants for match in history.matches.values()),
            errors=errors,
            unfocused_share=figures.unfocused_share,
            ping_median_ms=figures.ping_median_ms,
            withdrawn=tombstone.how if tombstone is not None else "",
        )

    def _judge_session(self, quality: SessionQuality) -> None:
        _judge(quality)
        if quality.errors:
            quality.say("look", f"{_count(quality.errors, 'error')} reported by participants' pages.")
        if quality.problems:
            quality.say("look", f"{_count(len(quality.problems), 'problem')} with what pages recorded.")
        for verdict, words in (("bad", "bad"), ("look", "worth a look")):
            found = sum(match.verdict == verdict for match in quality.matches)
            if found:
                quality.say(verdict, f"{_count(found, 'match', 'matches')} {'is' if found == 1 else 'are'} {words}.")


def _judge(quality: Figures) -> None:
    """Give the reasons that hold for a session and for a match alike."""
    if quality.missing_frames:
        quality.say("bad", f"{_count(quality.missing_frames, 'frame')} recorded by nobody.")
    if quality.disagreeing:
        quality.say("bad", f"{_count(quality.disagreeing, 'episode')} with records that are not alike.")
    if quality.desyncs:
        quality.say("bad", f"{_count(quality.desyncs, 'state')} not the same on the players' computers.")
    if quality.dropouts:
        quality.say("look", f"{_count(quality.dropouts, 'participant')} lost.")
    if quality.exclusions:
        quality.say("look", f"{_count(quality.exclusions, 'participant')} excluded.")
    for name, words in (
        ("rollback_share", "of the steps were made again with a partner's true input"),
        ("stall_share", "of the time the game waited for a partner"),
        ("unfocused_share", "of the seconds a page was hidden or without the keyboard"),
    ):
        share = getattr(quality, name)
        if (verdict := _verdict(name, share)) != "good":
            quality.say(verdict, f"{share:.0%} {words}.")
    if (verdict := _verdict("ping_p95_ms", quality.ping_p95_ms)) != "good":
        quality.say(verdict, f"Pings of {quality.ping_p95_ms:.0f} ms and more (95th percentile).")


def _verdict(name: str, value: float | None) -> str:
    limit = LIMITS[name]
    if value is None or value < limit.look:
        return "good"
    return "look" if value < limit.bad else "bad"


def _because(match: MatchStory) -> str:
    return f": {match.ended.reason}" if match.ended is not None and match.ended.reason else ""


def _count(number: int, one: str, several: str = "") -> str:
    return f"{number:,} {one if number == 1 else several or one + 's'}"
