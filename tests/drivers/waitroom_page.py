"""The waitroom as its participants see it: going there, reading it, and what it showed on the way."""

import re
from collections.abc import Collection
from typing import Any

from playwright.sync_api import Locator

from tests.drivers.browser_driver import ParticipantDriver
from tests.drivers.waitroom_study import without_python

__all__ = ["WaitroomPage"]

_KEEP = """() => {
    window.mugTestStages = [];
    window.mugTestTimes = [];
    const look = () => {
        const lobby = document.querySelector('[data-mug="lobby"]');
        const stage = lobby?.dataset.mugStage;
        if (stage && stage !== window.mugTestStages.at(-1)) window.mugTestStages.push(stage);
        const says = (hook) => lobby?.querySelector(`[data-mug="lobby-${hook}"]`)?.textContent ?? "";
        const times = [says("waited"), says("left")];
        if (times[0] && String(times) !== String(window.mugTestTimes.at(-1) ?? "")) window.mugTestTimes.push(times);
    };
    const what = { attributes: true, childList: true, characterData: true, subtree: true };
    new MutationObserver(look).observe(document, what);
}"""
"""Keeps every stage and every time that the waitroom shows, however short."""


_PLACES = """(lines) => lines.map((line) => {
    const { top, height } = line.getBoundingClientRect();
    return { top, height };
})"""


class WaitroomPage:
    """One participant in a waitroom."""

    def __init__(self, person: ParticipantDriver) -> None:
        self.person = person
        person.observe(f"({_KEEP})()")

    def enter(self, name: str) -> None:
        """Open the study and go where people wait, without Python."""
        without_python(self.person)
        self.person.open(name)
        self.person.wait_for_phase("page")
        self.person.press_continue()
        self.person.page.wait_for_function("() => window.mugTestStages.length > 0")

    def wait_for_stage(self, *stages: str, timeout_ms: int = 60_000) -> None:
        """Wait until the page shows one of these stages."""
        try:
            self.person.page.wait_for_function(
                "(wanted) => wanted.includes(document.querySelector('[data-mug=\"lobby\"]')?.dataset.mugStage)",
                arg=list(stages),
                timeout=timeout_ms,
            )
        except Exception as error:
            raise AssertionError(f"no stage of {stages}; {self.person.state()}") from error

    def wait_for_count(self, words: str) -> None:
        """Wait until the page says how many are here."""
        self.person.page.locator('[data-mug="lobby-count"]', has_text=words).wait_for()

    def wait_until_gone_to(self, scenes: Collection[str]) -> str:
        """Wait until the page shows one of these scenes; returns which."""
        self.person.page.wait_for_function(
            "(wanted) => wanted.includes(document.body.dataset.mugScene)", arg=sorted(scenes)
        )
        return str(self.person.scene())

    def wait_until_left(self, timeout_ms: int = 60_000) -> str:
        """Wait until the wait is over; returns the scene that follows it."""
        try:
            self.person.page.wait_for_function(
                "() => document.querySelector('[data-mug=\"lobby\"]') === null", timeout=timeout_ms
            )
        except Exception as error:
            raise AssertionError(f"the wait did not end; {self.person.state()}") from error
        return str(self.person.scene())

    @property
    def stages(self) -> list[str]:
        """Every stage that the page showed since it was loaded."""
        found: list[str] = self.person.page.evaluate("() => window.mugTestStages")
        return found

    @property
    def is_waiting(self) -> bool:
        """Whether the page shows the waitroom."""
        return self.view.count() == 1

    @property
    def view(self) -> Locator:
        """The page's element."""
        return self.person.page.locator('[data-mug="lobby"]')

    def wait_until_waited(self, seconds: int) -> None:
        """Wait until the page says that it has waited so long, or longer."""
        self.person.page.wait_for_function(
            """(seconds) => window.mugTestTimes.some(([words]) => {
                const [, minutes, rest] = words.match(/(\\d+):(\\d\\d)/) ?? [0, 0, 0];
                return 60 * Number(minutes) + Number(rest) >= seconds;
            })""",
            arg=seconds,
        )

    @property
    def times(self) -> list[tuple[int, int]]:
        """How long the page said that it had waited and that it waits at most, each time that it said so, in s."""
        said: list[list[str]] = self.person.page.evaluate("() => window.mugTestTimes")
        return [(_seconds(waited), _seconds(left)) for waited, left in said if ":" in left]

    @property
    def places(self) -> list[dict[str, Any]]:
        """Where the lines of the page are."""
        found: list[dict[str, Any]] = self.view.locator(".lobby > *").evaluate_all(_PLACES)
        return found


def _seconds(words: str) -> int:
    found = re.search(r"(\d+):(\d\d)", words)
    assert found, f"no time in {words!r}"
    return 60 * int(found[1]) + int(found[2])
