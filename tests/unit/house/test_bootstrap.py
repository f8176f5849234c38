"""The set-up program: what it says, what it decides, and that it repeats no addresses."""

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def bootstrap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT))
    import bootstrap as module

    monkeypatch.setattr(module, "VENV", tmp_path / "venv")
    monkeypatch.setattr(module, "STAMPS", tmp_path / "venv" / "mug-setup.json")
    monkeypatch.setattr(module, "LOG", tmp_path / "venv" / "mug-setup.log")
    return module


def start(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "bootstrap.py"), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_that_help_names_every_command() -> None:
    done = start("--help")
    assert done.returncode == 0
    for word in ("lab", "serve", "check", "setup", "test"):
        assert word in done.stdout


def test_that_an_unknown_stage_is_refused_before_anything_is_set_up() -> None:
    done = start("test", "unti")
    assert done.returncode == 2
    assert "there is no stage 'unti'" in done.stderr


def test_that_it_needs_the_standard_library_only() -> None:
    code = "import sys; sys.path.insert(0, sys.argv[1]); import bootstrap; print(len(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, str(ROOT)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_that_a_failing_command_is_a_sentence_with_its_last_lines_and_no_address(
    bootstrap: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    code = "print('Looking in indexes: https://index.example/simple'); print('from https://index.example/x'); exit(3)"
    with (
        pytest.raises(bootstrap.SetupError, match=r"the tool failed \(code 3\)") as caught,
        bootstrap.Step("Trying") as step,
    ):
        bootstrap.run([sys.executable, "-c", code], step, what="the tool")
    assert "from (address)" in str(caught.value)
    assert "index.example" not in str(caught.value) + capsys.readouterr().out + bootstrap.LOG.read_text(
        encoding="utf-8"
    )


def test_that_a_step_is_done_again_only_when_its_stamp_differs(bootstrap: ModuleType) -> None:
    bootstrap.VENV.mkdir()
    assert bootstrap.read_stamps() == {}
    bootstrap.write_stamp("client", "a")
    bootstrap.write_stamp("packages", {"hash": "b", "extras": ["lab"]})
    assert bootstrap.read_stamps() == {"client": "a", "packages": {"hash": "b", "extras": ["lab"]}}
    bootstrap.STAMPS.write_text("not json", encoding="utf-8")
    assert bootstrap.read_stamps() == {}


def test_that_without_root_the_one_line_to_run_is_printed(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "missing_system_packages", list)
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    bootstrap.install_system_packages(["libegl1", "libgl1"], "MUG Lab's window")
    assert "sudo apt-get install --no-install-recommends libegl1 libgl1" in capsys.readouterr().out
    with pytest.raises(bootstrap.SetupError, match="sudo apt-get install"):
        bootstrap.install_system_packages(["python3-venv"], "a virtual environment", needed=True)


def test_that_a_change_of_a_source_of_the_client_is_noticed(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    client = tmp_path / "client"
    (client / "src").mkdir(parents=True)
    (client / "tests").mkdir()
    (client / "node_modules" / "x").mkdir(parents=True)
    for name in ("package.json", "src/main.ts", "tests/a.test.ts", "node_modules/x/index.js"):
        (client / name).write_text("1", encoding="utf-8")
    monkeypatch.setattr(bootstrap, "CLIENT", client)
    assert [path.relative_to(client).as_posix() for path in bootstrap.client_sources()] == [
        "package.json",
        "src/main.ts",
    ]


def test_that_the_totals_read_like_pytests_closing_line(bootstrap: ModuleType) -> None:
    results = [
        bootstrap.Result("unit", True, 10.0, "60 passed, 1 skipped in 9.50s"),
        bootstrap.Result("e2e", False, 20.0, "1 failed, 1 passed in 9.00s; 3 passed, 2 errors in 10.00s"),
    ]
    assert bootstrap.totals(results).strip("= ") == "1 failed, 64 passed, 1 skipped, 2 error in 30.00s"
    assert bootstrap.CLOSING.findall("==== 1 failed, 4 passed in 19.00s ====") == ["1 failed, 4 passed in 19.00s"]
    assert bootstrap.CLOSING.findall("60 passed in 64.23s (0:01:04)") == ["60 passed in 64.23s (0:01:04)"]
