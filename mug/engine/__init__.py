"""The rules of a running session: inputs in, effects out; no sockets, threads, disk, clock or chance of its own."""

from mug.engine.effects import ConnectionId, Effect
from mug.engine.inputs import Input
from mug.engine.payload import FrozenStudy, needs_runtime
from mug.engine.run import StudyRun
from mug.engine.state import SessionState, fold

__all__ = ["ConnectionId", "Effect", "FrozenStudy", "Input", "SessionState", "StudyRun", "fold", "needs_runtime"]
