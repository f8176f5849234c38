"""The command line: what it takes, and how it says no."""

import importlib

import pytest

from mug import cli


def test_that_what_follows_two_dashes_is_the_scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = {}

    def serve(module: str, function: str, args: object) -> int:
        taken.update(vars(args), module=module, function=function)
        return 0

    monkeypatch.setattr(cli, "_run", serve)
    assert cli.main(["serve", "study.py", "--port", "0", "--pilot", "--", "--port", "7", "x"]) == 0
    assert (taken["study"], taken["port"], taken["pilot"]) == ("study.py", 0, True)
    assert taken["argv"] == ["--port", "7", "x"]
    assert taken["release"] == "automatic"
    assert (taken["module"], taken["function"]) == ("mug.server.serve", "serve_main")


@pytest.mark.parametrize(
    "arguments",
    [["serve"], ["serve", "x", "--port", "70000"], ["serve", "x", "--port", "-1"], ["fly"], ["export"],
     ["serve", "x", "--new-session", "--session", "s"], ["serve", "x", "--release", "never"]],
)  # fmt: skip
def test_that_wrong_arguments_end_with_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    assert capsys.readouterr().out == ""


def test_that_no_command_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 2
    assert "serve" in capsys.readouterr().out


def test_that_a_studys_problem_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["serve", "/no/such/study"]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("mug serve: there is no study at /no/such/study")
    assert "Traceback" not in said.err
    assert said.out == ""


def test_that_every_command_of_the_server_names_code_that_exists() -> None:
    for module, function in (
        ("mug.server.serve", "serve_main"),
        ("mug.check", "main"),
        ("mug.records.commands", "export_main"),
        ("mug.records.commands", "verify_main"),
        ("mug.runtime.commands", "main"),
    ):
        assert callable(getattr(importlib.import_module(module), function)), module
