"""The reference page says every kind, section and field."""

from pathlib import Path

import pytest

from mug.study.catalog import NODE_KINDS, fields
from mug.study.model import Study
from mug.study.reference import main, reference_page

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "study.md"


def test_that_the_page_is_what_the_descriptions_say():
    assert PAGE.read_text(encoding="utf-8") == reference_page(), "run `python -m mug.study.reference`"
    assert main(["--check"]) == 0


@pytest.mark.parametrize("struct", [Study, *(kind.struct for kind in NODE_KINDS.values())])
def test_that_every_field_is_on_the_page(struct):
    page = PAGE.read_text(encoding="utf-8")
    for name, info in fields(struct):
        assert f"| `{name.rpartition('.')[2]}` |" in page
        assert info.description.replace("|", "\\|") in page


@pytest.mark.parametrize("kind", NODE_KINDS)
def test_that_every_kind_is_on_the_page(kind):
    assert f'kind = "{kind}"' in PAGE.read_text(encoding="utf-8")
