"""The console's connection: connecting and closing may be asked for by two threads at once."""

import threading
from pathlib import Path

from mug.host import LabClient, ServerAddress


def _nowhere(tmp_path: Path) -> ServerAddress:
    return ServerAddress(
        url="http://127.0.0.1:1",
        port=1,
        pid=1,
        token="none",
        experiment_id="e",
        session_id="s",
        data_dir=tmp_path,
        version="0",
    )


def test_that_closing_waits_for_a_connecting_that_has_just_begun(tmp_path: Path) -> None:
    failures: list[BaseException] = []

    def attempt(act: object) -> None:
        try:
            act()  # type: ignore[operator]  # a bound method
        except BaseException as error:  # what a thread raises would be lost
            failures.append(error)

    for _ in range(40):
        client = LabClient(_nowhere(tmp_path), lambda _message: None, lambda _state: None)
        threads = [threading.Thread(target=attempt, args=(act,)) for act in (client.connect, client.close)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        client.close()
    assert failures == []
    assert not [thread for thread in threading.enumerate() if thread.name == "lab-client"]


def test_that_a_closed_client_connects_no_more(tmp_path: Path) -> None:
    states: list[str] = []
    client = LabClient(_nowhere(tmp_path), lambda _message: None, states.append)
    client.close()
    client.connect()
    client.close()
    assert states == []
