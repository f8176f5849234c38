"""What happened to one participant is told in words that name scenes and actions, not their ids."""

from pathlib import Path

from mug.records.reader import RecordReader
from mug.records.story import timeline_of
from tests.drivers.whole_session import record_whole_session


def test_that_the_timeline_names_scenes_and_actions(tmp_path: Path) -> None:
    with RecordReader(record_whole_session(tmp_path)) as reader:
        anna, bert = (timeline_of(reader, "s-2026-03-01", who) for who in ("anna-lena", "bertram"))
    told = [entry.text for entry in anna]
    assert "began game" in told
    assert "about is over: completed" in told
    assert "the page has shown the experimenter's message" in told
    assert "the participant has read the experimenter's message" in told
    assert [entry.text for entry in bert].count("began game") == 2, "sent back, it began once more"
    assert not any("v-anna-lena" in text or "v-bertram" in text for text in (*told, *(entry.text for entry in bert)))
