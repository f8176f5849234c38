"""Desks in words: their state, what is wrong with them and how to mend it, how many there are of each."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gui.models.room_plan import in_order
from gui.models.seats import checks_now, is_ready
from mug.protocol.lab_console import SeatView
from mug.protocol.seats import SeatCheck

__all__ = [
    "ACTION_WORDS",
    "CHECK_WORDS",
    "Advice",
    "AskedSummary",
    "StateLook",
    "advice_of",
    "asked_words",
    "check_value",
    "clock_words",
    "counts_words",
    "is_clock_far_off",
    "look_of",
    "tooltip_of",
    "troubles_of",
]

ACTION_WORDS: Final = {
    "identify": "Identify",
    "reload": "Reload",
    "fullscreen": "Full screen",
    "home": "Back to home",
    "begin": "Begin",
}
CHECK_WORDS: Final = {
    "page": "Page",
    "runtime": "Python",
    "clock": "Clock",
    "frame_rate": "Frame rate",
    "webrtc": "Connections",
    "focus": "In front",
    "storage": "Storage",
}


@dataclass(frozen=True)
class StateLook:
    """How a desk's state is shown: never by its colour alone.

    Attributes:
        word: In a word or two.
        icon, tone: Its shape and its colour: good, warning, error, accent or neutral.
        detail: The line below: who takes part, or what is wrong; may be empty.
    """

    word: str
    icon: str
    tone: str
    detail: str = ""


_LOOKS: Final = {
    "absent": ("Absent", "seat-absent", "neutral"),
    "lost": ("Connection lost", "lost", "error"),
    "warming": ("Warming up", "seat-warming", "accent"),
    "trouble": ("Trouble", "warning", "warning"),
    "ready": ("Ready", "check-circle", "good"),
    "taking_part": ("Taking part", "user", "accent"),
    "finished": ("Finished", "finish", "neutral"),
}


def look_of(view: SeatView) -> StateLook:
    """Return how a desk is shown. Green is a desk whose checks are all good, and no other."""
    state = view.state
    if state == "ready" and not is_ready(view):
        state = "trouble" if any(check.state == "bad" for check in view.checks) else "warming"
    word, icon, tone = _LOOKS.get(state, (state.replace("_", " ").capitalize(), "info", "neutral"))
    detail = ""
    if state == "warming":
        share = _warm_share(view)
        word = f"{word} {round(share * 100)} %" if share is not None else word
        detail = _short(view.checks, "wait")
    elif state == "trouble":
        detail = _short(view.checks, "bad")
    elif state == "ready" and is_clock_far_off(view):
        assert view.clock_offset_ms is not None
        detail = f"Clock {clock_words(view.clock_offset_ms)}"
    elif state in ("taking_part", "finished"):
        detail = view.participant_id or ""
    return StateLook(word, icon, tone, detail)


def _warm_share(view: SeatView) -> float | None:
    runtime = next((check for check in view.checks if check.name == "runtime"), None)
    if runtime is not None and runtime.state == "wait" and runtime.value is not None:
        return max(0.0, min(1.0, runtime.value))
    return None


def _short(checks: Sequence[SeatCheck], state: str) -> str:
    return ", ".join(CHECK_WORDS.get(check.name, check.name) for check in checks if check.state == state)


@dataclass(frozen=True)
class Advice:
    """One check of a desk in words.

    Attributes:
        check: As the page told it.
        what: What is the matter.
        to_do: What helps; empty: nothing has to be done.
    """

    check: SeatCheck
    what: str
    to_do: str = ""

    @property
    def sentence(self) -> str:
        """Both in one."""
        return f"{self.what} {self.to_do}".strip()


_SAYS_ITSELF: Final = {"clock", "frame_rate", "focus"}
"""Checks whose own words, where a page gives them, say what helps."""
_FAR_OFF_MS: Final = 1_000.0
_TO_DO: Final = {
    "page": "Reload the page (R).",
    "runtime": "Reload the page (R). If that does not help, see whether other programs at the desk use up the memory.",
    "clock": "MUG corrects for it: there is nothing to do.",
    "frame_rate": "Close other programs at the desk, and plug its power in.",
    "webrtc": "The server relays between browsers instead: slower, but it works. A firewall may be in the way.",
    "focus": "Click on the page at the desk, so that it is in front.",
    "storage": "Let the browser store data: no private window, and room on the disk.",
}
_BAD: Final = {
    "page": "The page is older than the server.",
    "runtime": "Python does not run at this desk.",
    "webrtc": "The browser makes no direct connections.",
    "focus": "The page is not in front.",
    "storage": "The browser does not keep what is measured.",
}
_WAITS: Final = {
    "page": "The page is being loaded.",
    "runtime": "Python is being loaded.",
    "clock": "The clock is being compared.",
    "frame_rate": "The frame rate is being measured.",
    "webrtc": "Direct connections are being tried.",
    "focus": "The page has not said yet whether it is in front.",
    "storage": "Storage is being tried.",
}


def advice_of(check: SeatCheck, view: SeatView) -> Advice:
    """Say in words what a check found, and what helps."""
    name, text = check.name, _sentence(check.text)
    if check.state == "good":
        if name == "clock" and is_clock_far_off(view):
            assert view.clock_offset_ms is not None
            return Advice(check, f"The desk's clock is {clock_words(view.clock_offset_ms)}.", _TO_DO[name])
        return Advice(check, text or "Good.")
    if check.state == "wait":
        return Advice(check, text or _WAITS.get(name, "Not known yet."))
    if not text and name == "clock":
        offset = view.clock_offset_ms if view.clock_offset_ms is not None else check.value
        text = f"The desk's clock is {clock_words(offset)}." if offset is not None else "The desk's clock is wrong."
    if not text and name == "frame_rate":
        rate = check.value if check.value is not None else view.frame_rate_hz
        text = f"The page is drawn only {rate:.0f} times a second." if rate is not None else "The page is drawn slowly."
    to_do = "" if check.text and name in _SAYS_ITSELF else _TO_DO.get(name, "")
    return Advice(check, text or _BAD.get(name, "This check failed."), to_do)


def is_clock_far_off(view: SeatView) -> bool:
    """Whether somebody should know of the clock, although it is corrected for."""
    return view.clock_offset_ms is not None and abs(view.clock_offset_ms) >= _FAR_OFF_MS


def _sentence(text: str) -> str:
    text = text.strip()
    if not text:
        return ""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def troubles_of(view: SeatView) -> list[Advice]:
    """Return what is wrong at a desk."""
    return [advice_of(check, view) for check in checks_now(view) if check.state == "bad"]


def check_value(check: SeatCheck, view: SeatView) -> str:
    """Return a check's figure with its unit, where it has one."""
    if check.name == "runtime" and check.state == "wait" and check.value is not None:
        return f"{check.value * 100:.0f} %"
    if check.name == "clock" and view.clock_offset_ms is not None:
        return clock_words(view.clock_offset_ms)
    if check.name == "frame_rate" and (rate := check.value if check.value is not None else view.frame_rate_hz):
        return f"{rate:.0f} Hz"
    return ""


