"""How a build's files are served: types, packing, a policy of their own; and a session that begins without them."""

import gzip
import shutil
from pathlib import Path

import pytest

from tests.drivers.server_driver import ServerDriver

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "embedded_game"
FILES = "/_mug/build/static/webgl/catch/Build/catch"
BROTLI = b"k\x8d\x00UnityWeb Compressed Content (brotli)" + b"\0" * 40


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("builds")
    study = folder / "study"
    shutil.copytree(EXAMPLE, study, ignore=shutil.ignore_patterns("data", "__pycache__"))
    build = study / "static" / "webgl" / "catch"
    (build / "StreamingAssets").mkdir()
    (build / "StreamingAssets" / "level.json").write_text("{}", encoding="utf-8")
    (build / "StreamingAssets" / "clip.data.unityweb").write_bytes(gzip.compress(b"a clip"))
    (build / "StreamingAssets" / "more.data.br").write_bytes(BROTLI)
    (build / ".hidden").write_text("secret", encoding="utf-8")
    (study / "static" / "webgl" / "secret.txt").write_text("secret", encoding="utf-8")
    (build / "link.txt").symlink_to(study / "study.toml")
    with ServerDriver(study, folder / "data") as running:
        yield running


@pytest.mark.parametrize(
    ("end", "mime", "packing"),
    [
        (".loader.js", "text/javascript", None),
        (".framework.js.gz", "text/javascript", "gzip"),
        (".wasm.gz", "application/wasm", "gzip"),
        (".data", "application/octet-stream", None),
    ],
)
def test_that_every_file_has_its_type_and_says_how_it_is_packed(
    server: ServerDriver, end: str, mime: str, packing: str | None
) -> None:
    status, headers, body = server.get(FILES + end, {"Accept-Encoding": "gzip"})
    assert status == 200
    assert headers["content-type"].split(";")[0] == mime
    on_disk = (server.study / "static/webgl/catch/Build" / f"catch{end}").read_bytes()
    if packing is not None:
        assert headers["content-encoding"] == packing
        assert body == on_disk, "it goes out as it is packed"
    again, _, _ = server.get(FILES + end, {"Accept-Encoding": "gzip", "If-None-Match": headers["etag"]})
    assert again == 304


def test_that_a_client_that_cannot_unpack_gzip_gets_the_file_unpacked(server: ServerDriver) -> None:
    _, headers, body = server.get(f"{FILES}.wasm.gz")
    assert "content-encoding" not in headers
    assert body.startswith(b"\0asm")


def test_that_a_unityweb_file_is_known_by_its_first_bytes_and_brotli_over_http_is_refused_in_words(
    server: ServerDriver,
) -> None:
    folder = "/_mug/build/static/webgl/catch/StreamingAssets"
    _, headers, body = server.get(f"{folder}/clip.data.unityweb", {"Accept-Encoding": "gzip, deflate"})
    assert (headers["content-encoding"], gzip.decompress(body)) == ("gzip", b"a clip")
    status, _, body = server.get(f"{folder}/more.data.br", {"Accept-Encoding": "gzip, deflate"})
    assert status == 406
    assert b"Brotli over https only" in body
    status, headers, _ = server.get(f"{folder}/more.data.br", {"Accept-Encoding": "gzip, br"})
    assert (status, headers["content-encoding"]) == (200, "br")


def test_that_a_build_has_a_policy_of_its_own_with_no_other_host_and_an_opaque_origin(server: ServerDriver) -> None:
    here = f"http://127.0.0.1:{server.port}/_mug/build/"
    frame = next((Path(__file__).resolve().parents[3] / "mug/server/client").glob("frame-unity-*.html"))
    for path in ("/_mug/build/static/games/reaction/index.html", f"/_mug/client/{frame.name}"):
        status, headers, _ = server.get(path)
        assert status == 200
        rules = dict(rule.strip().partition(" ")[::2] for rule in headers["content-security-policy"].split(";"))
        assert rules["default-src"] == "'none'"
        assert rules["connect-src"] == f"blob: data: {here}"
        assert rules["form-action"] == rules["frame-src"] == "'none'"
        assert rules["frame-ancestors"] == "'self'"
        assert "allow-same-origin" not in rules["sandbox"]
        named = {
            word for value in rules.values() for word in value.split() if word.startswith(("http:", "https:", "*"))
        }
        assert named == {here}
        assert headers["x-frame-options"] == "SAMEORIGIN"


@pytest.mark.parametrize(
    "path",
    [
        "static/webgl/secret.txt",
        "static/webgl/catch/.hidden",
        "static/webgl/catch/../secret.txt",
        "static/webgl/catch/%2e%2e/secret.txt",
        "static/webgl/catch/link.txt",
        "static/webgl/catch/Build",
        "static/webgl/catch/Build/other.data",
        "study.toml",
    ],
)
def test_that_nothing_outside_a_build_is_served_as_a_part_of_it(server: ServerDriver, path: str) -> None:
    status, _, body = server.get(f"/_mug/build/{path}")
    assert status in (308, 404)
    assert b"secret" not in body


def test_that_a_session_does_not_begin_without_its_build(tmp_path: Path) -> None:
    study = tmp_path / "study"
    shutil.copytree(EXAMPLE, study, ignore=shutil.ignore_patterns("data", "__pycache__"))
    build = study / "static" / "webgl" / "catch" / "Build"
    (build / "catch.data").rename(build / "catcher.data")
    refused = ServerDriver(study, tmp_path / "data").run_refused()
    assert refused.returncode != 0
    words = " ".join(refused.stderr.split())
    assert "has no Build/catch.data" in words
    assert "there is Build/catcher.data: a Unity build's folder and its files must have the same name" in words
