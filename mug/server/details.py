"""Fills what the console asked of a participant with what the records say; on the thread that writes to consoles."""

from pathlib import Path

import msgspec

from mug.engine.effects import AnswerDetail
from mug.protocol.lab import LabReply
from mug.records import RecordReader, RecordsError
from mug.records.story import answers_in, timeline_of
from mug.study.blinding import without

__all__ = ["DetailReader"]


class DetailReader:
    """Reads for one console after the other; keeps the file open between two questions."""

    def __init__(self, records: Path) -> None:
        self._records = records
        self._reader: RecordReader | None = None

    def answer(self, asked: AnswerDetail) -> LabReply:
        """Return the reply; records that cannot be read are its error."""
        try:
            if self._reader is None:
                self._reader = RecordReader(self._records)
            self._reader.refresh()
            view = msgspec.structs.replace(
                asked.view,
                timeline=tuple(
                    msgspec.structs.replace(
                        entry, text=without(entry.text, asked.hidden), more=without(entry.more, asked.hidden)
                    )
                    for entry in timeline_of(self._reader, asked.session_id, asked.view.participant_id)
                ),
                answers=answers_in(self._reader, asked.forms),
            )
        except RecordsError as error:
            self.close()
            return LabReply(request_id=asked.request_id, error=str(error))
        return LabReply(request_id=asked.request_id, data=msgspec.to_builtins(view))

    def close(self) -> None:
        """Close the file."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None
