"""What is said of a new session on the command line."""

import pytest

from mug.errors import MugError
from mug.server.session_details import SessionDetails, session_details


def test_that_nothing_said_is_a_session_that_runs_at_once() -> None:
    assert session_details() == SessionDetails()


def test_that_details_are_read() -> None:
    details = session_details(
        label=" Monday\n morning ",
        expected=12,
        seats="PC-01, PC-02,",
        conditions=("lighting=dim", "text = a=b "),
        stage="prepared",
        help=True,
    )
    assert details.label == "Monday morning"
    assert details.seats == ("PC-01", "PC-02")
    assert details.conditions == {"lighting": "dim", "text": "a=b"}
    assert (details.expected, details.stage, details.help) == (12, "prepared", True)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"label": "x" * 201}, "201 characters"),
        ({"expected": 0}, "from 1 to 10000"),
        ({"expected": 10_001}, "from 1 to 10000"),
        ({"seats": "PC 1"}, "is no name of a desk"),
        ({"seats": "../x"}, "is no name of a desk"),
        ({"seats": "a,b,a"}, "twice"),
        ({"seats": ",".join(f"d{n}" for n in range(501))}, "501 desks"),
        ({"conditions": ("dim",)}, "give a name and a value"),
        ({"conditions": ("light=",)}, "give a name and a value"),
        ({"conditions": ("=dim",)}, "is no name"),
        ({"conditions": ("a=1", "a=2")}, "twice"),
        ({"conditions": ("a=" + "x" * 201,)}, "201 characters"),
        ({"conditions": tuple(f"c{n}=1" for n in range(51))}, "51 conditions"),
        ({"stage": "paused"}, "a session begins as prepared, doors_open or running"),
    ],
)
def test_that_what_cannot_hold_is_refused_in_words(fields: dict[str, object], said: str) -> None:
    with pytest.raises(MugError, match=said):
        session_details(**fields)  # type: ignore[arg-type]
