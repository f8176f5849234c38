"""Participants at one game: they come in together, press keys at random, and what both recorded is compared."""

import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Route

from mug.play.chunks import FramesChunk, decode_chunk
from mug.records import RecordReader, records_path
from mug.records import facts as f
from tests.drivers.browser_driver import BrowserDriver, ParticipantDriver
from tests.drivers.server_driver import ServerDriver

__all__ = [
    "MatchRecord",
    "Recorded",
    "ann_and_ben",
    "change_program",
    "finish",
    "hands",
    "identical_frames",
    "match_records",
    "play",
    "sit_down",
    "walk_in",
]

ARROWS = ("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown")

# Keys go down and up by a generator of the page's own, as fast as people do. Real key events would need a call of the
# driver each, which two pages and two processors do not have to spare.
_HANDS = """([seed, keys, everyMs]) => {
    let state = seed >>> 0;
    const random = () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let t = Math.imul(state ^ (state >>> 15), state | 1);
        t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
    const down = new Set();
    const send = (type, key) =>
        document.body.dispatchEvent(new KeyboardEvent(type, { key, bubbles: true, cancelable: true }));
    clearInterval(window.mugTestHands);
    if (everyMs === 0) return;
    window.mugTestHands = setInterval(() => {
        const key = keys[Math.floor(random() * keys.length)];
        if (down.has(key)) {
            down.delete(key);
            send("keyup", key);
        } else {
            down.add(key);
            send("keydown", key);
            if (down.size > 2) {
                const [first] = down;
                down.delete(first);
                send("keyup", first);
            }
        }
    }, everyMs);
}"""


def change_program(person: ParticipantDriver, server: ServerDriver, file: str, before: str, after: str) -> None:
    """Give this page another text in one file of the study's zip; to be called before the page is opened."""

    def changed(route: Route) -> None:
        _, _, body = server.get(urlsplit(route.request.url).path)
        found, out = 0, BytesIO()
        with zipfile.ZipFile(BytesIO(body)) as archive, zipfile.ZipFile(out, "w") as written:
            for name in archive.namelist():
                source = archive.read(name)
                if name == file:
                    found = source.count(before.encode())
                    source = source.replace(before.encode(), after.encode())
                written.writestr(name, source)
        assert found == 1, f"{file} has {found} places to change"
        route.fulfill(status=200, content_type="application/zip", body=out.getvalue())

    person.page.route(re.compile(r"/_mug/study/.*\.zip"), changed)


@contextmanager
def sit_down(browser: BrowserDriver, port: int, people: Sequence[str]) -> Iterator[list[ParticipantDriver]]:
    """Give each of `people` a computer of their own, and open the study there."""
    with ExitStack() as stack:
        seated = [stack.enter_context(browser.participant(port)) for _ in people]
        for person, name in zip(seated, people, strict=True):
            person.open(name)
        yield seated


@contextmanager
def ann_and_ben(
    browser: BrowserDriver, study: Path, data: Path, profile: Path
) -> Iterator[tuple[ParticipantDriver, ParticipantDriver]]:
    """Start the study's server and a game of two, ben in a browser of his own: it can be hidden, frozen and killed.

    Args:
        browser: Ann's.
        study: The study; its game is the scene "points".
        data: The server's records.
        profile: A folder for ben's browser.
    """
    with (
        ServerDriver(study, data).start(deadline_s=240) as server,
        sit_down(browser, server.port, ["ann"]) as [ann],
        browser.hideable_participant(server.port, profile) as ben,
    ):
        ben.open("ben")
        play([ann, ben], "points")
        yield ann, ben


def walk_in(people: Sequence[ParticipantDriver], scene_id: str) -> None:
    """Read every page before the game, and press Start as soon as it is possible; who comes first waits."""
    for person in people:
        while True:
            person.wait_for_phase("page")
            scene = person.scene()
            if scene == scene_id:
                break
            person.press_continue()
            person.page.wait_for_function(
                "(before) => document.body.dataset.mugScene !== before", arg=scene, timeout=60_000
            )
    for person in people:
        try:
            person.press_continue()
        except Exception as error:
            raise AssertionError(f"the game cannot be started; {person.state()}") from error


def hands(
    people: Sequence[ParticipantDriver], seed: int = 1, every_ms: int = 130, keys: Sequence[str] = ARROWS
) -> None:
    """Let everybody press keys at random from now on, each in a way of their own; `every_ms` 0: no more."""
    for number, person in enumerate(people):
        person.page.evaluate(_HANDS, [seed * 100 + number, list(keys), every_ms])


