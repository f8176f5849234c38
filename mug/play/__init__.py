"""A game as it runs: the same code in the participants' browsers and in CPython.

Importing this package pulls in the standard library and numpy only, and `SingleAgent` alone; `check_environment` is
loaded when it is first used.
"""

from typing import TYPE_CHECKING, Any

from mug.play.environment import SingleAgent

if TYPE_CHECKING:
    from mug.play.checks import check_environment

__all__ = ["SingleAgent", "check_environment"]


def __getattr__(name: str) -> Any:
    if name == "check_environment":
        from mug.play.checks import check_environment

        return check_environment
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
