"""Where the records of an experiment lie."""

from pathlib import Path
from typing import Final

from mug.ids import check_id

__all__ = ["PILOT_FILE", "RECORDS_FILE", "experiment_dir", "exports_dir", "keys_path", "records_path"]

RECORDS_FILE: Final = "records.sqlite"
PILOT_FILE: Final = "pilot.sqlite"


def experiment_dir(data_dir: Path, experiment_id: str) -> Path:
    """Return the folder of one experiment; the id is checked before it touches the path.

    Raises:
        InvalidIdError: The id could not be a folder's name.
    """
    return data_dir / check_id(experiment_id, "experiment id")


def records_path(data_dir: Path, experiment_id: str, pilot: bool = False) -> Path:
    """Return the file that holds the experiment's sessions: the real ones, or the pilots."""
    return experiment_dir(data_dir, experiment_id) / (PILOT_FILE if pilot else RECORDS_FILE)


def exports_dir(data_dir: Path, experiment_id: str) -> Path:
    """Return the folder where exports go by default."""
    return experiment_dir(data_dir, experiment_id) / "exports"


def keys_path(data_dir: Path, experiment_id: str, session_id: str) -> Path:
    """Return the key file of a session: what says who its participants are."""
    name = f"{check_id(session_id, 'session id')}_keys.csv"
    return experiment_dir(data_dir, experiment_id) / "keys" / name
