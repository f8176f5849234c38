"""What a benchmark answers: rows with a value, a unit and, where there is one, a budget."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["Row", "Skipped", "Spread", "quantile", "table"]

Verdict = Literal["ok", "over", ""]


class Skipped(Exception):
    """The benchmark cannot run here; the text says what is missing."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table.

    Attributes:
        what: What was measured, in words.
        value: The number.
        unit: Of `value` and `budget`.
        budget: The limit; None where there is none.
        at_least: The value has to reach the budget instead of staying under it.
        note: How it came about: how many samples, what else was seen.
    """

    what: str
    value: float
    unit: str
    budget: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def verdict(self) -> Verdict:
        """Whether the budget holds; empty without one."""
        if self.budget is None:
            return ""
        holds = self.value >= self.budget if self.at_least else self.value <= self.budget
        return "ok" if holds else "over"

    def as_json(self) -> dict[str, Any]:
        """The row as plain data."""
        return {**asdict(self), "verdict": self.verdict}


def quantile(values: Sequence[float], q: float) -> float:
    """The smallest value that at least a share `q` of all values does not exceed; NaN without values."""
    if not values:
        return math.nan
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, max(0, math.ceil(q * len(ranked)) - 1))]


@dataclass(frozen=True)
class Spread:
    """Quantiles of many durations."""

    count: int
    p50: float
    p95: float
    p99: float
    longest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """The quantiles of `values`."""
        return cls(
            len(values),
            quantile(values, 0.5),
            quantile(values, 0.95),
            quantile(values, 0.99),
            max(values, default=math.nan),
        )

    def words(self, unit: str = "ms") -> str:
        """All of it in one line."""
        return (
            f"p50 {self.p50:.3g}, p95 {self.p95:.3g}, p99 {self.p99:.3g}, longest {self.longest:.3g} {unit}, "
            f"{self.count} samples"
        )


def _number(value: float) -> str:
    if math.isnan(value):
        return "nothing"
    if value and abs(value) < 10:
        return f"{value:.2f}"
    return f"{value:,.1f}" if abs(value) < 1000 else f"{value:,.0f}"


def table(rows: Sequence[Row]) -> str:
    """The rows as aligned text, in the order given."""
    lines = [("what", "measured", "budget", "", "how")]
    for row in rows:
        budget = "" if row.budget is None else f"{'≥' if row.at_least else '≤'} {row.budget:g} {row.unit}".rstrip()
        lines.append((row.what, f"{_number(row.value)} {row.unit}".rstrip(), budget, row.verdict, row.note))
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    texts = []
    for index, line in enumerate(lines):
        what, measured, budget, verdict = (text.ljust(width) for text, width in zip(line[:4], widths, strict=True))
        texts.append(f"{what}  {measured}  {budget}  {verdict}  {line[4]}".rstrip())
        if index == 0:
            texts.append("-" * (sum(widths) + 6 + 12))
    return "\n".join(texts)
