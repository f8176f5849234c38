"""A preview's server: the study as it is edited, nothing kept, gone with whoever started it."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec
import psutil
import pytest

from mug.host import LaunchedServer, ServerStartError, launch
from mug.protocol.messages import GameContent, JoinMatch, MatchReady, PageContent
from mug.study import dump_study, load, read_study
from mug.study.edits import SetField
from mug.study.model import Study
from mug.study.preview import preview_study
from tests.drivers.server_driver import ParticipantClient, ServerDriver
from tests.drivers.stepped_study import SteppedClient, write_stepped_study
from tests.drivers.waiting import until

REPOSITORY = Path(__file__).resolve().parents[3]

Preview = Callable[..., ServerDriver]


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    return tmp_path / "scratch"


@pytest.fixture
def preview(tmp_path: Path, scratch: Path) -> Iterator[Preview]:
    """Start the preview of an edited study, as MUG Lab does."""
    with ExitStack() as stack:

        def start(place: Path, edited: Study, *, port: int = 0) -> ServerDriver:
            file = tmp_path / "edited.toml"
            file.write_text(dump_study(edited), encoding="utf-8")
            launched = launch(place, data_dir=scratch, port=port, preview=True, as_edited=file)
            stack.callback(launched.stop)
            address = launched.wait_ready()
            driver = ServerDriver(place, scratch, port=address.port)
            driver.launched = launched  # type: ignore[attr-defined]  # for the tests of this module
            return driver

        yield start


def process_of(driver: ServerDriver) -> LaunchedServer:
    process = driver.launched  # type: ignore[attr-defined]  # set by the fixture above
    assert isinstance(process, LaunchedServer)
    return process


def page_of(client: ParticipantClient) -> PageContent:
    assert client.scene is not None
    assert isinstance(client.scene.content, PageContent)
    return client.scene.content


def changed(study: Study, path: tuple[int, ...], field: str, value: object) -> Study:
    return SetField(path=path, field=field, value=value).apply(study)[0]


def listing(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_that_a_preview_shows_the_edited_scene_and_keeps_nothing(pages: Path, scratch: Path, preview: Preview) -> None:
    before = listing(pages)
    edited = changed(read_study(pages / "study.toml"), (1, 2), "scene_header", "A ripe plum")
    server = preview(pages, preview_study(edited, (1, 2)))
    with ParticipantClient(server, "preview-1") as client:
        client.enter()
        assert client.welcome is not None
        assert client.welcome.preview
        assert page_of(client).scene_header == "A ripe plum"
        client.put_rows("event", {"name": "seen", "at_ms": 1.0, "at": "2026-01-01T00:00:00Z"})
        client.finish()
        assert page_of(client).scene_header == "End of the preview"
    assert [path for path in scratch.iterdir() if path.name.startswith("mug-preview-")]
    assert process_of(server).stop() == 0
    assert {path.name for path in scratch.iterdir()} == {"logs"}
    assert listing(pages) == before


def test_that_a_page_that_comes_back_to_a_restarted_preview_begins_anew(pages: Path, preview: Preview) -> None:
    study = read_study(pages / "study.toml")
    first = preview(pages, preview_study(study, (0,)))
    with ParticipantClient(first, "preview-1") as client:
        client.enter()
        assert client.welcome is not None
        session = client.welcome.session_id
        client.finish()
        process_of(first).stop()
        again = preview(
            pages, preview_study(changed(study, (0,), "scene_header", "Hello again"), (0,)), port=first.port
        )
        assert again.port == first.port
        client.come_back()
        assert client.welcome.session_id != session
        assert client.welcome.preview
        assert page_of(client).scene_header == "Hello again"


def test_that_a_session_is_not_marked_as_a_preview(server: ServerDriver) -> None:
    with ParticipantClient(server) as client:
        client.enter()
        assert client.welcome is not None
        assert not client.welcome.preview


def test_that_errors_of_the_scene_are_told_and_those_of_others_are_shown(pages: Path, preview: Preview) -> None:
    study = changed(read_study(pages / "study.toml"), (1, 1), "scene_body_filepath", "pages/missing.html")
    with pytest.raises(ServerStartError, match=r"missing\.html"):
        preview(pages, preview_study(study, (1, 1)))
    server = preview(pages, preview_study(study, (0,), "from"))
    with ParticipantClient(server, "preview-1") as client:
        client.enter()
        bodies = [client.finish() and page_of(client).body_html for _ in range(3)]
        assert sum("missing.html" in body for body in bodies) == 1
        assert page_of(client).redirect_url is None


def test_that_a_script_keeps_its_functions(tmp_path: Path, preview: Preview) -> None:
    script = tmp_path / "experiment.py"
    script.write_text(
        "from mug.configurations.experiment_config import ExperimentConfig\n"
        "from mug.scenes.stager import Stager\n"
        "from mug.scenes.static_scene import EndScene, StartScene\n"
        "from mug.server import app\n"
        "class Greeting(StartScene):\n"
        "    def on_connect(self, *a, **k):\n"
        "        print('CONNECTED')\n"
        "start = Greeting().scene(scene_id='start').display(scene_header='Before')\n"
        "end = EndScene().scene(scene_id='end').display(scene_header='End')\n"
        "config = ExperimentConfig().experiment(stager=Stager(scenes=[start, end]), experiment_id='scripted')\n"
        "app.run(config)\n",
        encoding="utf-8",
    )
    study = load(script).study
    assert str(study.chain[0].on_connect).startswith("experiment.py:")  # type: ignore[union-attr]  # a start page
    server = preview(script, preview_study(changed(study, (0,), "scene_header", "After"), (0,)))
    with ParticipantClient(server, "preview-1") as client:
        client.enter()
        assert page_of(client).scene_header == "After"
        until(lambda: "CONNECTED" in process_of(server).log(), lambda: process_of(server).log())


def test_that_a_new_study_needs_no_file_of_its_own_yet(tmp_path: Path, preview: Preview) -> None:
    (tmp_path / "empty").mkdir()
    study = read_study(REPOSITORY / "examples" / "questionnaire" / "study.toml")
    server = preview(tmp_path / "empty", preview_study(msgspec.structs.replace(study, chain=study.chain[1:2]), (0,)))
    with ParticipantClient(server, "preview-1") as client:
        client.enter()


def test_that_two_pages_play_without_a_check_before(tmp_path: Path, preview: Preview) -> None:
    folder = tmp_path / "tag"
    shutil.copytree(REPOSITORY / "examples" / "tag", folder, ignore=shutil.ignore_patterns("study.lock.json"))
    env = folder / "tag_env.py"
    env.write_text(env.read_text(encoding="utf-8") + "\n# another content, which nothing was proved of\n")
    study = changed(read_study(folder / "study.toml"), (1,), "rendering.fps", 20)
    server = preview(folder, preview_study(study, (1,)))
    with ParticipantClient(server, "preview-1") as one, ParticipantClient(server, "preview-2") as two:
        for client in (one, two):
            client.enter()
            assert isinstance(client.scene and client.scene.content, GameContent)
            assert client.scene is not None
            client.send(JoinMatch(visit_id=client.scene.visit_id))
        ready = [client.wait_for(MatchReady) for client in (one, two)]
    assert {message.config.snapshot_level for message in ready} == {"own"}
    assert ready[0].config.fps == 20
    assert not (folder / "study.lock.json").exists()


def test_that_wheels_of_the_study_are_found_and_its_lock_is_left_alone(preview: Preview) -> None:
    folder = REPOSITORY / "examples" / "slime_volleyball"
    before = listing(folder)
    server = preview(folder, preview_study(read_study(folder / "study.toml"), (2,)))
    with ParticipantClient(server, "preview-1") as client:
        client.enter()
        assert client.welcome is not None
        assert client.welcome.runtime is not None
        assert "slimevb" in client.welcome.runtime.packages
    assert listing(folder) == before


def test_that_it_ends_with_the_program_that_started_it(pages: Path, preview: Preview) -> None:
    server = preview(pages, preview_study(read_study(pages / "study.toml"), (0,)))
    with ParticipantClient(server, "preview-1") as client:
        client.enter()
        process_of(server).release()
        client.wait_until(lambda: not client.connected, "the server's end")


def test_that_it_ends_when_nobody_looks(pages: Path, tmp_path: Path) -> None:
    driver = ServerDriver(pages, tmp_path / "data", "--preview", "--idle", "1")
    with driver:
        assert driver.wait_until_gone() == 0
    assert "nobody has looked" in driver.log
    assert {path.name for path in (tmp_path / "data").iterdir()} == {"server.log"}


def test_that_a_session_is_never_served_as_edited(pages: Path, tmp_path: Path) -> None:
    driver = ServerDriver(pages, tmp_path / "data")
    done = driver.run_refused("--as-edited", str(pages / "study.toml"))
    assert done.returncode == 2
    assert "--preview" in done.stderr


def test_that_a_game_on_the_server_can_be_previewed(preview: Preview, tmp_path: Path) -> None:
    study = write_stepped_study(tmp_path / "study", frames=30)
    loaded = load(study)
    server = preview(study, preview_study(loaded.study, (1,)))
    with SteppedClient(server) as page:
        page.enter()
        page.join()
        page.wait_for_match()
        page.press("ArrowRight")
        assert page.go_on().scene_id == "preview_end"
    children = psutil.Process(process_of(server).pid).children(recursive=True)
    process_of(server).stop()
    assert psutil.wait_procs(children, timeout=20)[1] == []