def clock_words(offset_ms: float) -> str:
    """Say how far a clock is ahead of the server's (positive), or behind."""
    size = abs(offset_ms)
    if size < 1:
        return "exact"
    if size < 1_000:
        figure = f"{size:.0f} ms"
    elif size < 60_000:
        figure = f"{size / 1_000:.1f} s"
    else:
        minutes = round(size / 60_000)
        hours, minutes = divmod(minutes, 60)
        days, hours = divmod(hours, 24)
        parts = ((days, "d"), (hours, "h"), (minutes, "min"))
        figure = " ".join([f"{number} {unit}" for number, unit in parts if number][:2])
    return f"{figure} {'ahead' if offset_ms > 0 else 'behind'}"


def tooltip_of(view: SeatView) -> str:
    """Say everything about a desk that matters, in lines."""
    look = look_of(view)
    lines = [f"{view.desk}: {look.word}" + (f" as {view.participant_id}" if view.participant_id else "")]
    if view.state == "absent":
        lines.append("No browser has this desk's page open.")
    elif view.state == "lost":
        lines.append("Its page has been silent. See whether the browser is still open and the network is plugged in.")
    if is_clock_far_off(view):
        assert view.clock_offset_ms is not None
        lines.append(f"Its clock is {clock_words(view.clock_offset_ms)}. {_TO_DO['clock']}")
    for found in (*troubles_of(view), *(advice_of(c, view) for c in checks_now(view) if c.state == "wait")):
        lines.append(f"{CHECK_WORDS.get(found.check.name, found.check.name)}: {found.sentence}")
    if view.asked and view.asked_state:
        lines.append(asked_words(view.asked, view.asked_state))
    return "\n".join(lines)


