import argparse
from pathlib import Path

import pytest

from mug.runtime.commands import add_arguments, main


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return main(parser.parse_args(words))


def test_that_status_without_a_distribution_says_what_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MUG_CACHE_DIR", str(tmp_path))
    assert run("status") == 1
    assert "Run `mug runtime install`" in capsys.readouterr().out


def test_that_install_from_nowhere_is_a_sentence_and_an_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MUG_CACHE_DIR", str(tmp_path / "cache"))
    assert run("install", "--from", str(tmp_path / "absent")) == 1
    assert "there is no such folder" in capsys.readouterr().err


@pytest.mark.pyodide
def test_that_verify_of_a_whole_distribution_says_so(
    cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MUG_CACHE_DIR", str(cache))
    assert run("verify") == 0
    assert "every file is what it should be" in capsys.readouterr().out
    assert run("status") == 0
