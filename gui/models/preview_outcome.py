"""How a preview stands, in one value and in words."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["PreviewOutcome", "PreviewState"]


class PreviewState(StrEnum):
    """What the preview's server does."""

    OFF = "off"
    STARTING = "starting"
    RUNNING = "running"
    FAILED = "failed"


@dataclass(frozen=True)
class PreviewOutcome:
    """The state with what is known about it.

    Attributes:
        state: The state.
        what: What is previewed, as a sentence names it ("“tag”", "the chain from “tag” on").
        detail: Why it does not run, or what it is busy with.
        pages: The ids that its pages have, in order: preview-1, preview-2, …
        present: Those whose page is open.
        trouble: What went wrong on a page last; empty: nothing did.
        pending: Why the newest changes are not shown; empty: they are.
    """

    state: PreviewState = PreviewState.OFF
    what: str = ""
    detail: str = ""
    pages: tuple[str, ...] = ()
    present: frozenset[str] = frozenset()
    trouble: str = ""
    pending: str = ""

    @property
    def tone(self) -> str:
        """As the pills have it: good, warning, error, accent or neutral."""
        if self.state is PreviewState.FAILED or self.trouble:
            return "error"
        if self.pending:
            return "warning"
        return {PreviewState.STARTING: "accent", PreviewState.RUNNING: "good"}.get(self.state, "neutral")

    @property
    def word(self) -> str:
        """The state in a word or two."""
        return {
            PreviewState.OFF: "No preview",
            PreviewState.STARTING: "Preview starts",
            PreviewState.RUNNING: "Preview runs",
            PreviewState.FAILED: "No preview",
        }[self.state]

    @property
    def sentence(self) -> str:
        """The state in a sentence or two."""
        match self.state:
            case PreviewState.OFF:
                return self.detail
            case PreviewState.STARTING:
                return self.detail or f"Starting the preview of {self.what}…"
            case PreviewState.FAILED:
                return f"{_capital(self.what)} cannot be previewed: {self.detail}"
        if self.trouble:
            return self.trouble
        if self.pending:
            return f"The last changes are not shown: {self.pending}"
        count, here = len(self.pages), len(self.present & set(self.pages))
        if count == 1:
            return f"{_capital(self.what)} · {'its page is open' if here else 'no page is open'}"
        return f"{_capital(self.what)} · {here} of {count} pages are open"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
