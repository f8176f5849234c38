"""How an episode ended, by what its players' pages told: which of them counts, and what does not fit to the frames."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from mug.records.episodes import EpisodeFrames

__all__ = ["chosen_end", "misfit"]

Ends = Mapping[str, Mapping[str, Any]]
"""Participant -> the last event ``episode_ended`` that the participant's page told of one episode."""


def chosen_end(frames: EpisodeFrames, ends: Ends) -> Mapping[str, Any] | None:
    """Return the end that counts: one that is as long as what is stored, else the canonical record's, else any.

    A player who was lost may have told of an end that the others did not see.
    """
    order: Sequence[str] = [*frames.recorders, *(who for who in ends if who not in frames.recorders)]
    told = [ends[who] for who in order if who in ends]
    return next((end for end in told if end.get("frames") == frames.frames), told[0] if told else None)


def misfit(
    frames: EpisodeFrames, participant_id: str, end: Mapping[str, Any], chain_hash: str | None = None
) -> Literal["frames_missing", "frames_chain"] | None:
    """Say what is wrong between an end that a page told and the stored frames.

    A page that told of more frames than it sent lacks nothing where another player's page sent them. Chain hashes are
    compared with the page's own record, for they depend on how a page cut its chunks.

    Args:
        frames: The episode.
        participant_id: Whose page told of the end.
        end: The event.
        chain_hash: The chain hash at the end of that page's own record; None: as the journal has it.
    """
    own, said = frames.track_of(participant_id), end.get("frames")
    whole = own is not None and own.frames == said
    if not whole and said != frames.frames:
        alone = len(frames.recorders) < 2 and own is not None
        if alone or not isinstance(said, int) or said > frames.frames:
            return "frames_missing"
    if own is None or not whole:
        return None
    known = own.chain_hash if chain_hash is None else chain_hash
    return "frames_chain" if end.get("chain_hash") and known not in ("", end["chain_hash"]) else None
