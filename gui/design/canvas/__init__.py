"""The canvas on which a study's chain is built."""

from gui.design.canvas.canvas import ChainCanvas
from gui.design.canvas.palette import KindButton, Palette

__all__ = ["ChainCanvas", "KindButton", "Palette"]
