"""Importing has no effects, and no more than what each layer may load. Each case runs in an interpreter of its own."""

import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

_LOADED = """
import json, sys, sysconfig
before = set(sys.modules)
__import__(sys.argv[1])
found = {name.partition(".")[0] for name in set(sys.modules) - before}
print(json.dumps(sorted(found - set(sys.stdlib_module_names))))
"""

_EFFECTS = """
import contextlib, json, os, sys, threading, logging, socket
with contextlib.suppress(ImportError):
    import urllib3  # of python-socketio where it is there: it binds a socket to see whether there is IPv6
def refuse(*args, **more): raise SystemExit("opened a socket while importing")
socket.socket.bind = refuse
socket.socket.connect = refuse
handlers = list(logging.getLogger().handlers)
signals = __import__("signal").getsignal(2)
for name in json.loads(sys.argv[1]):
    __import__(name)
assert threading.active_count() == 1, [thread.name for thread in threading.enumerate()]
assert logging.getLogger().handlers == handlers, "logging was set up"
assert __import__("signal").getsignal(2) is signals, "a signal handler was installed"
widgets = sys.modules.get("PySide6.QtWidgets")
assert widgets is None or widgets.QApplication.instance() is None, "a QApplication was made"
watched = ("PySide6", "pyqtgraph", "flask", "socketio")
print(json.dumps(sorted(name for name in sys.modules if name.startswith(watched))))
"""


def run(code: str, *arguments: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    answer: list[str] = json.loads(done.stdout.splitlines()[-1])
    return answer


def modules_of(package: str) -> list[str]:
    folder = ROOT / package
    found = [package]
    for module in pkgutil.walk_packages([str(folder)], prefix=f"{package}."):
        if not module.name.endswith("__main__"):
            found.append(module.name)
    return found


@pytest.mark.parametrize("module", ["mug", "mug.ids", "mug.errors", "mug.rendering", "mug.play"])
def test_that_what_the_browser_loads_needs_the_standard_library_and_numpy(module: str) -> None:
    of_numpy = {"numpy", "cython_runtime"}
    assert {name for name in run(_LOADED, module) if not name.startswith("_cython_")} <= {"mug", *of_numpy}


@pytest.mark.parametrize("module", ["mug.scenes", "mug.configurations", "mug.study", "mug.cli"])
def test_that_a_study_script_loads_nothing_heavy(module: str) -> None:
    heavy = {"pandas", "pyarrow", "flask", "socketio", "PySide6", "gymnasium", "pettingzoo", "playwright"}
    assert set(run(_LOADED, module)) & heavy == set()


def test_that_importing_mug_has_no_effects_and_loads_no_qt() -> None:
    names = [name for name in modules_of("mug") if not name.startswith("mug.runtime.node_scripts")]
    loaded = run(_EFFECTS, json.dumps(names))
    assert [name for name in loaded if name.startswith(("PySide6", "pyqtgraph"))] == []


def test_that_importing_the_app_has_no_effects() -> None:
    pytest.importorskip("PySide6")
    loaded = run(_EFFECTS, json.dumps(modules_of("gui")))
    assert [name for name in loaded if name.startswith(("flask", "socketio"))] == []


def test_that_everything_that_is_exported_exists() -> None:
    code = """
import importlib, json, sys
missing = []
for name in json.loads(sys.argv[1]):
    module = importlib.import_module(name)
    missing += [f"{name}.{item}" for item in getattr(module, "__all__", []) if not hasattr(module, item)]
print(json.dumps(missing))
"""
    assert run(code, json.dumps(modules_of("mug"))) == []
