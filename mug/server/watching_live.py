"""Watching a match that the server steps while it runs: the views that its process makes for a watcher's page."""

import base64
import json
from typing import Any, Final, Protocol

from mug.authority.watchers import Looked
from mug.ids import MatchId

__all__ = ["WAIT_S", "Watchable", "live_views"]

WAIT_S: Final = 5.0
"""So long a page's question waits for a view, before the answer says that there is none."""


class Watchable(Protocol):
    """The processes that step a session's matches."""

    def watch(
        self, match_id: MatchId, name: str, *, agent: str = "", life: int = -1, seen: int = -1, wait_s: float = 0.0
    ) -> Looked:
        """Return what is new to a watcher."""


def live_views(
    processes: Watchable | None, match_id: str, name: str, *, agent: str = "", life: int = -1, seen: int = -1
) -> dict[str, Any]:
    """Return what a watcher's page shows next, as plain JSON; it may take `WAIT_S`.

    Args:
        processes: The session's; None: it has none.
        match_id: The match.
        name: The page's own, as long as it lives.
        agent: Whose view it wants; "": the first player's.
        life: As the answer before said; -1: there was none.
        seen: The newest view that it has.

    Raises:
        TooManyWatchersError: The match has as many watchers as it may have.
    """
    if processes is None:
        return {"life": -1, "stage": "", "views": [], "asset_specs": []}
    looked = processes.watch(MatchId(match_id), name, agent=agent, life=life, seen=seen, wait_s=WAIT_S)
    return {
        "life": looked.life,
        "stage": looked.stage,
        "asset_specs": list(looked.asset_specs) if life != looked.life else [],
        "views": [
            {
                "n": view.n,
                "view": json.loads(view.body),
                "image": base64.b64encode(view.image).decode(),
                "about": json.loads(view.about) if view.about else None,
            }
            for view in looked.views
        ],
    }
