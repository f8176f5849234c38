"""Matchmakers, under the name that studies import them by."""

from mug.study.matchmaking import (
    FIFOMatchmaker,
    GroupHistory,
    GroupReunionMatchmaker,
    LatencyFIFOMatchmaker,
    MatchCandidate,
    Matchmaker,
    StrangersMatchmaker,
)

__all__ = [
    "FIFOMatchmaker",
    "GroupHistory",
    "GroupReunionMatchmaker",
    "LatencyFIFOMatchmaker",
    "MatchCandidate",
    "Matchmaker",
    "StrangersMatchmaker",
]
