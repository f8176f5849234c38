"""MUG (Multi-User Gymnasium): interactive behavioural experiments in ordinary browsers.

Importing this package has no effects and pulls in nothing heavy: it is part of what the participants' browsers load.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
