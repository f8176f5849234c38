"""The reference pages name everything there is: tables, columns, files, facts, messages, problems."""

import re
from pathlib import Path

import msgspec
import pytest

from mug.protocol import lab, messages
from mug.protocol.codec import ops_of
from mug.records import facts as f
from mug.records import journal, verify
from mug.records.codebook import TABLES
from mug.records.dataset import FILES

ROOT = Path(__file__).resolve().parents[3]
REFERENCE = ROOT / "docs" / "reference"


def page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_that_every_table_and_column_is_in_the_reference(table: object) -> None:
    assert hasattr(table, "columns")
    section = page("export.md").split(f"\n### {table.name}\n", 1)[1].split("\n### ", 1)[0]
    documented = re.findall(r"^\| `([^`]+)` \| (\w+) \|", section, re.MULTILINE)
    assert documented == [(column.name, column.type) for column in table.columns]


def test_that_every_file_of_an_export_is_in_the_reference() -> None:
    text = page("export.md")
    assert [name for name in FILES if f"| `{name}` |" not in text] == []


@pytest.mark.parametrize(
    "union",
    [messages.ParticipantMessage, messages.ServerMessage, lab.LabRequest, lab.LabMessage],
    ids=["to server", "to page", "from lab", "to lab"],
)
def test_that_every_message_and_its_fields_are_in_the_reference(union: object) -> None:
    text = page("protocol.md")
    for op, struct in ops_of(union).items():
        lines = [line for line in text.splitlines() if line.startswith(f"| `{op}` |")]
        assert len(lines) == 1, f"docs/reference/protocol.md must have one line for {op}"
        fields = re.findall(r"`(\w+)`", lines[0].split(" | ")[1])
        assert fields == list(struct.__struct_fields__), f"docs/reference/protocol.md: the fields of {op}"


def test_that_every_fact_and_its_fields_are_in_the_reference() -> None:
    text = page("records.md")
    for kind, struct in ops_of(f.AnyFact).items():
        [line] = [line for line in text.splitlines() if line.startswith(f"| `{kind}` |")]
        fields = re.findall(r"`(\w+)`", line.split(" | ")[1])
        assert fields == [field.name for field in msgspec.structs.fields(struct)], f"the fields of {kind}"


def test_that_every_code_of_verify_is_in_the_reference() -> None:
    source = Path(verify.__file__).read_text(encoding="utf-8")
    codes = set(re.findall(r'self\.say\(\s*"(\w+)"', source)) | set(re.findall(r'check\.say\(\s*"(\w+)"', source))
    documented = set(re.findall(r"^\| `(\w+)` \| ", page("records.md").split("## Verifying", 1)[1], re.MULTILINE))
    assert codes == documented


def test_that_the_reference_tells_the_format_of_the_file() -> None:
    text = page("records.md")
    assert f"0x{journal.APPLICATION_ID:X}" in text
    assert f"now {journal.FORMAT}." in text
    for table in ("journal", "body", "tally", "replaced"):
        assert f"| `{table}` |" in text
