"""Golden views for the page, which puts them together in TypeScript (web_client/tests/server_game)."""

import json
import random
from pathlib import Path
from typing import Any

from mug.play.view_deltas import Scenery, SeenView, ViewEncoder

VECTORS = Path(__file__).parents[2] / "vectors" / "server_views.json"
COMMAND = "python tests/unit/play/test_server_view_vectors.py"


def made() -> list[dict[str, Any]]:
    """Return views of a game by chance, with what a page has to show after each."""
    rng, scenery, encoder = random.Random(7), Scenery(), ViewEncoder()
    hud: str | None = None
    vectors = []
    for number in range(80):
        if number == 40:
            encoder = ViewEncoder()  # the page came back: whole, and numbered from 0 again
        names = rng.sample(["ball", "net", "sky", "rect~0", "rect~1", "tree", "sign"], rng.randint(0, 6))
        objects = [
            {
                "uuid": name,
                "object_type": "text" if name == "sign" else "rect",
                "permanent": name in ("net", "sky", "tree") and rng.random() < 0.9,
                "depth": rng.randint(-1, 1),
                "tween": False,
                "tween_duration": None,
                "x": rng.choice([0.25, 0.5, rng.random()]),
                "color": rng.choice(["#000000", "#ffffff", None]),
                **({"text": rng.choice(["a", "äöü €", ""])} if name == "sign" else {}),
            }
            for name in names
        ]
        scenery.take({"game_state_objects": objects, "removed": rng.sample(["net", "sky", "leaf"], rng.randint(0, 1))})
        hud = rng.choice([hud, hud, None, f"Score {number}"])
        view = SeenView(
            episode=number // 30,
            frame=number % 30,
            hud=hud,
            score=number // 5,
            objects=scenery.objects,
            taken_out=scenery.taken_out,
        )
        n = encoder.sent + 1
        body, _ = encoder.encode(view, at_ms=number * 1000 / 30, keys_n=number // 7 - 1)
        shown = {"episode": view.episode, "frame": view.frame, "hud": hud, "score": view.score}
        vectors.append({"n": n, "body": body.decode(), "shown": {**shown, "objects": list(view.objects.values())}})
    return vectors


def written() -> str:
    """Return the file's text: one view a line."""
    return "[\n" + ",\n".join(json.dumps(vector, ensure_ascii=False) for vector in made()) + "\n]\n"


def test_that_the_golden_views_are_what_the_server_makes() -> None:
    assert VECTORS.read_text(encoding="utf-8") == written(), f"run: {COMMAND}"


if __name__ == "__main__":
    VECTORS.write_text(written(), encoding="utf-8")
