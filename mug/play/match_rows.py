"""Rows of a match: kept aside while their frame may still change, recorded once it is confirmed."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mug.play.encoding import encode
from mug.play.recorder import RecordedChunk, Recorder, Row

__all__ = ["Check", "MatchRows"]


@dataclass(frozen=True)
class Check:
    """What peers compare after a confirmed frame: the state's hash, or, where it has none, the rows' digest."""

    frame: int
    value: str


class MatchRows:
    """One episode's rows on their way to the recorder.

    Args:
        recorder: Gets the rows of confirmed frames, in order.

    Attributes:
        next_confirmed: The first frame that is not recorded yet.
        rewards: Sums over the recorded rows, by agent.
        observations: What each agent saw after the last recorded row (before the first: at the reset).
    """

    def __init__(self, recorder: Recorder, observations: Mapping[str, Any]) -> None:
        self.recorder = recorder
        self.next_confirmed = 0
        self.rewards = dict.fromkeys(recorder.agents, 0.0)
        self.observations = observations
        self._open: dict[int, tuple[Row, Mapping[str, Any]]] = {}
        self._unchecked: list[Row] = []
        self._last_check = ""

    def add(self, row: Row, observations: Mapping[str, Any]) -> None:
        """Keep the row of a frame that was just stepped, with what the agents saw afterwards.

        A rollback goes to a saved state before the first wrong frame: what is recorded already comes again, as it was.
        """
        if row.frame >= self.next_confirmed:
            self._open[row.frame] = (row, observations)

    def void(self, frame: int) -> None:
        """Forget the rows from `frame` on that are not recorded: they are about to be stepped again."""
        for later in [known for known in self._open if known >= frame]:
            del self._open[later]

    def confirm(self, last: int, *, ended: bool) -> tuple[list[RecordedChunk], list[Check]]:
        """Record the rows up to frame `last`.

        Args:
            last: The last confirmed frame.
            ended: The episode is over with the newest row.

        Returns:
            The chunks that were finished, and what is to be compared with the partners.
        """
        chunks: list[RecordedChunk] = []
        checks: list[Check] = []
        while self.next_confirmed <= last and self.next_confirmed in self._open:
            row, self.observations = self._open.pop(self.next_confirmed)
            chunks += self.recorder.add(row)
            for agent, reward in row.rewards.items():
                self.rewards[agent] += reward
            self._unchecked.append(row)
            self.next_confirmed += 1
            at_end = ended and not self._open
            if row.state_hash is not None or at_end or self.next_confirmed % self.recorder.fps == 0:
                checks.append(Check(row.frame, self._check(row)))
        return chunks, checks

    def finish(self) -> list[RecordedChunk]:
        """Cut what is recorded and not cut yet."""
        return self.recorder.finish()

    def _check(self, row: Row) -> str:
        rows, self._unchecked = self._unchecked, []
        if row.state_hash is not None:
            self._last_check = row.state_hash
        else:
            parts = [
                (r.frame, r.statuses, r.actions, r.rewards, r.terminated, r.truncated, r.observations, r.infos)
                for r in rows
            ]
            told = encode((self._last_check, parts, self.observations))
            self._last_check = "rows:" + hashlib.blake2b(told, digest_size=16).hexdigest()
        return self._last_check
