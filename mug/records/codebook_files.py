"""``documentation/codebook.csv`` and ``.html``: every column of every table of an export, for people."""

import csv
import io
from collections.abc import Iterator
from html import escape

from mug.records.codebook import TABLES
from mug.records.described import Described
from mug.records.html_text import page, paragraph, table

__all__ = ["CODEBOOK_COLUMNS", "codebook_csv", "codebook_html"]

CODEBOOK_COLUMNS = ("table", "column", "type", "unit", "levels", "minimum", "maximum", "scenes", "description")


def _rows(described: Described) -> Iterator[tuple[str, ...]]:
    for name, specs in described.columns.items():
        for spec in specs:
            scenes = described.scenes.get(spec.name, ()) if name in ("frames", "frames_disagreeing") else ()
            low, high = (f"{bound:g}" if bound is not None else "" for bound in (spec.minimum, spec.maximum))
            levels = " | ".join(spec.levels)
            yield name, spec.name, spec.type, spec.unit, levels, low, high, " ".join(scenes), spec.description


def codebook_csv(described: Described) -> str:
    """Return the codebook as CSV; what there is not is NA."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(CODEBOOK_COLUMNS)
    writer.writerows([cell or "NA" for cell in row] for row in _rows(described))
    return out.getvalue()


def codebook_html(described: Described) -> str:
    """Return the codebook as a page."""
    rows = list(_rows(described))
    parts = [paragraph(f"What every column means, session {described.session_id} of {described.experiment_id}.")]
    for one in described.tables:
        parts += [
            f'<h2 id="{escape(one.table)}">{escape(one.table)}</h2>',
            paragraph(f"{TABLES[one.table].description} {one.rows:,} rows."),
            table(
                ("column", "type", "unit", "levels", "range", "scenes", "meaning"),
                [
                    (name, kind, unit, levels, _range(low, high), scenes, meaning)
                    for where, name, kind, unit, levels, low, high, scenes, meaning in rows
                    if where == one.table
                ],
            ),
        ]
    return page(f"Codebook: {described.title}", parts)


def _range(low: str, high: str) -> str:
    if low and high:
        return f"{low} to {high}"
    return f"from {low}" if low else f"to {high}" if high else ""
