"""What runs ONNX models where Pyodide runs: a folder of the built client, for pages and for Node alike."""

from pathlib import Path
from typing import Final

__all__ = ["CLIENT_FOLDER", "onnx_web_folder"]

CLIENT_FOLDER: Final = Path(__file__).parents[1] / "server" / "client"
"""The built web client."""


def onnx_web_folder(client: Path = CLIENT_FOLDER) -> Path | None:
    """The folder with onnxruntime-web and our module for it; None: the client is not built, or an older one is."""
    return next((path for path in sorted(client.glob("onnx-*")) if (path / "onnx_models.mjs").is_file()), None)
