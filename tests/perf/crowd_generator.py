"""The participants of the crowd benchmark, in a process of their own: ``python -m tests.perf.crowd_generator …``.

Each takes a whole study of two people: it arrives, reads, answers a form, waits for a partner, plays, and goes to the
end, with a pulse a second all the while. A part of them arrives at one moment, the others one after the other. Prints
one line of JSON with what they saw.
"""

import argparse
import asyncio
import gc
import json
import multiprocessing
import random
import time
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mug.play.config import GameConfig
from mug.play.inputs import STATUS_INPUT
from mug.play.recorder import RecordedChunk, Recorder, Row
from mug.play.world import World
from mug.protocol import Message
from mug.protocol.messages import (
    ChunkAck,
    ErrorReply,
    FormContent,
    GameContent,
    JoinMatch,
    MatchReady,
    PageContent,
    PhaseChanged,
    Pulse,
    PulseEcho,
)
from tests.drivers.bots import Bot, BotError
from tests.drivers.form_answers import answer_rows

DEADLINE_S = 120.0


@dataclass
class Measured:
    """What all participants saw, ms; `rows` are the frames that they sent and the server acknowledged."""

    pulse_ms: list[float] = field(default_factory=list)
    ack_ms: list[float] = field(default_factory=list)
    enter_ms: list[float] = field(default_factory=list)
    scene_ms: list[float] = field(default_factory=list)
    wait_ms: list[float] = field(default_factory=list)
    match_ids: list[str] = field(default_factory=list)
    rows: int = 0
    answers: int = 0


class Person:
    """One participant on the way through the study."""

    def __init__(self, bot: Bot, measured: Measured, played: "Played") -> None:
        self._bot = bot
        self._measured = measured
        self._played = played
        self._pulses: dict[int, float] = {}
        self._chunks: dict[tuple[str, str, int], tuple[float, int]] = {}
        self._phase = "page"
        self._ready: asyncio.Future[MatchReady] = asyncio.get_running_loop().create_future()
        self._settled = asyncio.Event()
        bot.on_message = self._on_message

    async def take_part(self) -> None:
        """From the door to the end page."""
        began = time.perf_counter()
        scene = await asyncio.wait_for(self._bot.enter(), DEADLINE_S)
        self._measured.enter_ms.append((time.perf_counter() - began) * 1000)
        pulsing = asyncio.create_task(self._pulse())
        try:
            while True:
                if isinstance(scene.content, GameContent):
                    await self._play(scene.visit_id, scene.content.config)
                elif isinstance(scene.content, PageContent):
                    if scene.content.role in ("end", "completion_code"):
                        break
                    await asyncio.sleep(0.3)
                elif isinstance(scene.content, FormContent):
                    await asyncio.sleep(0.3)
                    rows = answer_rows(scene.content)
                    self._send("form", "".join(json.dumps(row) + "\n" for row in rows).encode(), {}, 0)
                    self._measured.answers += len(rows)
                    await self._all_acknowledged()
                began = time.perf_counter()
                scene = await self._bot.finish()
                self._measured.scene_ms.append((time.perf_counter() - began) * 1000)
            await self._all_acknowledged()
        finally:
            pulsing.cancel()
            self._bot.close()

    async def _play(self, visit_id: str, config: GameConfig) -> None:
        rows = await self._played.rows(config)
        self._phase = "waiting"
        self._bot.send(PhaseChanged(phase="waiting", visit_id=visit_id))
        began = time.perf_counter()
        self._bot.send(JoinMatch(visit_id=visit_id))
        ready = await asyncio.wait_for(self._ready, DEADLINE_S)
        self._measured.wait_ms.append((time.perf_counter() - began) * 1000)
        self._measured.match_ids.append(ready.config.match_id)
        self._phase = "playing"
        began = time.perf_counter()
        for number, chunk in enumerate(chunks_of(rows, ready.config)):
            await asyncio.sleep(max(0.0, began + number + 1 - time.perf_counter()))
            frames = int(chunk.meta["last"]) - int(chunk.meta["first"]) + 1
            self._send("frames", chunk.body, chunk.meta, frames)
        await self._all_acknowledged()
        self._phase = "page"

    async def _pulse(self) -> None:
        await asyncio.sleep(random.random())
        n = 0
        while True:
            self._pulses[n] = time.perf_counter()
            self._bot.send(Pulse(n=n, client_ms=n * 1000.0, rtt_ms=3.25, frame_rate_hz=60.0, phase=self._phase))
            n += 1
            await asyncio.sleep(1.0)

    def _send(self, stream: str, body: bytes, meta: dict[str, Any], frames: int) -> None:
        message = self._bot.chunk(stream, body, meta)
        self._chunks[message.visit_id, stream, message.seq] = (time.perf_counter(), frames)
        self._settled.clear()
        self._bot.send(message)

    async def _all_acknowledged(self) -> None:
        if self._chunks:
            await asyncio.wait_for(self._settled.wait(), DEADLINE_S)

    def _on_message(self, message: Message) -> None:
        arrived = self._bot.arrived_s
        match message:
            case PulseEcho():
                self._measured.pulse_ms.append((arrived - self._pulses.pop(message.n)) * 1000)
            case MatchReady():
                if self._ready.done():
                    raise BotError("a second match was formed for one visit")
                self._ready.set_result(message)
            case ChunkAck():
                for key in [k for k in self._chunks if k[:2] == (message.visit_id, message.stream)]:
                    if key[2] < message.next_seq:
                        sent, frames = self._chunks.pop(key)
                        self._measured.ack_ms.append((arrived - sent) * 1000)
                        self._measured.rows += frames
                if not self._chunks:
                    self._settled.set()
            case ErrorReply():
                raise BotError(f"the server did not take {message.about}: {message.code} {message.message}")


