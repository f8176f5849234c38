"""Waiting for something that another process or thread brings about, and that nothing tells of."""

import time
from collections.abc import Callable

DEADLINE_S = 60.0


def until(condition: Callable[[], object], what: str | Callable[[], str], deadline_s: float = DEADLINE_S) -> None:
    """Ask until the answer is true; `what` is in the failure, and a function is only asked then."""
    ends = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < ends, f"{what() if callable(what) else what}: did not happen in {deadline_s:g} s"
        time.sleep(0.02)
