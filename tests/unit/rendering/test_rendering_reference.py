"""The reference page says every name and parameter of the package."""

import inspect
from pathlib import Path

import pytest

from mug import rendering
from mug.rendering import Surface

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "rendering.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(set(rendering.__all__)))
def test_that_every_public_name_is_on_the_reference_page(name):
    assert f"`{name}" in PAGE


@pytest.mark.parametrize("name", [name for name in vars(Surface) if not name.startswith("_")])
def test_that_every_method_and_parameter_is_on_the_reference_page(name):
    assert name in PAGE
    for parameter in list(inspect.signature(getattr(Surface, name)).parameters)[1:]:
        assert parameter in PAGE, f"{name}({parameter})"
