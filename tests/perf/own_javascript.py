"""Size of our own JavaScript as participants load it: everything built but the libraries' chunks."""

import gzip
from pathlib import Path

from tests.perf.bench import ROOT, Bench
from tests.perf.measurement import Row, Skipped

__all__ = ["measure"]

CLIENT = ROOT / "mug" / "server" / "client"
LIBRARIES = ("pixi-", "socketio-", "ort-wasm-")
"""How the build names the files of libraries (web_client/vite.config.ts, vite_onnx.ts)."""
OTHER_PAGES = ("watch",)
"""Pages that participants never load."""


def measure(bench: Bench) -> list[Row]:
    """Compress each file as a server does and add the sizes."""
    files = sorted(path for path in CLIENT.rglob("*") if path.suffix in (".js", ".mjs", ".html"))
    if not files:
        raise Skipped("the participants' page is not built: python3 bootstrap.py setup")
    files = [path for path in files if not path.name.startswith(OTHER_PAGES)]
    sizes = {path.relative_to(CLIENT).as_posix(): _gzipped_kb(path) for path in files}
    library = {name: kb for name, kb in sizes.items() if Path(name).name.startswith(LIBRARIES)}
    own = {name: kb for name, kb in sizes.items() if name not in library}
    bench.details["kb"] = sizes
    largest = ", ".join(f"{name} {kb:.1f}" for name, kb in sorted(own.items(), key=lambda item: -item[1])[:4])
    return [
        Row(
            what="own JavaScript, gzipped, without libraries",
            value=sum(own.values()),
            unit="kB",
            budget=100,
            note=f"{len(own)} files ({largest}); libraries {sum(library.values()):.0f} kB more",
        )
    ]


def _gzipped_kb(path: Path) -> float:
    return len(gzip.compress(path.read_bytes(), 9)) / 1000
