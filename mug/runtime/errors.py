"""What can go wrong with the Pyodide runtime and the packages of a study, in words."""

from collections.abc import Sequence
from pathlib import Path

from mug.errors import MugError

__all__ = [
    "HashMismatchError",
    "NoSourceError",
    "NodeError",
    "PackageNotHeldError",
    "PackageNotLoadableError",
    "RecordedPackagesError",
    "ResolutionError",
    "RuntimeMissingError",
    "RuntimeProblem",
    "SourceUnavailableError",
    "StudyLockError",
]


class RuntimeProblem(MugError):
    """Root of the errors of `mug.runtime`."""


class RuntimeMissingError(RuntimeProblem):
    """The Pyodide distribution is not in the cache folder, or not whole.

    Attributes:
        folder: Where it was looked for.
        missing: Names of absent or cut files; empty when the folder itself is absent.
    """

    def __init__(self, folder: Path, version: str, missing: Sequence[str] = ()) -> None:
        self.folder = folder
        self.missing = tuple(missing)
        if missing:
            shown = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
            what = f"Pyodide {version} in {folder} is not whole: {shown} missing or cut short."
        else:
            what = f"Pyodide {version}, the Python that runs in the participants' browsers, is not in {folder}."
        super().__init__(f"{what} Run `mug runtime install`.")


class HashMismatchError(RuntimeProblem):
    """A file is not the one that our pinned hashes name.

    Attributes:
        file_name: The file.
        source: Where it came from, in words.
    """

    def __init__(self, file_name: str, source: str, *, expected: str, found: str) -> None:
        self.file_name = file_name
        self.source = source
        self.expected = expected
        self.found = found
        super().__init__(
            f"{file_name} from {source} is not the file it should be: its sha256 is {found[:16]}…, expected "
            f"{expected[:16]}…. It was not used. Get it again, or name another source: "
            "`mug runtime install --from FOLDER`."
        )


class SourceUnavailableError(RuntimeProblem):
    """One source of the distribution did not answer; the next one is tried.

    Attributes:
        source: The source, in words.
        reason: Why not.
    """

    def __init__(self, source: str, reason: str) -> None:
        self.source = source
        self.reason = reason
        super().__init__(f"{source}: {reason}")


class NoSourceError(RuntimeProblem):
    """No source gave what is needed.

    Attributes:
        missing: The files that no source gave.
        reasons: What each source answered.
    """

    def __init__(self, missing: Sequence[str], reasons: Sequence[str]) -> None:
        self.missing = tuple(missing)
        self.reasons = tuple(reasons)
        tried = "".join(f"\n  - {reason}" for reason in reasons) or "\n  - no source was named"
        super().__init__(
            f"No source gave {', '.join(missing[:4])}{' …' if len(missing) > 4 else ''}. Tried:{tried}\n"
            "Connect this machine to its package index, or fetch the official Pyodide archive on another machine "
            "and run `mug runtime install --from FILE_OR_FOLDER`."
        )


class NodeError(RuntimeProblem):
    """Node is missing or a script in it failed."""


class StudyLockError(RuntimeProblem):
    """`study.lock.json` cannot be used.

    Attributes:
        path: The file.
    """

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(f"{path}: {reason}. Delete the file to resolve the study's packages again.")


class PackageNotLoadableError(RuntimeProblem):
    """A package has no wheel that Pyodide can load.

    Attributes:
        package: The requirement as pip names it.
    """

    def __init__(
        self, package: str, *, version: str, python: str, platform_tag: str, needed_by: Sequence[str] = ()
    ) -> None:
        self.package = package
        asked = f", needed by {', '.join(needed_by)}," if needed_by else ""
        super().__init__(
            f"The package {package!r}{asked} has no wheel that Pyodide {version} (Python {python}) can load: neither a "
            f"pure-Python wheel nor one for {platform_tag} was found. Check its name and version in the study's "
            "packages_to_install, choose another package, or give the path of a wheel of your own there."
            + (
                " Its extra may need what has no such wheel: ask for it without the part in brackets."
                * ("[" in package)
            )
        )


class PackageNotHeldError(RuntimeProblem):
    """Pyodide's own list has the package, but the installed distribution does not hold it.

    Attributes:
        package: Its name.
    """

    def __init__(self, package: str, *, package_version: str, file_name: str, version: str) -> None:
        self.package = package
        super().__init__(
            f"The package {package!r} ({package_version}) belongs to the full Pyodide {version} distribution, but its "
            f"file {file_name} is not installed here. "
            "Fetch the official archive and run `mug runtime install --from FILE`."
        )


class ResolutionError(RuntimeProblem):
    """The packages of a study cannot be put together.

    Attributes:
        packages: What was asked for.
        log: pip's closing lines, without addresses.
    """

    def __init__(self, packages: Sequence[str], reason: str, log: str = "") -> None:
        self.packages = tuple(packages)
        self.log = log
        super().__init__(
            f"The packages {', '.join(packages)} cannot be resolved for the browser: {reason}"
            + (f"\n{log}" if log else "")
        )


class RecordedPackagesError(RuntimeProblem):
    """The packages of a recorded session cannot be loaded again on this machine."""
