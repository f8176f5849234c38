"""GGPO-style rollback for two to four people, as a pure state machine."""

from mug.play.rollback.config import MAX_PLAYERS, RollbackConfig, default_window
from mug.play.rollback.core import Rollback
from mug.play.rollback.figures import Figures, PlayerFigures
from mug.play.rollback.requests import CTRL, GAME, Advance, Event, Load, Request, Save, Send, Stage

__all__ = [
    "CTRL",
    "GAME",
    "MAX_PLAYERS",
    "Advance",
    "Event",
    "Figures",
    "Load",
    "PlayerFigures",
    "Request",
    "Rollback",
    "RollbackConfig",
    "Save",
    "Send",
    "Stage",
    "default_window",
]
