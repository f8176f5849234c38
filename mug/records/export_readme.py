"""``README.md`` and ``CHANGES.md`` of an export, with examples that read it back."""

from typing import Final

from mug.records.codebook import TABLES
from mug.records.described import Described

__all__ = ["changes", "readme"]

_R: Final = r"""folder <- "."  # this folder
codebook <- read.csv(file.path(folder, "documentation", "codebook.csv"))
kinds <- c(string = "character", datetime = "character", boolean = "character",
           integer = "numeric", number = "numeric")
read_table <- function(file) {
  about <- codebook[codebook$table == sub(".*_description-(.*)_data\\.csv$", "\\1", file), ]
  table <- read.csv(file, na.strings = "NA", check.names = FALSE, encoding = "UTF-8",
                    colClasses = setNames(kinds[about$type], about$column))
  for (name in about$column[about$type == "boolean"]) table[[name]] <- table[[name]] == "true"
  for (name in about$column[about$type == "datetime"])
    table[[name]] <- as.POSIXct(table[[name]], format = "%Y-%m-%dT%H:%M:%OSZ", tz = "UTC")
  table
}
files <- list.files(file.path(folder, "data"), pattern = "_data\\.csv$", full.names = TRUE)
tables <- lapply(files, read_table)
names(tables) <- sub(".*_description-(.*)_data\\.csv$", "\\1", files)
"""


def readme(described: Described) -> str:
    """Return the README."""
    history = described.history
    opened = history.opened
    end = described.time(history.ended.at) if history.ended else ""
    state = f"ended on {end}" if end else f"still open; records until {described.time(history.last_at)}"
    lines = [
        f"# {described.title}: session {described.session_id}",
        "",
        f"Experiment `{described.experiment_id}`{', a pilot' if opened.pilot else ''}, started on "
        f"{described.time(opened.at)}, {state}.",
        "",
        "| table | rows | one row for each |",
        "|---|---:|---|",
    ]
    for table in described.tables:
        words = TABLES[table.table].description.partition(".")[0].removeprefix("One row for each ")
        lines.append(f"| [{table.table}](data/{table.path.name}) | {table.rows:,} | {words} |")
    lines += ["", *_choices(described), *_how_to_read(described), *_files(described)]
    return "\n".join(lines)


def changes(described: Described) -> str:
    """Return what this export is, and of what; an export is never changed, but made again."""
    head = described.reader.head
    return "\n".join(
        [
            "# Changes",
            "",
            f"- Exported by MUG from the records up to {described.time(described.history.last_at)}: entry {head.seq} "
            "of the journal",
            f"  (hash `{head.hash}`).",
            "",
        ]
    )


def _choices(described: Described) -> list[str]:
    lines = []
    if described.options.participants is not None:
        lines += [
            "Only some participants are in this export. The matches in which they played are whole: their partners",
            "stand in them by their ids.",
            "",
        ]
    if described.anonymiser is not None:
        lines += [
            "This export is anonymised: people, visits, matches, groups, desks and the session have new ids, all times",
            "are shifted so that the session begins with the year 2000, and what could tell who somebody is was left",
            "out. Answers are as they were given, except known identifiers in them.",
            "",
        ]
    if described.options.drop_texts:
        lines += ["Free texts were left out.", ""]
    return lines


def _how_to_read(described: Described) -> list[str]:
    name = next((table.table for table in described.tables if table.table == "participants"), "")
    table = name or (described.tables[0].table if described.tables else "participants")
    return [
        "## How values are written",
        "",
        "Every column is described in `documentation/codebook.html`. The files are CSV as in RFC 4180: UTF-8, commas,",
        "lines ending with CR LF. Texts are always quoted and exact; a missing value is NA without quotes, so that a",
        'participant\'s answer "NA" stays an answer. Numbers are never rounded. Times are UTC (ISO 8601).',
        "",
        "## Reading it",
        "",
        "In Python with MUG, every table with the right types, levels as categories:",
        "",
        "```python",
        "import mug.data",
        "",
        'export = mug.data.load(".")  # this folder',
        f'print(export["{table}"].dtypes)',
        "```",
        "",
        "With pandas alone:",
        "",
        "```python",
        "import json",
        "from pathlib import Path",
        "",
        "import pandas as pd",
        "",
        'folder = Path(".")  # this folder',
        'package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))',
        "tables = {}",
        'for resource in package["resources"]:',
        '    if resource["format"] != "csv":',
        "        continue",
        '    fields = resource["schema"]["fields"]',
        '    tables[resource["name"]] = pd.read_csv(',
        '        folder / resource["path"],',
        "        keep_default_na=False,",
        '        na_values=["NA"],',
        '        dtype={field["name"]: "string" for field in fields if field["type"] == "string"},',
        '        parse_dates=[field["name"] for field in fields if field["type"] == "datetime"],',
        '        float_precision="round_trip",',
        "    )",
        f'print(tables["{table}"].head())',
        "```",
        "",
        'pandas alone reads a quoted "NA" as missing too; `mug.data` tells the two apart.',
        "",
        "In R, without any package:",
        "",
        "```r",
        *_R.splitlines(),
        f'str(tables[["{table}"]])',
        "```",
        "",
    ]


def _files(described: Described) -> list[str]:
    lines = [
        "## What else is here",
        "",
        "- `documentation/session.html`: the session on one page, with everything that did not go as planned.",
        "- `materials/`: the study as it was frozen, and what participants' pages got.",
        "- `provenance/`: from which records this was made. `sha256sum -c provenance/manifest.sha256` in this folder",
        "  checks all files; `mug verify --export` checks them against the records too.",
        "",
        "The same records, exported with the same options, always give the same files.",
        "",
    ]
    if described.anonymiser is None:
        lines += ["Who the participants are to a recruiter, their codes and their pay are in none of these files.", ""]
    return lines
