"""The process that steps an environment for the playground: started, asked for frames, ended when it hangs."""

import sys
import tempfile
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal, Slot

from gui.models.playground_messages import Answer, Frames, Printed, Ready, Request, Reset, Step, Stepped, Trouble, pack
from gui.runtime.tasks import Tasks
from mug.check.environments import child_variables
from mug.study import dump_study
from mug.study.model import Study
from mug.study.preview import preview_study
from mug.study.traversal import NodePath

__all__ = ["PlaygroundControl", "PlaygroundState", "Stage"]

PATIENCE_MS = 5_000
_TAIL_CHARS = 4_000


class PlaygroundState(StrEnum):
    """What the environment's process does."""

    OFF = "off"
    LOADING = "loading"
    IDLE = "idle"
    STEPPING = "stepping"
    BROKEN = "broken"


@dataclass(frozen=True)
class Stage:
    """What is to be stepped.

    Attributes:
        place: The study's folder or script.
        study: The study as it is edited.
        path: The game.
        agent: Whom the keys control; empty: the first person.
        others: What other people's agents do: random or default.
        seed: In the place of the scene's; None: the scene's own.
    """

    place: Path
    study: Study
    path: NodePath
    agent: str = ""
    others: str = "random"
    seed: int | None = None


class PlaygroundControl(QObject):
    """One environment at a time, in a process of its own. One request is on its way at most.

    Attributes:
        state: What it does.
        is_slow: It has not answered for five seconds.

    Signals:
        state_changed: The new `PlaygroundState`.
        slow_changed: The new `is_slow`.
        ready: A `Ready`: another environment is there.
        stepped: A `Stepped`.
        broken: A `Trouble`: it cannot go on; `begin` starts another.
        printed: A `Printed`.

    Runs on: GUI thread.
    """

    state_changed = Signal(object)
    slow_changed = Signal(bool)
    ready = Signal(object)
    stepped = Signal(object)
    broken = Signal(object)
    printed = Signal(object)

    def __init__(self, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._process: QProcess | None = None
        self._frames = Frames()
        self._tail = ""
        self._dying: list[QProcess] = []  # killed, and not yet gone: a QProcess must outlive its process
        self._count = 0
        self._seed: int | None = None
        self.state = PlaygroundState.OFF
        self.is_slow = False
        self._patience = QTimer(self)
        self._patience.setObjectName("playground patience")
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE_MS)
        self._patience.timeout.connect(self._on_patience_over)

    @property
    def may_step(self) -> bool:
        """Whether it waits for a request."""
        return self.state is PlaygroundState.IDLE

    def begin(self, stage: Stage) -> None:
        """Start another environment, in the place of one that is there."""
        self._drop()
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="mug-playground-", ignore_cleanup_errors=True)
        self._count += 1
        count, file = self._count, Path(self._folder.name) / f"edited-{self._count}.toml"
        self._seed = stage.seed
        self._take(PlaygroundState.LOADING)
        self._patience.start()

        def write() -> None:
            # Only this game, so that nothing about another scene can stand in the way.
            file.write_text(dump_study(preview_study(stage.study, stage.path)), encoding="utf-8")

        def start(_: None) -> None:
            if count == self._count:
                self._start(stage, file)

        def fail(error: Exception) -> None:
            if count == self._count:
                self._break(Trouble(message=str(error)))

        self._tasks.run("write the study for the playground", write, start, fail)

    def reset(self, seed: int | None) -> bool:
        """Ask for episode 0 again; False: it is busy, or not there."""
        return self._send(Reset(seed=seed))

    def step(self, held: tuple[str, ...], pressed: tuple[str, ...]) -> bool:
        """Ask for one frame; False: it is busy, or not there."""
        return self._send(Step(held=held, pressed=pressed))

    def stop(self) -> None:
        """End the environment's process, whatever it does."""
        if self.state is not PlaygroundState.OFF:
            self._drop()
            self._take(PlaygroundState.OFF)

    def close(self) -> None:
        """End it before the app goes."""
        self._drop()
        self.state = PlaygroundState.OFF
        for process in self._dying:
            if process.state() is not QProcess.ProcessState.NotRunning:
                process.waitForFinished(1_000)
        self._dying.clear()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _start(self, stage: Stage, file: Path) -> None:
        process = QProcess(self)
        process.setProgram(sys.executable)
        # The game is the first node of the file that was written.
        process.setArguments(
            ["-m", "gui.runtime.playground_child", str(stage.place), str(file), "0", stage.agent, stage.others]
        )
        environment = QProcessEnvironment.systemEnvironment()
        for name, value in {**child_variables(), "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}.items():
            environment.insert(name, value)
        process.setProcessEnvironment(environment)
        place = stage.place if stage.place.is_dir() else stage.place.parent
        if place.is_dir():
            process.setWorkingDirectory(str(place))
        process.readyReadStandardOutput.connect(self._on_output)
        process.readyReadStandardError.connect(self._on_error_output)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        self._frames, self._tail = Frames(), ""
        self._process = process
        process.start()

    def _send(self, request: Request) -> bool:
        if self._process is None or not self.may_step:
            return False
        self._take(PlaygroundState.STEPPING)
        self._patience.start()
        self._process.write(pack(request))
        return True

    @Slot()
    def _on_output(self) -> None:
        process = self._process
        if process is None:
            return
        try:
            for body in self._frames.feed(bytes(process.readAllStandardOutput().data())):
                self._on_answer(msgspec.msgpack.decode(body, type=Answer))
                if process is not self._process:
                    return
        except (ValueError, msgspec.MsgspecError) as error:
            self._break(Trouble(message=str(error)))

    def _on_answer(self, answer: Answer) -> None:
        match answer:
            case Printed():
                self.printed.emit(answer)
            case Ready():
                self.ready.emit(answer)
            case Stepped():
                self._answered()
                seed, self._seed = self._seed, None
                if seed is not None:  # the first reset was with the scene's own
                    self._take(PlaygroundState.IDLE)
                    self.reset(seed)
                    return
                self._take(PlaygroundState.IDLE)
                self.stepped.emit(answer)
            case Trouble():
                self._break(answer)

    def _answered(self) -> None:
        self._patience.stop()
        self._be_slow(False)

    @Slot()
    def _on_error_output(self) -> None:
        """Only what Python itself says as it dies comes here; prints are messages."""
        if self._process is not None:
            text = bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace")
            self._tail = (self._tail + text)[-_TAIL_CHARS:]

    @Slot(int, QProcess.ExitStatus)
    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        if self._process is None or self._process is not self.sender():
            return
        self._on_output()
        self._on_error_output()
        if self.state is PlaygroundState.BROKEN:
            return  # its last message said why
        how = f"exit code {code}" if status is QProcess.ExitStatus.NormalExit else "it crashed"
        self._break(Trouble(message=f"The environment ended Python itself ({how}).", traceback=self._tail.strip()))

    @Slot(QProcess.ProcessError)
    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart and self._process is not None:
            self._break(Trouble(message=f"Python was not found at {sys.executable}."))

    @Slot()
    def _on_patience_over(self) -> None:
        self._be_slow(True)

    def _break(self, trouble: Trouble) -> None:
        self._drop()
        self._take(PlaygroundState.BROKEN)
        self.broken.emit(trouble)

    def _drop(self) -> None:
        """End the process; nothing of it comes any more."""
        self._count += 1
        self._answered()
        if self._process is not None:
            process, self._process = self._process, None
            process.readyReadStandardOutput.disconnect(self._on_output)
            process.readyReadStandardError.disconnect(self._on_error_output)
            process.finished.disconnect(self._on_finished)
            process.errorOccurred.disconnect(self._on_error)
            self._dying = [dying for dying in self._dying if dying.state() is not QProcess.ProcessState.NotRunning]
            self._dying.append(process)
            process.kill()

    def _take(self, state: PlaygroundState) -> None:
        if state is not self.state:
            self.state = state
            self.state_changed.emit(state)

    def _be_slow(self, is_slow: bool) -> None:
        if is_slow != self.is_slow:
            self.is_slow = is_slow
            self.slow_changed.emit(is_slow)