class Played:
    """Rows of one episode, played once: every match of the crowd shows the same game.

    In a process of its own, since a step is played with clocks that stand still, which timers here must not see.
    """

    def __init__(self, folder: Path, processes: Executor) -> None:
        self._folder = folder
        self._processes = processes
        self._rows: asyncio.Future[list[Row]] | None = None

    async def rows(self, config: GameConfig) -> list[Row]:
        """The rows; who asks first plays."""
        if self._rows is None:
            loop = asyncio.get_running_loop()
            self._rows = loop.run_in_executor(self._processes, play_together, config, self._folder)
        return await self._rows


def play_together(config: GameConfig, folder: Path) -> list[Row]:
    """Play one episode of a game of several people with keys pressed at random."""
    chance = random.Random(1)
    world = World(config, root=folder, mug_globals={})
    choices = [binding.action for binding in config.action_mapping] + [config.default_action]
    rows = []
    try:
        world.reset(0)
        actions = dict.fromkeys(config.players, config.default_action)
        while world.ended is None:
            if len(rows) % 10 == 0:
                actions = {agent: chance.choice(choices) for agent in config.players}
            rows.append(world.step(actions, dict.fromkeys(config.players, STATUS_INPUT)))
    finally:
        world.close()
    return rows


def chunks_of(rows: list[Row], config: GameConfig) -> list[RecordedChunk]:
    """Cut rows into the chunks that a page of this match would send; the players' are the same."""
    recorder = Recorder(match_id=config.match_id, episode=0, agents=config.players, fps=config.fps)
    return [chunk for row in rows for chunk in recorder.add(row)] + recorder.finish()


async def _crowd(port: int, build: str, played: "Played", people: int, burst: int, per_second: float) -> dict[str, Any]:
    measured = Measured()
    bots = [Bot(port, build, f"bot-{number:04d}") for number in range(people)]

    async def arrive(number: int, bot: Bot) -> None:
        if number >= burst:
            await asyncio.sleep((number - burst + 1) / per_second)
        await Person(bot, measured, played).take_part()

    gc.collect()
    gc.freeze()
    cpu, began = time.process_time(), time.perf_counter()
    await asyncio.gather(*(arrive(number, bot) for number, bot in enumerate(bots)))
    seconds = time.perf_counter() - began
    return {**vars(measured), "seconds": seconds, "cpu_share": (time.process_time() - cpu) / seconds}


def main() -> None:
    """Let the crowd come and print what it saw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--build", required=True)
    parser.add_argument("--study", type=Path, required=True)
    parser.add_argument("--people", type=int, required=True)
    parser.add_argument("--burst", type=int, required=True)
    parser.add_argument("--per-second", type=float, required=True)
    args = parser.parse_args()
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as processes:
        played = Played(args.study, processes)
        result = asyncio.run(_crowd(args.port, args.build, played, args.people, args.burst, args.per_second))
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