def asked_words(what: str, state: str) -> str:
    """Say what was asked of a desk, and what became of it."""
    word = ACTION_WORDS.get(what, what.capitalize())
    if state == "sent":
        return f"{word}: asked, no answer yet"
    return f"{word}: done" if state == "done" else f"{word}: {state}"


def counts_words(views: Iterable[SeatView]) -> str:
    """Say how many desks are ready, and how many are not, and why."""
    counts: Counter[str] = Counter()
    for view in views:
        counts["ready" if is_ready(view) else "trouble" if view.state == "ready" else view.state] += 1
    total = sum(counts.values())
    if not total:
        return "No desks"
    words = [f"{counts['ready']} of {total} ready"]
    for state, text in (
        ("taking_part", "taking part"),
        ("warming", "warming up"),
        ("trouble", "in trouble"),
        ("lost", "lost"),
        ("finished", "finished"),
        ("absent", "absent"),
    ):
        if counts[state]:
            words.append(f"{counts[state]} {text}")
    other = total - sum(counts[state] for state in _LOOKS)
    if other:
        words.append(f"{other} in another state")
    return " · ".join(words)


@dataclass(frozen=True)
class AskedSummary:
    """What became of something that was asked of several desks.

    Attributes:
        what: The action.
        done, waiting: The desks that did it, and those that have not answered.
        failed: The others, each with its reason.
        away: Those without a page.
    """

    what: str
    done: tuple[str, ...]
    waiting: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]
    away: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        what: str,
        desks: Iterable[str],
        views: dict[str, SeatView],
        away: Iterable[str] = (),
        skipped: Mapping[str, str] | None = None,
    ) -> "AskedSummary":
        """Look at the desks' views after something was asked of them; `skipped`: by the server, and why."""
        done, waiting, failed = [], [], []
        for desk in in_order(desks):
            if skipped and desk in skipped:
                failed.append((desk, skipped[desk]))
                continue
            view = views[desk]
            state = view.asked_state if view.asked == what else "sent"
            if state == "done":
                done.append(desk)
            elif state in ("sent", ""):
                waiting.append(desk)
            else:
                failed.append((desk, state))
        return cls(what, tuple(done), tuple(waiting), tuple(failed), tuple(in_order(away)))

    @property
    def is_over(self) -> bool:
        """Whether every desk has answered."""
        return not self.waiting

    @property
    def sentence(self) -> str:
        """All of it in words."""
        total = len(self.done) + len(self.waiting) + len(self.failed)
        parts = [f"{ACTION_WORDS.get(self.what, self.what)}: {len(self.done)} of {total} done"]
        if self.waiting:
            parts.append(f"waiting for {_some(self.waiting)}")
        for desk, why in self.failed[:3]:
            parts.append(f"{desk}: {why.rstrip('.')}")
        if len(self.failed) > 3:
            parts.append(f"{len(self.failed) - 3} more could not")
        if self.away:
            parts.append(f"no page at {_some(self.away)}")
        return " · ".join(parts)


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:4])
    return shown if len(names) <= 4 else f"{shown} and {len(names) - 4} more"
