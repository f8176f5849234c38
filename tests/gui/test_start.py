import subprocess
import sys


def test_that_the_app_starts_without_the_libraries_that_it_needs_later_or_never() -> None:
    late = {"pandas", "pyarrow", "gymnasium", "pyqtgraph", "segno"}
    code = f"import gui.app, sys; print(sorted({late!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "[]"
