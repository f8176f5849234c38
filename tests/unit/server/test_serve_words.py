"""What the server says while it makes a study's packages ready."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from mug.server import serve
from mug.study import load

REPOSITORY = Path(__file__).resolve().parents[3]


def test_that_work_that_goes_on_is_said_every_few_seconds_and_not_every_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]

    def prepare(packages: Any, *, lock_path: Any, progress: Any) -> None:
        for _ in range(200):
            now[0] += 0.1
            progress("resolving gymnasium for the browser", None)
        now[0] += 1.1
        progress("reading the packages", 0.5)

    monkeypatch.setattr(serve, "prepare_study", prepare)
    monkeypatch.setattr(serve.time, "monotonic", lambda: now[0])
    say = StringIO()
    serve._check(load(REPOSITORY / "examples" / "mountain_car"), say)
    lines = say.getvalue().splitlines()
    assert 2 <= len(lines) <= 6
    assert lines[-1] == "reading the packages (50 %)"
