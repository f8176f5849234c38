"""All randomness of a game comes from one 64-bit match seed, by hashing what it is for.

H(seed, parts...) is blake2b over the canonical encoding: the same number in CPython and in Pyodide, on every peer.
"""

import hashlib
from typing import Any, Final

from mug.play.config import GameConfig
from mug.play.encoding import encode

__all__ = ["derive_seed", "episode_seed", "step_entropy"]

_RESET_BITS: Final = 31
"""`np.random.seed` takes 32 bits, C-based environments a signed int: 31 bits suit all of them."""


def derive_seed(seed: int, *parts: Any, bits: int = 64) -> int:
    """Return H(seed, parts...), an unsigned integer of `bits` (at most 256) bits."""
    digest = hashlib.blake2b(encode((seed, *parts)), digest_size=32, person=b"mug.play.seed").digest()
    return int.from_bytes(digest, "little") & ((1 << bits) - 1)


def episode_seed(config: GameConfig, episode: int) -> int:
    """Return the seed that `reset` of an episode gets.

    With the study's own seed, episode e of every match begins the same; without, each match has its own.
    """
    base = config.match_seed if config.environment_seed is None else config.environment_seed
    return derive_seed(base, episode, bits=_RESET_BITS)


def step_entropy(match_seed: int, episode: int, frame: int, part: str = "") -> int:
    """Return the seed of clocks and unseeded generators during one step; frame -1 is the reset.

    `part` says whose share of the frame it is: "" the environment's, else a policy's.
    """
    return derive_seed(match_seed, "entropy", episode, frame, *((part,) if part else ()))
