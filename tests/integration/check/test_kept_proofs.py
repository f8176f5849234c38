"""The locks beside the tests: of the games that tests play again and again, so that no server proves them anew."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mug.check.together import proved
from mug.runtime import prepare_study
from mug.study import load, walk
from mug.study.model import GymGame
from tests.drivers.pair_study import write_pair_study
from tests.drivers.waitroom_study import write_waitroom_study

pytestmark = pytest.mark.pyodide


@pytest.mark.parametrize(
    "write",
    [
        write_pair_study,
        lambda folder: write_pair_study(folder, fps=10),
        lambda folder: write_waitroom_study(folder, group_order=True),
        lambda folder: write_waitroom_study(folder, people=3, group_order=True),
    ],
    ids=["pair", "pair at 10 fps", "two games of two", "two games of three"],
)
def test_that_the_kept_proofs_are_of_the_games(
    write: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mug.check.together._private", lambda key: tmp_path / "kept" / f"{key}.json")
    loaded = load(write(tmp_path / "study"))
    games = [node for _, node in walk(loaded.study) if isinstance(node, GymGame)]
    assert games
    for game in games:
        prepared = prepare_study(game.runtime.packages_to_install, lock_path=loaded.folder / "study.lock.json")
        proof = proved(loaded, game, prepared)
        assert proof is not None, (
            f"run `mug check` on the study of this test and keep its study.lock.json: {game.scene_id}"
        )
        assert proof.tried == ("CPython", "Pyodide")
