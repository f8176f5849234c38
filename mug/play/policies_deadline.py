"""Asking a policy without waiting for it for ever: for games that must go on in time, on a server.

A policy that is asked with a deadline runs in a thread of its own. When it is late, its answer is thrown away as if it
had never been asked: what it remembers is put back once it is done, and until then it is not asked again.
"""

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from mug.play.errors import PlayError
from mug.play.policies import Policy

__all__ = ["PatientPolicy"]


class PatientPolicy:
    """One policy with a thread.

    A hanging policy leaves its thread behind, which ends with the process.

    Args:
        policy: The policy; from now on only this object touches it.
        clock: Seconds, for measuring.

    Attributes:
        took_ms: What the last decision that is done took in its thread.
    """

    remembers = True

    def __init__(self, policy: Policy, clock: Callable[[], float] = time.perf_counter) -> None:
        self.took_ms = 0.0
        self._policy = policy
        self._clock = clock
        self._work: SimpleQueue[Callable[[], Any] | None] = SimpleQueue()
        self._done = threading.Event()
        self._done.set()
        self._result: Any = None
        self._error: BaseException | None = None
        self._before: object = None
        self._can_go_back = policy.remembers
        self._must_go_back = False
        self._episode: int | None = None
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """Whether it still thinks about a frame for which it was late."""
        return not self._done.is_set()

    def ask(self, episode: int, frame: int, observation: Any) -> bool:
        """Let it decide; returns False when it is still busy."""
        if self.busy:
            return False
        self._settle()
        if self._can_go_back:
            try:
                self._before = self._policy.save()
            except PlayError:
                self._can_go_back = False  # what nobody can save is not put back: a late answer leaves its traces
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="policy", daemon=True)
            self._thread.start()
        self._done.clear()
        self._work.put(lambda: self._policy.decide(episode, frame, observation))
        return True

    def wait(self, timeout_s: float | None) -> bool:
        """Wait for the answer; returns whether it is there. If not, it will be thrown away."""
        if self._done.wait(timeout_s):
            return True
        self._must_go_back = True
        return False

    def answer(self) -> Any:
        """Return the answer that `wait` found, or raise what the policy raised."""
        if self._error is not None:
            raise self._error
        return self._result

    def reset(self, episode: int) -> None:
        """An episode begins; a busy policy is told when it is done."""
        self._episode = episode
        if not self.busy:
            self._settle()

    def decide(self, episode: int, frame: int, observation: Any) -> Any:
        """Decide at once, in this thread, however long it takes."""
        self._done.wait()
        self._settle()
        return self._policy.decide(episode, frame, observation)

    def save(self) -> object:
        """Return what it remembers; of a busy policy, what it remembered before."""
        if self.busy or self._must_go_back:
            return self._before
        return self._policy.save()

    def load(self, saved: Any) -> None:
        """Remember again what `save` gave."""
        self._done.wait()
        self._settle()
        self._policy.load(saved)

    def close(self) -> None:
        """End the thread; one that hangs ends with the process."""
        if self._thread is not None:
            self._work.put(None)
            if not self.busy:
                self._thread.join()
            self._thread = None

    def _settle(self) -> None:
        if self._must_go_back:
            self._must_go_back = False
            if self._can_go_back:
                self._policy.load(self._before)
        if self._episode is not None:
            episode, self._episode = self._episode, None
            self._policy.reset(episode)

    def _run(self) -> None:
        while True:
            work = self._work.get()
            if work is None:
                return
            self._result = self._error = None
            began = self._clock()
            try:
                self._result = work()
            except BaseException as error:  # also what would end a program: whoever asks has to hear of it
                self._error = error
            self.took_ms = 1000.0 * (self._clock() - began)
            self._done.set()
