"""One episode's frames: which are stepped, which inputs they were stepped with, what has to be stepped again.

The order of work in a tick is GGRS's: repair what was guessed wrongly, save, step. A state that is saved for frame f is
the one before f's inputs.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from mug.play.rollback.inputs import NEVER, InputQueue
from mug.play.rollback.requests import Advance, Load, Request, Save

__all__ = ["Repair", "Timeline"]


@dataclass(frozen=True, slots=True)
class Repair:
    """How much a rollback costs.

    Attributes:
        depth: Frames that were wrong.
        steps: Frames that are stepped again: `depth`, and those since the saved state.
    """

    depth: int
    steps: int


class Timeline:
    """The frames of one episode.

    Args:
        queues: One input queue a player, in the match's order.
        default: The input of a player who is out.
        window: Frames that may be stepped beyond the last one whose inputs are all held.
        interval: Largest distance of saved states.

    Attributes:
        frame: The next frame to step.
        stepped: The next frame that was never stepped; above `frame` while the world has ended before it.
        ended: The world has ended with frame `frame - 1` (speculatively, until that frame is confirmed).
        confirmed: The last confirmed frame whose rollback has run; -1: none.
    """

    def __init__(self, queues: Sequence[InputQueue], default: bytes, *, window: int, interval: int) -> None:
        self.queues = tuple(queues)
        self.frame = 0
        self.stepped = 0
        self.ended = False
        self.confirmed = -1
        self._default = default
        self._window = window
        self._interval = interval
        self._cuts = [NEVER] * len(self.queues)
        self._wrong_cut = NEVER
        self._saved: list[int] = []
        self._oldest = 0
        self._awaited = False

    @property
    def held(self) -> int:
        """The last frame for which every player's input is held here."""
        held = NEVER
        for queue, cut in zip(self.queues, self._cuts, strict=True):
            if cut == NEVER and queue.last < held:
                held = queue.last
        return held

    @property
    def wrong(self) -> int:
        """The first frame that was stepped with other inputs than it should; `NEVER`: none."""
        wrong = self._wrong_cut
        for queue in self.queues:
            if queue.wrong < wrong:
                wrong = queue.wrong
        return wrong

    @property
    def awaited(self) -> bool:
        """Requests are out whose execution was not told yet."""
        return self._awaited

    @property
    def saved(self) -> Sequence[int]:
        """The frames whose states are kept."""
        return self._saved

    def cut_of(self, player: int) -> int:
        """Return the last frame with the player's own input; `NEVER` for who is in the match."""
        return self._cuts[player]

    def cut(self, player: int, last: int) -> None:
        """Take a player out after frame `last`; what was stepped beyond is to be stepped again."""
        self._cuts[player] = last
        self.queues[player].cut(last)
        if last + 1 < self.stepped:
            self._wrong_cut = min(self._wrong_cut, last + 1)

    def may_step(self) -> bool:
        """Whether the next frame is inside the window."""
        return self.frame - self.held <= self._window

    def repair(self, requests: list[Request]) -> Repair | None:
        """Append the rollback that is due; None when there is none."""
        wrong = self.wrong
        if wrong == NEVER:
            return None
        if wrong >= self.frame:
            # The world has ended before that frame: it was stepped in a branch that is void already.
            self._wrong_cut = NEVER
            return None
        place = bisect_right(self._saved, wrong) - 1
        start = self._saved[place]
        del self._saved[place + 1 :]
        requests.append(Load(start))
        self._forget_guesses()
        # No later rollback but one to a cut begins before this frame.
        first_guess = self.held + 1
        for frame in range(start, self.stepped):
            if frame > start and (frame % self._interval == 0 or frame == first_guess):
                self._save(frame, requests)
            requests.append(self._advance(frame, again=True))
        self._awaited = True
        return Repair(depth=self.frame - wrong, steps=self.stepped - start)

    def step(self, requests: list[Request], *, interval: int | None = None) -> None:
        """Append the next frame.

        Args:
            requests: Gets it.
            interval: Distance of saved states instead of the episode's, where frames cannot have been guessed; the
                first one that may be is saved whatever the distance.
        """
        frame = self.stepped
        if frame % (interval or self._interval) == 0 or (interval is not None and frame == self.held + 1):
            self._save(frame, requests)
        requests.append(self._advance(frame, again=False))
        self.stepped = frame + 1
        self._awaited = True

    def executed(self, frame: int, ended: bool) -> None:
        """Take note of what became of the requests.

        Args:
            frame: The next frame to step.
            ended: The world has ended with the frame before it.
        """
        if not 0 <= frame <= self.stepped or (frame < self.stepped and not ended):
            raise ValueError(f"frame {frame} cannot be next: {self.stepped} frames were asked for")
        self._awaited = False
        self.frame = frame
        self.ended = ended
        if frame < self.stepped:
            for queue in self.queues:
                queue.forget_guesses_from(frame)
        # States after the end were not saved.
        del self._saved[bisect_left(self._saved, frame) :]

    def confirm(self, limit: int) -> None:
        """Confirm frames up to `limit`, as far as they are stepped, and stepped rightly."""
        if self._awaited:
            return
        last = min(limit, self.frame - 1, self.wrong - 1)
        if last <= self.confirmed:
            return
        self.confirmed = last
        place = bisect_right(self._saved, last + 1) - 1
        if place > 0:
            del self._saved[:place]
        if self._saved and self._saved[0] > self._oldest:
            self._oldest = self._saved[0]
            for queue in self.queues:
                queue.discard(self._oldest)

    def _forget_guesses(self) -> None:
        self._wrong_cut = NEVER
        for queue in self.queues:
            queue.forget_guess()

    def _save(self, frame: int, requests: list[Request]) -> None:
        place = bisect_left(self._saved, frame)
        if place == len(self._saved) or self._saved[place] != frame:
            self._saved.insert(place, frame)
        requests.append(Save(frame, self._saved[0]))

    def _advance(self, frame: int, *, again: bool) -> Advance:
        inputs = []
        dropped = []
        predicted = []
        for queue, cut in zip(self.queues, self._cuts, strict=True):
            if frame > cut:
                inputs.append(self._default)
                dropped.append(True)
                predicted.append(False)
            else:
                value, guessed = queue.at(frame)
                inputs.append(value)
                dropped.append(False)
                predicted.append(guessed)
        return Advance(frame, tuple(inputs), tuple(dropped), tuple(predicted), again)
