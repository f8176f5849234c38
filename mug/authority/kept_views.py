"""Views of frames that were stepped, kept on the disk, so that each of them can be shown again at once."""

import tempfile
from dataclasses import dataclass, field, replace
from typing import IO, Final

from mug.play.view_deltas import SeenView, ViewDecoder, ViewEncoder

__all__ = ["KeptViews"]

KEY_EVERY: Final = 30
"""Every so many views one is whole; a view is put together from the last whole one before it."""

MAX_BYTES: Final = 1024 * 1024 * 1024


@dataclass
class _Track:
    """The views of one player in one episode, from its first frame on: where each begins, and its sizes.

    Beside each stand the names of what was taken out of the picture before, which views do not tell of themselves.
    """

    places: list[tuple[int, int, int, tuple[str, ...]]] = field(default_factory=list)
    encoder: ViewEncoder = field(default_factory=ViewEncoder)


class KeptViews:
    """Views by player, episode and frame, in a file without a name.

    Args:
        max_bytes: So much at most; what comes then is not kept.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._file: IO[bytes] = tempfile.TemporaryFile(prefix="mug-replay-")  # noqa: SIM115 - as long as this lives
        self._size = 0
        self._tracks: dict[tuple[str, int], _Track] = {}
        self._at: tuple[str, int, int] | None = None
        self._decoder = ViewDecoder()
        self.is_full = False

    @property
    def size(self) -> int:
        """How many bytes are kept."""
        return self._size

    def frames(self, agent: str, episode: int) -> int:
        """How many views of an episode are kept, from its first on."""
        track = self._tracks.get((agent, episode))
        return 0 if track is None else len(track.places)

    def add(self, agent: str, view: SeenView) -> None:
        """Keep a player's next view of its episode; one that does not follow the last is left aside."""
        track = self._tracks.setdefault((agent, view.episode), _Track())
        if self.is_full or view.frame != len(track.places):
            return
        if view.frame % KEY_EVERY == 0:
            track.encoder = ViewEncoder()
        body, image = track.encoder.encode(view, at_ms=0.0)
        if self._size + len(body) + len(image) > self._max_bytes:
            self.is_full = True
            return
        try:
            self._file.seek(self._size)
            self._file.write(body)
            self._file.write(image)
        except OSError:
            self.is_full = True  # the disk has no room: what is kept already can be shown all the same
            return
        before = track.places[-1][3] if track.places else ()
        taken_out = before if before == view.taken_out else view.taken_out
        track.places.append((self._size, len(body), len(image), taken_out))
        self._size += len(body) + len(image)

    def get(self, agent: str, episode: int, frame: int) -> SeenView | None:
        """Return a view that is kept."""
        track = self._tracks.get((agent, episode))
        if track is None or not 0 <= frame < len(track.places):
            return None
        first = frame - frame % KEY_EVERY
        if self._at is not None and self._at[:2] == (agent, episode) and first <= self._at[2] <= frame:
            first = self._at[2] + 1
        for number in range(first, frame + 1):
            offset, body, image, _ = track.places[number]
            self._file.seek(offset)
            data = self._file.read(body + image)
            if number % KEY_EVERY == 0:
                self._decoder = ViewDecoder()
            self._decoder.take(number % KEY_EVERY, data[:body], data[body:])
        self._at = agent, episode, frame
        view = self._decoder.view
        return None if view is None else replace(view, taken_out=track.places[frame][3])

    def close(self) -> None:
        """Give the room back."""
        self._file.close()
