"""Stepping a scene's environment by hand."""

from gui.design.playground.window import PlaygroundWindow

__all__ = ["PlaygroundWindow"]
