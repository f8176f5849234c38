"""A game as it runs: the same code in the participants' browsers and in CPython.

Importing this package pulls in the standard library and numpy only, and `SingleAgent` alone.
"""

from mug.play.environment import SingleAgent

__all__ = ["SingleAgent"]
