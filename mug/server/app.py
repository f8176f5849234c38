"""``run``, the last line of a study's script."""

import sys
from pathlib import Path

from mug.errors import MugError
from mug.study.loading import loaded_from_config
from mug.study.scripts import StudyConfig, active_loader

__all__ = ["run"]


def run(config: StudyConfig) -> None:
    """Serve an experiment until it is interrupted.

    While ``mug serve``, ``mug check`` or MUG Lab loads the script, the experiment is handed to them instead, and this
    returns at once.

    Args:
        config: A `mug.configurations.experiment_config.ExperimentConfig`.

    Raises:
        TypeError: When it is something else.
        SystemExit: When the experiment cannot be served; says why.
    """
    if not hasattr(config, "build"):
        raise TypeError(f"run(config) got a {type(config).__name__}; it must be an ExperimentConfig")
    loader = active_loader()
    if loader is not None:
        loader.accept(config)
        return
    from mug.server.serve import Options, serve

    script = getattr(sys.modules.get("__main__"), "__file__", None)
    try:
        code = serve(loaded_from_config(config, Path(script) if script else None), Options())
    except MugError as error:
        raise SystemExit(f"mug: {error}") from error
    if code:
        raise SystemExit(code)
