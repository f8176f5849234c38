"""Work that takes longer than a frame: done by worker threads, answered on the GUI thread."""

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from PySide6.QtCore import QObject

from gui.runtime.crossing import Crossing

__all__ = ["Task", "Tasks"]

_T = TypeVar("_T")
_WORKERS = 3
_JOIN_S = 3.0


@dataclass(eq=False)
class Task(Generic[_T]):
    """One piece of work.

    Attributes:
        name: What it does, in words.
        cancelled: Set by `cancel`: its answer is dropped, and it is not begun when it still waits.
    """

    name: str
    cancelled: bool = field(default=False)

    def cancel(self) -> None:
        """Take no interest in the answer any more."""
        self.cancelled = True


class Tasks(QObject):
    """Three named worker threads for blocking calls.

    Runs on: GUI thread; the functions run on the workers.
    """

    def __init__(
        self, crossing: Crossing, report: Callable[[BaseException], None], parent: QObject | None = None
    ) -> None:
        """Start no thread yet; the first `run` does.

        Args:
            crossing: The way back to the GUI thread.
            report: Takes, on the GUI thread, an exception that no `failed` was given for.
            parent: The Qt parent.
        """
        super().__init__(parent)
        self._crossing = crossing
        self._report = report
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._closed = False

    def run(
        self,
        name: str,
        function: Callable[[], _T],
        done: Callable[[_T], object],
        failed: Callable[[Exception], object] | None = None,
    ) -> Task[_T]:
        """Call `function` on a worker; `done` or `failed` follows on the GUI thread."""
        task: Task[_T] = Task(name)

        def deliver(answer: Callable[[], object]) -> None:
            if not task.cancelled and not self._closed:
                answer()

        def work() -> None:
            if task.cancelled:
                return
            try:
                result = function()
            except Exception as error:  # every failure goes to `failed`, or to the one reporter
                caught = error
                on_failure: Callable[[Exception], object] = failed if failed is not None else self._report
                self._crossing.post(lambda: deliver(lambda: on_failure(caught)))
            else:
                self._crossing.post(lambda: deliver(lambda: done(result)))

        if not self._closed:
            if len(self._threads) < _WORKERS:
                thread = threading.Thread(target=self._loop, name=f"lab-task-{len(self._threads)}", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._work.put(work)
        return task

    def close(self) -> None:
        """End the workers; a call that hangs is left behind after three seconds."""
        self._closed = True
        for _ in self._threads:
            self._work.put(None)
        for thread in self._threads:
            thread.join(_JOIN_S / max(1, len(self._threads)))

    def _loop(self) -> None:
        while (work := self._work.get()) is not None:
            work()
