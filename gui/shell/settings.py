"""What the app remembers between runs."""

import os
from pathlib import Path

import platformdirs
from PySide6.QtCore import QByteArray, QSettings, QStandardPaths

from gui.models.session_wish import SessionWish, read_wish
from gui.widgets.theme import ThemeChoice

__all__ = ["SETTINGS_VARIABLE", "LabSettings"]

SETTINGS_VARIABLE = "MUG_LAB_SETTINGS"
"""Environment variable: the settings file to use instead of the user's own."""

_RECENT = 8
_PLACES = 50


def _state_dir() -> Path:
    return platformdirs.user_state_path("mug-lab", appauthor=False)


class LabSettings:
    """Typed access to the settings file.

    Attributes:
        path: The file.
        state_dir: Where recovery files go; beside the settings file, where one was named.

    Runs on: GUI thread.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Open the settings.

        Args:
            path: The file; None: the one of `SETTINGS_VARIABLE`, else the user's own.
        """
        given = path or (Path(text) if (text := os.environ.get(SETTINGS_VARIABLE)) else None)
        own = Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppConfigLocation)) / "lab.ini"
        self.path = given or own
        self.state_dir = given.with_name(f"{given.stem}-state") if given else _state_dir()
        self._store = QSettings(str(self.path), QSettings.Format.IniFormat)

    def _text(self, key: str, default: str = "") -> str:
        value = self._store.value(key, default)
        return value if isinstance(value, str) else default

    @property
    def theme(self) -> ThemeChoice:
        """The look."""
        text = self._text("look/theme", ThemeChoice.SYSTEM)
        return ThemeChoice(text) if text in set(ThemeChoice) else ThemeChoice.SYSTEM

    @theme.setter
    def theme(self, choice: ThemeChoice) -> None:
        self._store.setValue("look/theme", str(choice))

    @property
    def data_dir(self) -> Path:
        """Where records go: ``data`` in the working directory, unless chosen otherwise."""
        text = self._text("records/data_dir")
        return Path(text) if text else Path.cwd() / "data"

    @data_dir.setter
    def data_dir(self, folder: Path) -> None:
        self._store.setValue("records/data_dir", str(folder))

    @property
    def reach(self) -> str:
        """Who can open the address: "machine", "network", or empty when it was not asked yet."""
        text = self._text("run/reach")
        return text if text in {"machine", "network"} else ""

    @reach.setter
    def reach(self, reach: str) -> None:
        self._store.setValue("run/reach", reach)

    @property
    def release(self) -> str:
        """Who lets groups go in a new session, as it was chosen last: "experimenter", unless it was "automatic"."""
        text = self._text("run/release")
        return text if text in {"automatic", "experimenter"} else "experimenter"

    @release.setter
    def release(self, release: str) -> None:
        self._store.setValue("run/release", release)

    def wish(self, experiment_id: str) -> SessionWish | None:
        """What the last session of an experiment was to be; None before its first."""
        return read_wish(self._text(f"run/wish-{experiment_id}"))

    def remember_wish(self, experiment_id: str, wish: SessionWish) -> None:
        """Keep what a new session is to be, as the next one's proposal."""
        self._store.setValue(f"run/wish-{experiment_id}", wish.as_text())

    @property
    def recent(self) -> list[Path]:
        """The studies opened last, the newest first, those that are still there."""
        value = self._store.value("studies/recent", [])
        texts = value if isinstance(value, list) else [value]
        return [Path(text) for text in texts if isinstance(text, str) and text and Path(text).exists()]

    def remember_study(self, path: Path) -> None:
        """Put a study first among the recent ones."""
        others = [str(other) for other in self.recent if other != path]
        self._store.setValue("studies/recent", [str(path), *others][:_RECENT])

    def state(self, key: str) -> QByteArray:
        """Return a saved arrangement of the window, a splitter or a table; empty when there is none."""
        value = self._store.value(f"arrangement/{key}")
        return value if isinstance(value, QByteArray) else QByteArray()

    def keep_state(self, key: str, state: QByteArray) -> None:
        """Save an arrangement."""
        self._store.setValue(f"arrangement/{key}", state)

    def export_settings(self, experiment_id: str) -> str:
        """Return what the last export of an experiment held, as it was kept; empty: there was none."""
        return self._text(f"exports/{experiment_id}/settings")

    def keep_export_settings(self, experiment_id: str, text: str) -> None:
        """Keep what an experiment's exports hold."""
        self._store.setValue(f"exports/{experiment_id}/settings", text)

    def export_places(self, experiment_id: str) -> list[str]:
        """Return the exports of an experiment that were made in other places than its own, the newest first."""
        value = self._store.value(f"exports/{experiment_id}/places", [])
        texts = value if isinstance(value, list) else [value]
        return [text for text in texts if isinstance(text, str) and text]

    def remember_export(self, experiment_id: str, folder: Path) -> None:
        """Put an export first among those in other places."""
        others = [other for other in self.export_places(experiment_id) if other != str(folder)]
        self._store.setValue(f"exports/{experiment_id}/places", [str(folder), *others][:_PLACES])

    def save(self) -> None:
        """Write the file now."""
        self._store.sync()
