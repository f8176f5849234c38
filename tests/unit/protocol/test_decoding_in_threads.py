"""The first messages of a process may come on several threads at once: a server's participants, a console's batches."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys, threading
from mug.protocol.codec import decode_lab_message

sys.setswitchinterval(1e-6)
session = dict(session_id="s", experiment_id="e", title="t", study_hash="h", state="open", started_at="",
               addresses=["a"], data_dir="d")
people = [dict(participant_id="a", state="connected")]
messages = [dict(op="lab.snapshot", session=session, participants=people), dict(op="lab.batch", participants=people)]
together = threading.Barrier(6)


def decode(message):
    together.wait()
    decode_lab_message(message)


threads = [threading.Thread(target=decode, args=(messages[n % 2],)) for n in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


@pytest.mark.parametrize("attempt", range(5))
def test_that_first_messages_on_several_threads_do_not_end_the_process(attempt: int) -> None:
    # Without the codec's preparation about every second attempt died in msgspec.
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
