"""How a child process of the app ends: by itself at its end, whatever a study's code left running, and with the app."""

import atexit
import contextlib
import os
import sys
import threading
import time
from typing import NoReturn

__all__ = ["end_process", "end_with_parent"]

_LOOK_S = 1.0


def end_with_parent() -> None:
    """End this process when the one that started it is gone, as a killed app is: nobody else would end a study's loop.

    Not on Windows, where a process is not told so.
    """
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_S)
        end_process(1)

    threading.Thread(target=watch, name="end with parent", daemon=True).start()


def end_process(code: int) -> NoReturn:
    """End this process, as `sys.exit` does, but for waiting for threads that a study has started and never ends."""
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
