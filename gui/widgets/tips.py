"""Texts that other people wrote: Qt takes what looks like HTML in a tooltip for HTML, and breaks no long word."""

import re
from html import escape

__all__ = ["breakable", "plain_tip"]

_LONG = 120
_WORD = re.compile(r"\S{16}(?=\S)")


def plain_tip(text: str) -> str:
    """Return `text` for a tooltip that shows exactly these characters, in lines that fit on the screen."""
    if "<" not in text and all(len(line) <= _LONG for line in text.splitlines()):
        return text
    return f'<p style="white-space:pre-wrap">{escape(text)}</p>'


def breakable(text: str) -> str:
    """Return `text` with places in its longest words where a line may end: a label that wraps cuts them else."""
    return _WORD.sub("\\g<0>\u200b", text)
