"""``documentation/session.html``: what somebody who was not there must know about a session, on one page."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from mug.records import facts as f
from mug.records.allocation import treatment_columns
from mug.records.console import console_rows
from mug.records.described import Described
from mug.records.html_text import page, paragraph, table
from mug.records.telemetry_figures import NetworkFigures

__all__ = ["session_page"]


def session_page(described: Described, network: NetworkFigures) -> str:
    """Return the page.

    Args:
        described: The export.
        network: How good the connections were.
    """
    history = described.history
    parts = [
        paragraph(_sentence(described)),
        "<h2>What ran</h2>",
        table(("", ""), _what_ran(described)),
        "<h2>Rows</h2>",
        table(("table", "rows"), [(one.table, one.rows) for one in described.tables]),
        "<h2>Participants</h2>",
        *_participants(described),
        *_treatments(described),
        "<h2>Matches</h2>",
        *_matches(described),
        "<h2>Connections</h2>",
        *_network(network),
        "<h2>Deviations</h2>",
        *_deviations(described),
    ]
    pilot = " (pilot)" if history.opened.pilot else ""
    return page(f"{described.title}, session {described.session_id}{pilot}", parts)


def _sentence(described: Described) -> str:
    history = described.history
    state = (
        f"ended at {described.time(history.ended.at)}"
        if history.ended
        else f"was open when it was exported; its last record is of {described.time(history.last_at)}"
    )
    shifted = " Times are shifted: the session begins with the year 2000." if described.anonymiser else ""
    chosen = " Only some of its participants are in this export." if history.selected is not None else ""
    return (
        f"Session {described.session_id} of the experiment {described.experiment_id} was opened at "
        f"{described.time(history.opened.at)} and {state}. All times are UTC.{shifted}{chosen}"
    )


def _what_ran(described: Described) -> Iterator[tuple[str, object]]:
    opened, head = described.history.opened, described.reader.head
    yield "study", described.title
    yield "hash of the study", opened.study_hash
    if opened.label and described.anonymiser is None:
        yield "label", opened.label
    if opened.expected is not None:
        yield "participants expected", str(opened.expected)
    for name, value in opened.conditions.items():
        yield f"condition {name}", value
    for name, version in sorted(opened.versions.items()):
        yield f"version of {name}", version
    yield "release of groups", opened.release
    yield "journal", f"entry {head.seq}, hash {head.hash}"


def _participants(described: Described) -> Iterator[str]:
    stories = described.history.participants.values()
    ends = Counter(story.finished.outcome if story.finished else "unfinished" for story in stories)
    yield paragraph(f"{len(stories)} joined.")
    yield table(("how it ended", "participants"), _by_count(ends))
    others = [
        (described.participant(who), story.finished.outcome, story.finished.reason, described.time(story.finished.at))
        for who, story in described.history.participants.items()
        if story.finished and story.finished.outcome != "complete"
    ]
    if others:
        yield "<h3>Dropouts and exclusions</h3>"
        yield table(("participant", "outcome", "reason", "at"), others)
    withdrawn = [fact for fact in described.history.withdrawn.values() if described.history.takes(fact.participant_id)]
    if withdrawn:
        yield "<h3>Withdrawn</h3>"
        yield table(
            ("participant", "how", "at"),
            [(described.participant(fact.participant_id), fact.how, described.time(fact.at)) for fact in withdrawn],
        )


def _treatments(described: Described) -> Iterator[str]:
    """Say how many had each treatment, and what became of them; nothing for a study without treatments."""
    history = described.history
    had: dict[str, Counter[str]] = {}
    for who, said in treatment_columns(history).items():
        story = history.participants.get(who)
        if story is not None and (treatment := said.get("treatment")):
            outcome = story.finished.outcome if story.finished else "unfinished"
            had.setdefault(treatment, Counter()).update(
                {"all": 1, "complete": outcome == "complete", "exposed": said.get("treatment_exposed_at") is not None}
            )
    if not had:
        return
    yield "<h3>Treatments</h3>"
    rows = [(name, counts["all"], counts["exposed"], counts["complete"]) for name, counts in sorted(had.items())]
    yield table(("treatment", "participants", "met what differs", "came to the end"), rows)


def _matches(described: Described) -> Iterator[str]:
    matches = described.history.matches
    ends = Counter(match.ended.outcome if match.ended else "unfinished" for match in matches.values())
    yield paragraph(f"{len(matches)} matches were formed.")
    if ends:
        yield table(("how it ended", "matches"), _by_count(ends))
    agreement = described.agreement.get("episodes", {})
    if agreement:
        words = {
            "single": "episodes recorded by one page",
            "agreed": "episodes recorded alike by several pages",
            "differs": "episodes whose records differ",
            "server": "episodes recorded by the server",
        }
        counts: list[tuple[str, object]] = [(words[name], count) for name, count in agreement.items()]
        counts.append(("state hashes that players compared", described.agreement.get("compared", 0)))
        counts.append(("of them differed", described.agreement.get("desyncs", 0)))
        yield table(("", ""), counts)


def _network(network: NetworkFigures) -> Iterator[str]:
    rows = network.rows()
    if not rows:
        yield paragraph("Nothing was measured.")
        return
    yield table(("what", "measurements", "median", "95th percentile", "most"), rows)


def _deviations(described: Described) -> Iterator[str]:
    notes = list(described.problems)
    if described.warnings:
        yield "<h3>Before this export is given away</h3>"
        yield _listed(described.warnings)
    yield "<h3>In the records</h3>"
    yield _listed(notes) if notes else paragraph("The records are complete and do not contradict themselves.")
    flagged = [
        (_id(described, "m", match_id), flag.flag, described.text(flag.detail), described.time(flag.at))
        for match_id, match in described.history.matches.items()
        for flag in match.flags
    ]
    if flagged:
        yield "<h3>Flags of matches</h3>"
        yield table(("match", "flag", "detail", "at"), flagged)
    yield "<h3>What the experimenter did</h3>"
    done = [row for row in console_rows(described.history) if row["action"] not in ("session_opened", "server_started")]
    yield table(("at", "what", "to whom", "reason", "text", "state"), [_done(described, row) for row in done])
    starts = sum(isinstance(one.fact, f.ServerStarted) for one in described.history.console)
    if starts > 1:
        yield paragraph(f"The server was started {starts} times during the session.")


def _done(described: Described, row: dict[str, Any]) -> tuple[str, ...]:
    who = row.get("participant_id")
    stage = row.get("detail") if row["action"] in ("stage_set", "release_set") else ""
    written = ("", "") if described.options.drop_texts else (row.get("reason") or "", row.get("text") or "")
    return (
        described.time(row["at"]),
        f"{row['action']} {stage}".strip(),
        described.participant(who) if who else "",
        *map(described.text, written),
        row.get("state") or "",
    )


def _id(described: Described, prefix: str, value: str) -> str:
    return described.anonymiser.new_id(prefix, value) if described.anonymiser is not None else value


def _listed(sentences: Any) -> str:
    return table(("",), [(sentence,) for sentence in sentences])


def _by_count(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
