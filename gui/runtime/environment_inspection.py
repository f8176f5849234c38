"""What the environment of a game says of itself, found out in a child process while the study is edited."""

import tempfile
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from gui.models.environment_info import EnvironmentInfo
from gui.models.opened_study import OpenedStudy
from gui.runtime.child_process import ChildOutcome, ChildProcess
from gui.runtime.inspect_environment_child import Wish
from mug.study.model import GymGame, Study
from mug.study.traversal import NodePath, agents_of, node_at

__all__ = ["EnvironmentInspection"]

_PAUSE_MS = 700
_TIMEOUT_MS = 30_000
_KNOWN = 64


class EnvironmentInspection(QObject):
    """Describes one environment at a time; what is known is kept until what it depends on changes.

    Attributes:
        timeout_ms: After this time a child is ended.

    Signals:
        inspected: More is known.
        busy_changed: Whether an environment is being read.

    Runs on: GUI thread.
    """

    inspected = Signal()
    busy_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None, *, timeout_ms: int = _TIMEOUT_MS) -> None:
        super().__init__(parent)
        self.timeout_ms = timeout_ms
        self._folder = tempfile.TemporaryDirectory(prefix="mug-lab-env-", ignore_cleanup_errors=True)
        self._known: dict[bytes, EnvironmentInfo] = {}
        self._wanted: tuple[Study, NodePath, OpenedStudy] | None = None
        self._child: ChildProcess | None = None
        self._reading: bytes = b""
        self._count = 0
        self._watchers = 0
        self._closed = False
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._begin)

    @property
    def is_busy(self) -> bool:
        """Whether an environment is being read, or will be in a moment."""
        return self._child is not None or self._pause.isActive()

    def known(self, game: GymGame) -> EnvironmentInfo | None:
        """Return what is known of a game's environment as the study has it now."""
        info = self._known.get(_key(game))
        if info is None:
            return self._known.get(_key(game, agents=True))
        return info

    def ask(self, study: Study, path: NodePath, opened: OpenedStudy) -> None:
        """Find out about a game's environment, when it is not known yet and somebody looks."""
        self._wanted = study, path, opened
        self._begin_soon()

    def again(self) -> None:
        """Read the environment that was asked for last again: its files may have changed."""
        if self._wanted is None:
            return
        game = _game(self._wanted)
        for key in (_key(game), _key(game, agents=True)):
            self._known.pop(key, None)
        self._drop()
        self._begin()

    def watch(self, on: bool) -> None:
        """Count who looks: without anybody nothing is read."""
        self._watchers += 1 if on else -1
        if on:
            self._begin_soon()

    def forget(self) -> None:
        """Forget everything: another study is open."""
        self._drop()
        self._wanted = None
        self._known.clear()

    def close(self) -> None:
        """End what runs."""
        self._closed = True
        self._drop()
        self._folder.cleanup()

    def _begin_soon(self) -> None:
        if self._closed or self._wanted is None or self._watchers <= 0:
            return
        game = _game(self._wanted)
        if self.known(game) is not None:
            self._pause.stop()
            return
        if self._child is not None and self._reading == _key(game, agents=True):
            return
        was_busy = self.is_busy
        self._pause.start()
        if not was_busy:
            self.busy_changed.emit(True)

    def _drop(self) -> None:
        self._pause.stop()
        if self._child is not None:
            child, self._child = self._child, None
            child.ended.disconnect()
            child.close()
            child.deleteLater()
            self.busy_changed.emit(False)

    @Slot()
    def _begin(self) -> None:
        if self._closed or self._wanted is None:
            return
        self._drop()
        study, path, opened = self._wanted
        game = _game(self._wanted)
        self._count += 1
        wish, out = (Path(self._folder.name) / f"{self._count}.{name}" for name in ("wish", "json"))
        try:
            content = msgspec.json.encode(Wish(study=study, source=str(opened.path), path=path))
        except (TypeError, ValueError, msgspec.MsgspecError) as error:
            self.take(game, EnvironmentInfo(error=f"The study cannot be handed on: {error}"))
            return
        wish.write_bytes(content)
        self._reading = _key(game, agents=True)
        arguments = ["-m", "gui.runtime.inspect_environment_child", str(wish), "--out", str(out)]
        child = ChildProcess("Reading the environment", arguments, timeout_ms=self.timeout_ms, parent=self)
        child.ended.connect(lambda outcome: self._on_ended(game, out, outcome))
        self._child = child
        self.busy_changed.emit(True)
        child.start()

    def _on_ended(self, game: GymGame, out: Path, outcome: ChildOutcome) -> None:
        if self._child is not None:
            self._child.deleteLater()
            self._child = None
        self.take(game, self._read(out, outcome))
        self.busy_changed.emit(False)
        self._begin_soon()

    def _read(self, out: Path, outcome: ChildOutcome) -> EnvironmentInfo:
        if outcome.timed_out:
            seconds = self.timeout_ms / 1000
            return EnvironmentInfo(
                error=f"The environment was not there within {seconds:g} s, and was ended: look for an endless loop, "
                "or for something it waits for."
            )
        if not out.exists():
            code = f" (exit code {outcome.code})" if outcome.code is not None else ""
            return EnvironmentInfo(error=f"The environment ended Python itself{code}.", detail=outcome.tail)
        try:
            content = out.read_bytes()
            out.unlink()
            out.with_suffix(".wish").unlink(missing_ok=True)
            return msgspec.json.decode(content, type=EnvironmentInfo)
        except (OSError, msgspec.MsgspecError) as error:
            return EnvironmentInfo(error=f"What the environment says could not be read: {error}")

    def take(self, game: GymGame, info: EnvironmentInfo) -> None:
        """Take what was found out about a game's environment."""
        while len(self._known) >= _KNOWN:
            self._known.pop(next(iter(self._known)))
        depends_on_agents = not info.names_agents
        self._known[_key(game, agents=depends_on_agents)] = info
        self.inspected.emit()


def _game(wanted: tuple[Study, NodePath, OpenedStudy]) -> GymGame:
    study, path, _ = wanted
    node = node_at(study, path)
    assert isinstance(node, GymGame)
    return node


def _key(game: GymGame, *, agents: bool = False) -> bytes:
    """Return what an environment depends on: its section, its code, how it is drawn; perhaps who plays."""
    runtime = game.runtime
    parts = (
        game.environment,
        runtime.environment_initialization_code,
        runtime.environment_initialization_code_filepath,
        runtime.packages_to_install,
        game.rendering.env_to_state_fn,
        agents_of(game) if agents else None,
    )
    try:
        return msgspec.json.encode(parts)
    except (TypeError, ValueError, msgspec.MsgspecError):
        return repr(parts).encode()