def play(people: Sequence[ParticipantDriver], scene_id: str, seed: int = 1, every_ms: int = 130) -> None:
    """Walk in, wait until the game runs everywhere, and press keys."""
    walk_in(people, scene_id)
    for person in people:
        person.wait_for_phase("playing")
    hands(people, seed, every_ms)


def finish(people: Sequence[ParticipantDriver], timeout_ms: int = 120_000) -> None:
    """Wait until everybody has come to the study's end and everything is saved."""
    for person in people:
        phase = person.wait_for_phase("ended", "error", timeout_ms=timeout_ms)
        assert phase == "ended", person.state()
        person.page.get_by_text("Everything is saved.").wait_for()
        assert person.page_errors == []


@dataclass
class Recorded:
    """What one participant's page recorded of a match: bodies by (episode, first frame)."""

    participant_id: str
    bodies: dict[tuple[int, int], bytes] = field(default_factory=dict)

    @property
    def chunks(self) -> list[FramesChunk]:
        """The chunks, in order."""
        return [decode_chunk(self.bodies[key]) for key in sorted(self.bodies)]


@dataclass
class MatchRecord:
    """One match as the journal holds it."""

    formed: f.MatchFormed
    ended: f.MatchEnded | None = None
    dropped: list[f.PlayerDropped] = field(default_factory=list)
    flags: list[f.MatchFlagged] = field(default_factory=list)
    recorded: dict[str, Recorded] = field(default_factory=dict)

    @property
    def words(self) -> list[str]:
        """The flags' words."""
        return sorted({flag.flag for flag in self.flags})


def match_records(data_dir: Path, experiment: str) -> list[MatchRecord]:
    """Every match of every session, in the order in which they were formed."""
    found: dict[str, MatchRecord] = {}
    with RecordReader(records_path(data_dir, experiment)) as reader:
        for head in reader.sessions():
            for fact in reader.facts(head.session_id):
                match fact:
                    case f.MatchFormed():
                        found[fact.match_id] = MatchRecord(fact)
                    case f.MatchEnded():
                        found[fact.match_id].ended = fact
                    case f.PlayerDropped():
                        found[fact.match_id].dropped.append(fact)
                    case f.MatchFlagged():
                        found[fact.match_id].flags.append(fact)
                    case f.ChunkStored(stream="frames"):
                        record = found[fact.meta["match_id"]]
                        whose = record.recorded.setdefault(fact.participant_id, Recorded(fact.participant_id))
                        key = (fact.meta["episode"], fact.meta["first"])
                        body = reader.body(fact.sha256)
                        assert whose.bodies.get(key, body) == body, (
                            f"{fact.participant_id} sent {key} twice, differently"
                        )
                        whose.bodies[key] = body
    return [record for record in found.values() if record.formed.visits]


def identical_frames(record: MatchRecord, players: int = 2) -> int:
    """Check that every player recorded the same bytes; returns how many frames there are."""
    assert len(record.recorded) == players, f"recorded by {sorted(record.recorded)}"
    first, *others = record.recorded.values()
    for other in others:
        assert sorted(other.bodies) == sorted(first.bodies), "the players have the same chunks"
        for key, body in first.bodies.items():
            assert other.bodies[key] == body, _difference(key, body, other.bodies[key])
    by_episode: Counter[int] = Counter()
    for chunk in first.chunks:
        assert chunk.first == by_episode[chunk.episode], "no frame is missing, none is there twice"
        by_episode[chunk.episode] = chunk.last + 1
    assert list(by_episode) == list(range(len(by_episode)))
    return sum(by_episode.values())


def _difference(key: tuple[int, int], ours: bytes, theirs: bytes) -> str:
    a, b = decode_chunk(ours), decode_chunk(theirs)
    for name in sorted({*a.columns, *b.columns}):
        for row, (x, y) in enumerate(zip(a.columns.get(name, ()), b.columns.get(name, ()), strict=False)):
            if repr(x) != repr(y):
                return f"episode {key[0]}, frame {a.first + row}, {name}: {x!r} and {y!r}"
    return (
        f"episode {key[0]}, frames from {key[1]}: {a.context!r} and {b.context!r}, {len(ours)} and {len(theirs)} bytes"
    )


def actions_of(record: MatchRecord) -> dict[str, set[Any]]:
    """Which actions each agent took."""
    found: dict[str, set[Any]] = {}
    for chunk in next(iter(record.recorded.values())).chunks:
        for agent in chunk.agents:
            found.setdefault(agent, set()).update(repr(action) for action in chunk.columns[f"actions.{agent}"])
    return found
