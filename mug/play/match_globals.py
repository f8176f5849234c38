"""`mug_globals` in a game of several people: the values that the match was formed with, the same on every page."""

import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["MatchGlobals"]


class MatchGlobals(dict[str, Any]):
    """A dict that study code can read at any time, but change only outside of steps and resets.

    A step is made again when a partner's input comes late, and on other pages: what it wrote here would be neither
    undone nor equal.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(json.loads(json.dumps(dict(values))))
        self._locked = False

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Refuse changes meanwhile."""
        self._locked = True
        try:
            yield
        finally:
            self._locked = False

    def plain(self) -> dict[str, Any]:
        """Return a copy as JSON has it."""
        values: dict[str, Any] = json.loads(json.dumps(self))
        return values

    def _check(self) -> None:
        if self._locked:
            raise TypeError(
                "mug_globals cannot be changed in a step or reset of a game of several people: "
                "steps are made again after late inputs, and on every page"
            )

    def __setitem__(self, key: str, value: Any) -> None:
        self._check()
        super().__setitem__(key, value)

    def __delitem__(self, key: str) -> None:
        self._check()
        super().__delitem__(key)

    def __ior__(self, other: Any) -> "MatchGlobals":  # type: ignore[override, misc]  # dict has it for any dict
        self._check()
        super().update(other)
        return self

    def clear(self) -> None:
        """As dict's."""
        self._check()
        super().clear()

    def pop(self, *args: Any) -> Any:
        """As dict's."""
        self._check()
        return super().pop(*args)

    def popitem(self) -> tuple[str, Any]:
        """As dict's."""
        self._check()
        return super().popitem()

    def setdefault(self, key: str, default: Any = None) -> Any:
        """As dict's; a key that is there changes nothing."""
        if key not in self:
            self._check()
        return super().setdefault(key, default)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """As dict's."""
        self._check()
        super().update(*args, **kwargs)
