"""The property panel of the editor: every field of what is selected, generated from the study model's metadata."""

from gui.design.inspector.panel import Inspector

__all__ = ["Inspector"]
