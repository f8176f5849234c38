"""Puts the stand-in for a Unity build together: ``python builds/make_builds.py``, from the example's folder.

Unity does this for a real game (File > Build Profiles > Web). The framework and the code are packed with Gzip, the
loader and the data are not, so that both ways of serving are used.
"""

import gzip
from pathlib import Path

HERE = Path(__file__).resolve().parent
OUT = HERE.parent / "static" / "webgl" / "catch" / "Build"

# (module (func (export "distance") (param f32 f32) (result f32) (f32.abs (f32.sub (local.get 0) (local.get 1)))))
WASM = bytes.fromhex(
    "0061736d01000000"  # magic, version
    "01070160027d7d017d"  # types: (f32, f32) -> f32
    "03020100"  # functions: one of type 0
    "070c010864697374616e63650000"  # exports: "distance"
    "0a0a01080020002001938b0b"  # code: local.get 0, local.get 1, f32.sub, f32.abs, end
)


def main() -> None:
    """Write the files of the build."""
    OUT.mkdir(parents=True, exist_ok=True)
    source = HERE / "catch"
    (OUT / "catch.loader.js").write_bytes((source / "catch.loader.js").read_bytes())
    (OUT / "catch.data").write_bytes((source / "catch.data.json").read_bytes())
    framework = (source / "catch.framework.js").read_bytes()
    (OUT / "catch.framework.js.gz").write_bytes(gzip.compress(framework, 9, mtime=0))
    (OUT / "catch.wasm.gz").write_bytes(gzip.compress(WASM, 9, mtime=0))


if __name__ == "__main__":
    main()
