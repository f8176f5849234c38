"""Values of free tables go into text and back unchanged; what is no value is told in words."""

import datetime
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui.models.value_text import (
    converted,
    kind_of,
    read_list,
    read_table,
    read_value,
    write_list,
    write_table,
    write_value,
)

SCALARS = (
    st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=12)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc -", min_size=1, max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(VALUES)
def test_that_a_value_is_read_as_it_was_written(value: Any) -> None:
    found = read_value(write_value(value))
    assert found == value
    assert kind_of(found) == kind_of(value)


@given(st.dictionaries(st.text("abcdef_", min_size=1, max_size=6), VALUES, max_size=4))
def test_that_a_table_is_read_as_it_was_written(table: dict[str, Any]) -> None:
    assert read_table(write_table(table)) == table
    assert read_table(write_value(table)) == table


@given(st.lists(st.dictionaries(st.text("abc", min_size=1, max_size=3), VALUES, max_size=3), max_size=3))
def test_that_a_list_of_tables_is_read_as_it_was_written(tables: list[Any]) -> None:
    assert read_list(write_list(tables)) == tables


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("[1, 2.5]", [1, 2.5]),
        ("(1, 2)", [1, 2]),
        ("True", True),
        ("true", True),
        ("'a'", "a"),
        ("left hand", "left hand"),
        ("{a = 1}", {"a": 1}),
        ('{"a": [1]}', {"a": [1]}),
        ("2020-01-02", datetime.date(2020, 1, 2)),
    ],
)
def test_that_json_toml_python_and_plain_words_are_understood(text: str, value: Any) -> None:
    assert read_value(text) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Write a value"),
        ("[1, 2", "not complete"),
        ("null", "Nothing (null)"),
        ("{1: 2}", "must be a text"),
        ("NaN", "no finite number"),
        ("@@", "is no value"),
    ],
)
def test_that_what_is_no_value_is_told_in_words(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        read_value(text)


def test_that_the_fault_in_a_table_is_told_with_its_line() -> None:
    with pytest.raises(ValueError, match="line 2"):
        read_table("a = 1\nb = ]\n")
    with pytest.raises(ValueError, match="Line 1"):
        read_list("[{]")


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (3, "text", "3"),
        ("3", "number", 3),
        ("x", "number", 0),
        ("yes", "switch", True),
        (5, "list", [5]),
        ("[1, 2]", "list", [1, 2]),
        ({"a": 1}, "text", '{"a": 1}'),
    ],
)
def test_that_a_value_becomes_the_nearest_of_another_kind(value: Any, kind: str, expected: Any) -> None:
    assert converted(value, kind) == expected
