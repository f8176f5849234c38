"""Colours for Python and HTML source, from the theme."""

import re
from typing import ClassVar, Final

from PySide6.QtCore import Slot
from PySide6.QtGui import QFont, QSyntaxHighlighter, QTextCharFormat, QTextDocument
from typing_extensions import override

from gui.widgets.theme import Theme

__all__ = ["HtmlColours", "PythonColours", "SourceColours"]

_Rule = tuple[re.Pattern[str], str]


class SourceColours(QSyntaxHighlighter):
    """Colours one document; follows the theme.

    Attributes:
        RULES: Patterns with what they are, in order; later ones win.
        SPANS: What goes over several lines: where it begins, where it ends, what it is.
    """

    RULES: ClassVar[tuple[_Rule, ...]] = ()
    SPANS: ClassVar[tuple[tuple[str, str, str], ...]] = ()
    _ROLES: ClassVar = {
        "keyword": ("accent", True),
        "name": ("accent", False),
        "text": ("good", False),
        "number": ("warning", False),
        "attribute": ("warning", False),
        "comment": ("muted", False),
    }

    def __init__(self, theme: Theme, document: QTextDocument) -> None:
        super().__init__(document)
        self._theme = theme
        self._formats: dict[str, QTextCharFormat] = {}
        self._take_colours()
        theme.changed.connect(self._on_theme_changed)

    @Slot()
    def _on_theme_changed(self) -> None:
        self._take_colours()
        self.rehighlight()

    def _take_colours(self) -> None:
        for name, (role, bold) in self._ROLES.items():
            made = QTextCharFormat()
            made.setForeground(self._theme.colour(role))
            if bold:
                made.setFontWeight(QFont.Weight.DemiBold)
            made.setFontItalic(name == "comment")
            self._formats[name] = made

    @override
    def highlightBlock(self, text: str) -> None:
        for pattern, what in self.RULES:
            for found in pattern.finditer(text):
                group = 1 if pattern.groups else 0
                self.setFormat(found.start(group), found.end(group) - found.start(group), self._formats[what])
        self.setCurrentBlockState(0)
        at, state = 0, self.previousBlockState()
        while at <= len(text):
            if state > 0:
                begins, index = at, state - 1
            else:
                starts = [
                    (place, n) for n, (begin, _, _) in enumerate(self.SPANS) if (place := text.find(begin, at)) >= 0
                ]
                if not starts:
                    return
                begins, index = min(starts)
                at = begins + len(self.SPANS[index][0])
            _, ending, what = self.SPANS[index]
            ends = text.find(ending, at)
            stop = len(text) if ends < 0 else ends + len(ending)
            self.setFormat(begins, stop - begins, self._formats[what])
            if ends < 0:
                self.setCurrentBlockState(index + 1)
                return
            at, state = stop, 0


_KEYWORDS: Final = (
    "and|as|assert|async|await|break|class|continue|def|del|elif|else|except|finally|for|from|global|if|import|in|is|"
    "lambda|match|case|nonlocal|not|or|pass|raise|return|try|while|with|yield|None|True|False"
)


class PythonColours(SourceColours):
    """Python."""

    RULES: ClassVar = (
        (re.compile(rf"\b(?:{_KEYWORDS})\b"), "keyword"),
        (re.compile(r"\b(?:def|class)\s+(\w+)"), "name"),
        (re.compile(r"@[\w.]+"), "name"),
        (re.compile(r"\b\d[\w.]*\b"), "number"),
        (re.compile(r"[rbfuRBFU]{0,2}(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')"), "text"),
        (re.compile(r"^(?:[^\"'#]|\"[^\"]*\"|'[^']*')*(#.*)$"), "comment"),
    )
    SPANS: ClassVar = (('"""', '"""', "text"), ("'''", "'''", "text"))


class HtmlColours(SourceColours):
    """HTML."""

    RULES: ClassVar = (
        (re.compile(r"</?([A-Za-z][\w-]*)"), "keyword"),
        (re.compile(r"\s([A-Za-z_:@][\w:.-]*)(?==)"), "attribute"),
        (re.compile(r"=\s*(\"[^\"]*\"|'[^']*')"), "text"),
        (re.compile(r"&[#\w]+;"), "number"),
    )
    SPANS: ClassVar = (("<!--", "-->", "comment"),)
