"""What pip says when it fails, in the words of its old and new versions."""

import pytest

from mug.runtime.pip import PipFailure

NOT_FOUND = (
    "ERROR: Could not find a version that satisfies the requirement pygame>=2 (from tiny) (from versions: none)\n"
)


@pytest.mark.parametrize(
    ("last", "requirement"),
    [
        ("ERROR: No matching distribution found for pygame>=2\n", "pygame>=2"),
        ("ERROR: No matching distribution found for pygame>=2 (from tiny)\n", "pygame>=2"),
        ("ERROR: No matching distribution found for pygame>=2 (from tiny)\n\n[notice] A new release\n", "pygame>=2"),
        ("", "pygame>=2"),
    ],
)
def test_that_the_requirement_is_named_without_who_asked_for_it(last: str, requirement: str) -> None:
    assert PipFailure(NOT_FOUND + last).requirement == requirement
