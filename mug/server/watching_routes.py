"""The addresses of watching: the page for everybody, and what it asks for only with the token of the lab."""

from collections.abc import Callable
from typing import Any, Final

from flask import Flask, Response, request

from mug.authority.replays import Recorded, Replays, TooManyReplaysError
from mug.authority.watchers import TooManyWatchersError
from mug.records.errors import RecordsError
from mug.server.watching import WatchedMatches
from mug.server.watching_live import Watchable, live_views

__all__ = ["WATCH_PAGE", "add_watching"]

WATCH_PAGE: Final = "/_mug/watch"
MAX_FRAME: Final = 10**9


def add_watching(
    app: Flask,
    matches: WatchedMatches | None,
    *,
    admit: Callable[[], None],
    page: Callable[[], Response],
    processes: Callable[[], Watchable | None] = lambda: None,
    replays: Replays | None = None,
) -> None:
    """Add the routes.

    Args:
        app: The server.
        matches: The session's; None: there are none to watch, and only the page is there.
        processes: What steps matches now.
        replays: What steps matches again that the server had stepped; None: nothing does.
        admit: Ends the request where it may not be answered.
        page: Sends the page.
    """

    def all_matches() -> Any:
        admit()
        return _answered(lambda: {"matches": [] if matches is None else matches.matches()})

    def one_match(match_id: str) -> Any:
        admit()
        return _answered(lambda: None if matches is None else matches.match(match_id), match_id)

    def frames(match_id: str) -> Any:
        admit()
        episode, frame = _number("episode"), _number("frame")
        recorder = request.args.get("recorder", "")[:200]
        return _answered(
            lambda: None if matches is None else matches.frames(match_id, episode, frame, recorder), match_id
        )

    def views(match_id: str) -> Any:
        admit()
        name, agent = request.args.get("watcher", "")[:64], request.args.get("agent", "")[:200]
        life, seen = _number("life", -1), _number("seen", -1)
        if not name or matches is None or not matches.is_known(match_id):
            return _answered(lambda: None, match_id)
        try:
            return live_views(processes(), match_id, name, agent=agent, life=life, seen=seen)
        except TooManyWatchersError as error:
            return {"error": str(error)}, 409

    def replay(match_id: str) -> Any:
        admit()
        asked = request.get_json(silent=True)
        asked = asked if isinstance(asked, dict) else {}
        name, agent = str(asked.get("replay", ""))[:64], str(asked.get("agent", ""))[:200]
        if replays is None or matches is None or not name:
            return _answered(lambda: None, match_id)
        if asked.get("ends") is True:
            replays.end(name)
            return {"opened": None, "looked": None, "image": ""}

        def recorded() -> Recorded:
            found = matches.recorded(match_id)
            if found is None:
                raise LookupError
            return found

        try:
            place = {part: _whole(asked.get(part)) for part in ("episode", "frame")}
            return replays.look(name, recorded, agent=agent, **place)
        except TooManyReplaysError as error:
            return {"error": str(error)}, 409
        except LookupError:
            return _answered(lambda: None, match_id)
        except RecordsError as error:
            return {"error": f"The records cannot be read: {error}"}, 500

    app.add_url_rule(WATCH_PAGE, "watch_page", page)
    app.add_url_rule("/_mug/lab/matches", "lab_matches", all_matches)
    app.add_url_rule("/_mug/lab/matches/<match_id>", "lab_match", one_match)
    app.add_url_rule("/_mug/lab/matches/<match_id>/frames", "lab_match_frames", frames)
    app.add_url_rule("/_mug/lab/matches/<match_id>/views", "lab_match_views", views)
    app.add_url_rule("/_mug/lab/matches/<match_id>/replay", "lab_match_replay", replay, methods=["POST"])


def _number(name: str, otherwise: int = 0) -> int:
    text = request.args.get(name, "")
    return min(int(text), MAX_FRAME) if text.isascii() and text.isdigit() and len(text) < 12 else otherwise


def _whole(value: Any) -> int:
    return min(value, MAX_FRAME) if isinstance(value, int) and value >= 0 else 0


def _answered(ask: Callable[[], dict[str, Any] | None], match_id: str = "") -> Any:
    try:
        answer = ask()
    except RecordsError as error:
        return {"error": f"The records cannot be read: {error}"}, 500
    if answer is None:
        return {"error": f"There is no match {match_id[:80]!r} in this session."}, 404
    return answer
