"""The Python that runs in the participants' browsers: the Pyodide distribution and each study's packages.

Nothing of it is loaded from outside while a session runs. The distribution is fetched once, every file compared with a
sha256 pinned in this package; a study's packages are resolved once and written to `study.lock.json`.
"""

from mug.runtime.cache import Progress, cache_folder
from mug.runtime.distribution import Distribution, RuntimeStatus, find_distribution, install, status, verify
from mug.runtime.errors import (
    HashMismatchError,
    NodeError,
    NoSourceError,
    PackageNotHeldError,
    PackageNotLoadableError,
    RecordedPackagesError,
    ResolutionError,
    RuntimeMissingError,
    RuntimeProblem,
    StudyLockError,
)
from mug.runtime.pins import PYODIDE_VERSION
from mug.runtime.prepare import PreparedRuntime, prepare_study
from mug.runtime.recorded_lock import recorded_runtime
from mug.runtime.serving import RuntimeFiles, ServedFile
from mug.runtime.study_files import browser_part, study_zip
from mug.runtime.study_lock import LockedPackage, StudyLock
from mug.runtime.study_parts import study_parts

__all__ = [
    "PYODIDE_VERSION",
    "Distribution",
    "HashMismatchError",
    "LockedPackage",
    "NoSourceError",
    "NodeError",
    "PackageNotHeldError",
    "PackageNotLoadableError",
    "PreparedRuntime",
    "Progress",
    "RecordedPackagesError",
    "ResolutionError",
    "RuntimeFiles",
    "RuntimeMissingError",
    "RuntimeProblem",
    "RuntimeStatus",
    "ServedFile",
    "StudyLock",
    "StudyLockError",
    "browser_part",
    "cache_folder",
    "find_distribution",
    "install",
    "prepare_study",
    "recorded_runtime",
    "status",
    "study_parts",
    "study_zip",
    "verify",
]
