"""What a sync test found, as data and as text."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

__all__ = ["Finding", "SyncReport", "Timing"]

BUDGET: Final = 0.6
"""Share of a frame's time that a tick with the deepest rollback may take; the rest is the page's."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something about an environment that games of several people stumble over.

    Attributes:
        kind: A stable word:

            =====================  ==================================================================================
            nondeterministic       the same seed and actions gave something else
            unseeded               a step reads a clock or draws from an unseeded generator; it gets the match's
            not_restored           something changed by frames that were taken back stays changed
            cannot_be_saved        an object whose state nobody can read
            cannot_be_hashed       an object without a canonical form: peers could not compare their states
            drawing_changes_state  a step gives something else when pictures are drawn between steps
            reset_keeps_state      what ``reset(seed)`` gives depends on what was played before
            set_order              a restored set iterates in another order
            own_incomplete         the environment's own ``get_state`` leaves something out
            failed                 the environment's code raised
            =====================  ==================================================================================
        severity: "error": a game of several people cannot be played; "warning": it can.
        path: Attribute path, or ``file.py:NAME`` for what is outside the environment; "" when unknown.
        expected: What was there the first time. found: What was there later.
        episode: Where it was seen. frame: likewise; -1 is the reset.
        level: The level of snapshots that was tried, or "".
        message: A sentence for people.
    """

    kind: str
    severity: str
    path: str
    message: str
    expected: str = ""
    found: str = ""
    episode: int = 0
    frame: int = 0
    level: str = ""


@dataclass(frozen=True)
class Timing:
    """Durations of one thing in milliseconds: the median, and the 99th percentile."""

    p50: float = 0.0
    p99: float = 0.0

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Timing":
        """Summarise what was measured."""
        ordered = sorted(seconds)
        if not ordered:
            return cls()
        last = len(ordered) - 1
        return cls(1000 * ordered[last // 2], 1000 * ordered[min(last, math.ceil(0.99 * last))])

    def __str__(self) -> str:
        return f"{self.p50:.3f} ms (99 %: {self.p99:.3f} ms)"


@dataclass(frozen=True, kw_only=True)
class SyncReport:
    """The result of `mug.play.sync_test.sync_test`.

    Attributes:
        level: How states of this environment are saved (one of `mug.play.snapshots.LEVELS`), or None: no level holds.
        findings: What was found, errors first.
        tried: Level -> why it does not hold; levels after the one that holds were not tried.
        timings: "step", "save", "load", "hash", "render"; save and load of `level`.
        frames: Frames stepped in the first run. episodes: Episodes begun in it.
        compared: State hashes compared.
        distances: How many frames were taken back and stepped again.
        name: The environment's class.
        python: The interpreter: "CPython 3.12" or "Pyodide".
    """

    level: str | None
    findings: Sequence[Finding] = ()
    tried: Mapping[str, str] = field(default_factory=dict)
    timings: Mapping[str, Timing] = field(default_factory=dict)
    frames: int = 0
    episodes: int = 0
    compared: int = 0
    distances: Sequence[int] = ()
    name: str = ""
    python: str = ""

    @property
    def passed(self) -> bool:
        """Whether games of several people can be played with this environment."""
        return self.level is not None and not any(finding.severity == "error" for finding in self.findings)

    @property
    def rejoin_from_start(self) -> bool:
        """Whether a page that comes back must step the whole match again, not only the episode."""
        return any(finding.kind == "reset_keeps_state" for finding in self.findings)

    def fits_depth(self, fps: float) -> int:
        """Return how many frames one tick can take back and step again within 60 % of a frame's time.

        The tick's cost is one load, then a step and a save for each frame taken back, then the frame's own step, save
        and picture.
        """
        step, save, load, render = (self.timings.get(name, Timing()) for name in ("step", "save", "load", "render"))
        fixed = load.p50 + step.p50 + save.p50 + render.p50
        each = step.p50 + save.p50
        left = BUDGET * 1000 / fps - fixed
        return 0 if left < 0 else min(999, int(left / each)) if each > 0 else 999

    def text(self, fps: float) -> str:
        """Return the report for people."""
        if self.level is None:
            first = f"{self.name}: its state cannot be restored, so several people cannot play it together"
        elif self.passed:
            first = f"{self.name}: fit for games of several people (states are saved with level {self.level!r})"
        else:
            first = f"{self.name}: not fit for games of several people yet"
        lines = [first]
        distances = ", ".join(map(str, self.distances))
        episodes = f"{self.episodes} episode{'s'[: self.episodes != 1]}"
        lines.append(
            f"  {self.frames} frames in {episodes}, {distances} frames taken back; {self.compared} states compared"
        )
        lines += [f"  {finding.severity}: {finding.message}" for finding in self.findings]
        if self.level is not None:
            lines += [f"  level {level!r} does not hold: {reason}" for level, reason in self.tried.items()]
        for name in ("step", "save", "load", "hash", "render"):
            if name in self.timings:
                lines.append(f"  {name:<6} {self.timings[name]}")
        if self.level is not None:
            lines.append(f"  at {fps:g} fps {self.fits_depth(fps)} frames can be taken back within one frame's time")
        return "\n".join(lines)

    def figures(self, fps: float) -> str:
        """Return in one line what a step, saving and restoring cost, and how many frames fit."""
        step, save, load = (self.timings.get(name, Timing()).p50 for name in ("step", "save", "load"))
        return (
            f"a step takes {step:.2f} ms, saving a state {save:.2f} ms, restoring it {load:.2f} ms: at {fps:g} fps "
            f"{self.fits_depth(fps)} frames can be taken back within one frame's time ({self.python})"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON can carry it."""
        return {**asdict(self), "findings": [asdict(finding) for finding in self.findings]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "SyncReport":
        """Make a report of what `to_dict` returned."""
        values = dict(data)
        values["findings"] = tuple(Finding(**finding) for finding in values["findings"])
        values["timings"] = {name: Timing(**timing) for name, timing in values["timings"].items()}
        values["distances"] = tuple(values["distances"])
        return cls(**values)
