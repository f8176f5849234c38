"""The end of a participation: its outcome, its code, the address to go on to, and the page that says so."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from mug.engine.clock import derive_seed
from mug.engine.effects import ConnectionId, Send
from mug.engine.live import Core
from mug.engine.state import ParticipantState
from mug.engine.treatments import released
from mug.protocol.messages import Closed, Refused, Trouble
from mug.records import facts as f
from mug.study.endings import code_for, filled_address, url_for
from mug.study.model import CompletionCodePage, EndPage

__all__ = ["CODE_LENGTH", "MAX_FAILURES", "Endings", "session_over", "spell"]

_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters and digits that are not mistaken for one another when somebody reads them aloud."""
CODE_LENGTH: Final = 10
MAX_FAILURES: Final = 5
"""A page that could not go on so often ends the participation; until then, loading it again may help."""

_MESSAGES: Final = {
    "complete": "You have come to the end of the study. Thank you for taking part!",
    "screened_out": "You cannot take part in this study. Thank you for your interest.",
    "excluded": "You cannot go on in this study. Thank you for your time.",
    "no_partner": "Nobody came to play with you. This is not your fault. Thank you for waiting.",
    "partner_left": "Your partner has left, so the study ends here. This is not your fault. Thank you for taking part.",
    "technical": "The study could not go on because of a technical problem. This is not your fault. "
    "Thank you for your time.",
}


def spell(bits: int, length: int) -> str:
    """Write `length` letters and digits; 16 bits of `bits` choose each."""
    return "".join(_ALPHABET[(bits >> (16 * i)) % len(_ALPHABET)] for i in range(length))


def session_over() -> Closed:
    """What the pages show of those who are in the middle of the study when the experimenter ends the session."""
    return Closed(reason="session_ended", message="The session is over. Thank you for taking part.")


class Endings:
    """The one place where a participation ends."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def end(
        self,
        participant: ParticipantState,
        outcome: str,
        reason: str = "",
        message: str = "",
        *,
        before: Sequence[f.AnyFact] = (),
        redirect_url: str | None = None,
        value: float | None = None,
        pay: str = "",
    ) -> None:
        """End a participation, once, and show its page why, with the code and the address.

        Args:
            participant: Whose.
            outcome: screened_out, excluded, no_partner, partner_left, technical; complete, by the experimenter's hand.
            reason: A stable word: why.
            message: What the participant reads; empty: words of ours.
            before: Facts that belong to it, recorded with it: the end of a visit.
            redirect_url: In place of the study's address for this outcome; may hold its placeholders.
            value: What was measured, in ms, where that is the reason.
            pay: What the experimenter said of the pay.
        """
        core = self._core
        if participant.outcome is not None:
            core.record(*before)
            return
        core.record(
            *before,
            self.fact(participant, outcome, reason, message, redirect_url=redirect_url, value=value, pay=pay),
            *(released(core, participant, outcome) if outcome != "complete" else ()),
        )
        why = f" ({reason})" if reason else ""
        core.say("info", f"the participation is over: {outcome}{why}", participant.participant_id)
        connection = core.presence(participant.participant_id).connection
        if connection is not None:
            core.after_commit(Send(connection, self.closed(participant)))

    def fact(
        self,
        participant: ParticipantState,
        outcome: str,
        reason: str = "",
        message: str = "",
        *,
        redirect_url: str | None = None,
        value: float | None = None,
        pay: str = "",
    ) -> f.ParticipantFinished:
        """The fact of the end. Who came to the end of a study without codes gets none; its address is complete."""
        complete = outcome == "complete"
        code = None if complete and not self._gives_complete_code(participant) else self.code(participant, outcome)
        return f.ParticipantFinished(
            at=self._core.now(),
            participant_id=participant.participant_id,
            outcome=outcome,
            reason=reason,
            message=message or ("" if complete else _MESSAGES[outcome]),
            completion_code=code,
            redirect_url=redirect_url if complete else self.address(participant, outcome, redirect_url),
            value=value,
            pay=pay,
        )

    def code(self, participant: ParticipantState, outcome: str) -> str:
        """The code of an outcome: the study's, else one of this participant's own, always the same."""
        known = code_for(self._core.frozen.study.endings, outcome)
        if known is not None:
            return known
        if outcome == "complete" and participant.completion_code is not None:
            return participant.completion_code
        bits = [derive_seed("code", participant.seed, outcome, part) for part in range(3)]
        return spell(sum(part << (64 * place) for place, part in enumerate(bits)), CODE_LENGTH).upper()

    def address(self, participant: ParticipantState, outcome: str, wanted: str | None = None) -> str | None:
        """The address of an outcome, or `wanted`, with its placeholders filled; None when there is none."""
        core = self._core
        url = wanted or url_for(core.frozen.study.endings, outcome)
        if url is None:
            return None
        assert core.state.opened is not None
        return filled_address(
            url,
            {
                **participant.params,
                **participant.recruiter,
                "code": self.code(participant, outcome),
                "subject_id": participant.participant_id,
                "session_id": core.state.opened.session_id,
                "outcome": outcome,
            },
        )

    def page_address(self, participant: ParticipantState, page: EndPage) -> str | None:
        """The address to which an end page leads: its own, else the study's for who came to the end."""
        url = self.address(participant, "complete", page.redirect_url)
        if url is None or not page.append_subject_id:
            return url
        parts = urlsplit(url)
        query = [*parse_qsl(parts.query, keep_blank_values=True), ("subject_id", participant.participant_id)]
        return urlunsplit(parts._replace(query=urlencode(query)))

    def closed(self, participant: ParticipantState) -> Closed:
        """What the page of an ended participation shows."""
        assert participant.outcome is not None
        visit = self._core.state.current_visit(participant)
        return Closed(
            reason=participant.outcome,
            visit_id=visit.planned.visit_id if visit is not None else "",
            next_seq=dict(visit.next_seq) if visit is not None else {},
            message=participant.outcome_message or _MESSAGES[participant.outcome],
            completion_code=participant.outcome_code,
            redirect_url=participant.outcome_url,
            redirect_after_s=self._core.frozen.study.endings.redirect_after_s,
            action_id=participant.moved_by,
        )

    def refused(self, participant: ParticipantState) -> Refused:
        """The same for a page that asks again and may not come in. Its browser holds the participant's token."""
        closed = self.closed(participant)
        reason = "finished" if participant.outcome == "complete" else closed.reason
        return Refused(
            reason=reason,
            message=closed.message,
            completion_code=closed.completion_code,
            redirect_url=closed.redirect_url,
        )

    def trouble(self, connection: ConnectionId, participant: ParticipantState) -> None:
        """A page could not go on: tell it what to hand in if it cannot be helped."""
        if participant.outcome is not None:
            return
        help_ = Trouble(
            completion_code=self.code(participant, "technical"), redirect_url=self.address(participant, "technical")
        )
        self._core.after_commit(Send(connection, help_))

    def _gives_complete_code(self, participant: ParticipantState) -> bool:
        study = self._core.frozen_of(participant).study
        last = study.chain[-1] if study.chain else None
        shows = isinstance(last, CompletionCodePage)
        return shows or study.endings.complete_code is not None or _names_code(study.endings.complete_url, last)


def _names_code(url: str | None, last: object) -> bool:
    """Whether the address to which people go from the end names the code."""
    own = last.redirect_url if isinstance(last, EndPage) else None
    return "{code}" in (own or url or "")
