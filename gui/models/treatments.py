"""The treatments of a running session in words: what stands in the table, and how their places are filled."""

from dataclasses import dataclass

from mug.protocol.lab import SessionView, TreatmentView

__all__ = ["TreatmentCount", "counts_of", "state_words", "treatment_words"]


@dataclass(frozen=True)
class TreatmentCount:
    """One treatment as the bar shows it.

    Attributes:
        name: What people call it.
        running, completed: How many participants or groups.
        words: All of it in a sentence.
    """

    name: str
    running: int
    completed: int
    words: str


def treatment_words(treatment: str, session: SessionView | None) -> str:
    """Return what stands in the table of participants: the title, or the letter while the staff is blind."""
    if not treatment:
        return "–"
    if session is not None and session.blind:
        return f"Treatment {treatment}"
    known = {view.treatment: view.title for view in session.treatments} if session is not None else {}
    return known.get(treatment) or treatment


def counts_of(session: SessionView) -> tuple[TreatmentCount, ...]:
    """Return how the places of each treatment are filled, in the server's order."""
    unit = "group" if session.treatments_per == "group" else "participant"
    return tuple(
        TreatmentCount(
            treatment_words(view.treatment, session), view.running, view.completed, _sentence(view, unit, session)
        )
        for view in session.treatments
    )


def _sentence(view: TreatmentView, unit: str, session: SessionView) -> str:
    found = [f"{_count(view.running, unit)} under way", f"{_count(view.completed, unit)} completed"]
    if view.released:
        found.append(f"{_count(view.released, 'place')} free again, because somebody dropped out")
    if any(other.weight != 1 for other in session.treatments):
        share = round(100 * view.weight / sum(other.weight for other in session.treatments))
        found.append(f"gets {share} % of the places")
    return f"{treatment_words(view.treatment, session)}: {', '.join(found)}."


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def state_words(session: SessionView) -> str:
    """Return whether names are shown, and why."""
    if session.blind:
        return "Names are hidden from you until the session is over."
    if session.unblinded:
        return "Names are shown, because that was asked for; it is recorded."
    return ""
