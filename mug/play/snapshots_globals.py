"""The global generators of `random` and `numpy.random`, saved and restored quickly.

Most environments never use them, but all may. `numpy` takes as long to hand out its global generator's 624 words as a
whole step takes, so their memory is compared first: as long as it has not changed, the state handed out last still
holds.
"""

import ctypes
import random
from typing import Any, Final

import numpy as np

__all__ = ["GlobalGenerators"]

_WORDS: Final = 624
_BYTES: Final = 4 * _WORDS + 4
"""Of numpy's `mt19937_state`: the words and the position in them."""

Saved = tuple[Any, dict[str, Any], bytes | None]


class GlobalGenerators:
    """Saves and restores both global generators, for one world.

    A second normal number of numpy's legacy generator is kept from the first draw: it comes without a change of the
    words. While one is kept, the state is always handed out anew.
    """

    def __init__(self) -> None:
        self._bits: Any = None
        self._memory: Any = None
        self._last: Saved | None = None

    def save(self) -> Saved:
        """Return both states."""
        words = self._words()
        last = self._last
        if last is None or words is None or words != last[2] or last[1]["has_gauss"]:
            state: dict[str, Any] = np.random.get_state(legacy=False)
        else:
            state = last[1]
        self._last = saved = (random.getstate(), state, words)
        return saved

    def load(self, saved: Saved) -> None:
        """Put both back."""
        chance, state, words = saved
        random.setstate(chance)
        last = self._last
        same = last is not None and last[1] is state and not state["has_gauss"]
        if not (same and words is not None and self._words() == words):
            np.random.set_state(state)
        self._last = saved

    def _words(self) -> bytes | None:
        bits = np.random.mtrand.get_bit_generator()
        if bits is not self._bits:
            self._bits, self._memory = bits, _memory_of(bits)
        return None if self._memory is None else bytes(self._memory)


def _memory_of(bits: Any) -> Any:
    """Return the memory in which a Mersenne Twister keeps its words, or None where they are not found there."""
    try:
        memory = (ctypes.c_char * _BYTES).from_address(int(bits.ctypes.state_address))
        inside = bits.state["state"]
        expected = np.asarray(inside["key"], dtype=np.uint32).tobytes() + int(inside["pos"]).to_bytes(4, "little")
        return memory if bytes(memory) == expected else None
    except Exception:  # another kind of generator, or no such interface here: it is asked every time
        return None
