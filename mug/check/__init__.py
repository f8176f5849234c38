"""Checking a study before people take part: what its data cannot tell is found by trying.

Names are loaded when they are first used: the process that tries an environment needs none of them.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mug.check.commands import main
    from mug.check.study import check_study

__all__ = ["check_study", "main"]


def __getattr__(name: str) -> Any:
    if name == "main":
        from mug.check.commands import main

        return main
    if name == "check_study":
        from mug.check.study import check_study

        return check_study
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
