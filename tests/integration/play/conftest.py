import base64
import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from mug.play.chunks import FramesChunk, decode_chunk
from mug.play.config import GameConfig

CHECKOUT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(CHECKOUT / "tests" / "unit" / "play"))


@dataclasses.dataclass
class Visit:
    """What one visit in Pyodide handed over."""

    messages: list[dict[str, Any]]
    views: list[list[int]]
    bodies: list[bytes]
    flushed: list[bytes]
    tail: dict[str, Any] | None
    tick_ms: list[float]
    ticks: int

    @property
    def chunks(self) -> list[FramesChunk]:
        return [decode_chunk(body) for body in self.bodies]

    def column(self, name: str) -> list[Any]:
        return [value for chunk in self.chunks for value in list(chunk.columns[name])]

    def only(self, op: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["op"] == op]


@dataclasses.dataclass
class VisitScript:
    config: GameConfig
    stop_after: int | None = None
    stored: Sequence[bytes] = ()
    tail: dict[str, Any] | None = None
    first_tick: int = 0

    def to_json(self) -> dict[str, Any]:
        config = dataclasses.asdict(self.config)
        config["match_seed"] = str(config["match_seed"])
        return {
            "config": config,
            "stop_after": self.stop_after,
            "stored": [base64.b64encode(body).decode() for body in self.stored],
            "tail": self.tail,
            "first_tick": self.first_tick,
        }


@pytest.fixture(scope="session")
def play_in_pyodide(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Sequence[VisitScript]], list[Visit]]:
    """Runs visits, one after the other, in one fresh Pyodide under Node, with the worker's own code."""
    from mug.runtime import browser_part, find_distribution, prepare_study, study_zip
    from mug.runtime.node import find_node

    folder = tmp_path_factory.mktemp("pyodide")
    distribution = find_distribution()
    prepared = prepare_study(["gymnasium"], lock_path=None)
    lock, archive, bundle = folder / "lock.json", folder / "study.zip", folder / "game_in_node.mjs"
    lock.write_bytes(prepared.lock_for_node())
    archive.write_bytes(study_zip(browser_part())[1])
    node = find_node()
    assert node is not None, "these tests need Node"
    rolldown = CHECKOUT / "web_client" / "node_modules" / "rolldown" / "bin" / "cli.mjs"
    assert rolldown.is_file(), "the web client's packages are not installed: run npm ci in web_client"
    source = Path(__file__).with_name("game_in_node.ts")
    command = [str(node), str(rolldown), str(source), "--format", "esm", "--platform", "node", "-o", str(bundle)]
    subprocess.run(command, check=True, capture_output=True, timeout=120, cwd=CHECKOUT / "web_client")

    def run(visits: Sequence[VisitScript]) -> list[Visit]:
        script = folder / "script.json"
        script.write_text(
            json.dumps(
                {
                    "folder": str(distribution.folder),
                    "lock_file": str(lock),
                    "packages": list(prepared.packages),
                    "study_zip": str(archive),
                    "visits": [visit.to_json() for visit in visits],
                }
            )
        )
        done = subprocess.run(
            [str(node), str(bundle), str(script)], capture_output=True, text=True, timeout=240, check=False
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return [
            Visit(
                messages=result["messages"],
                views=result["views"],
                bodies=[base64.b64decode(text) for text in result["chunks"]],
                flushed=[base64.b64decode(text) for text in result["flushed"]],
                tail=result["tail"],
                tick_ms=result["tickMs"],
                ticks=result["ticks"],
            )
            for result in json.loads(done.stdout)
        ]

    return run
