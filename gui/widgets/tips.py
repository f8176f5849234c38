"""Tooltips of texts that other people wrote: Qt takes what looks like HTML for HTML, and breaks no long plain line."""

from html import escape

__all__ = ["plain_tip"]

_LONG = 120


def plain_tip(text: str) -> str:
    """Return `text` for a tooltip that shows exactly these characters, in lines that fit on the screen."""
    if "<" not in text and all(len(line) <= _LONG for line in text.splitlines()):
        return text
    return f'<p style="white-space:pre-wrap">{escape(text)}</p>'
