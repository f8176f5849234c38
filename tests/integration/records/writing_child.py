"""A process that writes facts as fast as it can and says on stdout which ones were acknowledged.

Usage: ``writing_child.py RECORDS``. Each output line is the number of an acknowledged fact. It never ends by itself.
"""

import hashlib
import os
import sys
from pathlib import Path

from mug.records import RecordWriter
from mug.records import facts as f

AT = "2026-03-01T10:00:00.000Z"


def main() -> None:
    writer = RecordWriter.open(Path(sys.argv[1]))
    writer.append([f.SessionOpened(at=AT, session_id="s1", experiment_id="exp", study_hash="h", seed=7)])
    writer.append([f.ParticipantJoined(at=AT, participant_id="p", seed=1, token_sha256="t")])
    number = 0
    while True:
        body = f'{{"name":"tick","number":{number},"pad":"{"x" * (number * 37 % 3000)}"}}\n'.encode()
        digest = hashlib.sha256(body).hexdigest()
        fact = f.ChunkStored(
            at=AT, participant_id="p", visit_id="v", stream="event", seq=number, sha256=digest, size=len(body)
        )

        def say(number: int = number) -> None:
            os.write(1, f"{number}\n".encode())

        writer.append([fact], {digest: body}, say)
        number += 1
        if writer.waiting > 200:
            writer.flush()


if __name__ == "__main__":
    main()
