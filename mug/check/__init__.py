"""Checking a study before people take part: what its data cannot tell is found by trying."""

from mug.check.commands import main
from mug.check.study import check_study

__all__ = ["check_study", "main"]
