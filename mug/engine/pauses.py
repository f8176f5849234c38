"""Pauses: who is paused, alone or with everybody; what waits for them meanwhile; what their pages are told."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from mug.engine.clock import ms_of
from mug.engine.live import Core
from mug.engine.matches import Matches
from mug.engine.pause_news import pause_news
from mug.engine.state import ParticipantState
from mug.engine.waiting import Waiting
from mug.ids import ParticipantId

__all__ = ["Pauses"]


class Pauses:
    """Nobody's time runs while they are paused: neither in a waitroom, nor when a partner is lost or comes back."""

    def __init__(self, core: Core, matches: Matches, waiting: Waiting) -> None:
        self._core = core
        self._matches = matches
        self._waiting = waiting

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Around what may pause people, or let them go on: waitrooms and matches hear of it."""
        core = self._core
        before = {who: p.paused_since for who, p in core.state.participants.items() if p.paused_since}
        yield
        after = {who for who, p in core.state.participants.items() if p.paused_since}
        now_ms = core.clock.now_ms()
        self._waiting.paused(sorted(after - before.keys()))
        gone_on = sorted(before.keys() - after)
        self._matches.gone_on({who: max(now_ms - ms_of(before[who]), 0.0) for who in gone_on})
        self._waiting.gone_on(gone_on)
        core.changed.update(after ^ before.keys())

    def together(self, people: Sequence[ParticipantState], how: str, *, paused: bool) -> dict[str, str]:
        """The others in the games of `people` who are (or are not) paused themselves, and with whom they play."""
        chosen = {participant.participant_id for participant in people}
        found: dict[str, str] = {}
        for participant in people:
            for other in self._matches.players_with(participant):
                if other not in chosen and bool(self._core.state.participants[other].paused_by) == paused:
                    found.setdefault(other, f"plays with {participant.participant_id}: {how}")
        return found

    def tell_everybody(self) -> None:
        """The stage changed: every page hears whether it is paused now, if that may be news."""
        for who in tuple(self._core.owner.values()):
            self.tell(who)

    def tell(self, who: ParticipantId) -> None:
        """Tell a page whether it is paused, if it ever was."""
        self._core.after_commit(*pause_news(self._core, self._core.state.participants[who]))
