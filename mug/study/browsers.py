"""Which browsers a study asks for: families as the page tells them, with a smallest version where one is named."""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from mug.study.problems import did_you_mean

__all__ = ["FAMILIES", "BrowserRule", "browser_problems", "matches_browser", "parse_browser"]

FAMILIES: Final = ("chrome", "firefox", "safari", "edge", "opera", "samsung")
_OTHER_NAMES: Final = {
    "chromium": "chrome",
    "google chrome": "chrome",
    "google-chrome": "chrome",
    "mozilla firefox": "firefox",
    "microsoft edge": "edge",
    "msedge": "edge",
    "samsung internet": "samsung",
}
_RULE: Final = re.compile(r"\s*([A-Za-z][A-Za-z -]*?)\s*(?:>=\s*(\d{1,5}))?\s*")


class BrowserRule(NamedTuple):
    """A family of browsers, from a major version on."""

    family: str
    major: int = 0


def parse_browser(text: str) -> BrowserRule | None:
    """Read ``"firefox"`` or ``"Firefox>=100"``, in any case; None when it is neither."""
    found = _RULE.fullmatch(text)
    if found is None:
        return None
    name = found[1].lower()
    return BrowserRule(_OTHER_NAMES.get(name, name), int(found[2] or 0))


def matches_browser(rules: Iterable[str], family: str, major: int) -> bool:
    """Whether one of `rules` names this browser."""
    parsed = [parse_browser(rule) for rule in rules]
    return any(rule is not None and rule.family == family.lower() and major >= rule.major for rule in parsed)


def browser_problems(rules: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each rule that names no browser that the page can tell."""
    for text in rules:
        rule = parse_browser(text)
        if rule is None:
            yield f'holds {text!r}; write a browser as "firefox", or with its smallest version as "firefox>=100"'
        elif rule.family not in FAMILIES:
            known = ", ".join(FAMILIES)
            yield f"holds {text!r}{did_you_mean(rule.family, FAMILIES)}; the page can tell {known} apart"
