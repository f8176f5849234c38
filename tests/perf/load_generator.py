"""The participants of the round-trip benchmark, in a process of their own: ``python -m tests.perf.load_generator …``.

Every participant goes through the study's pages to its game and then sends, once a second, one pulse and one chunk of
frames as a page does, at moments spread evenly over the second. Prints one line of JSON when it is ready and one with
what it measured. Between the two it waits for a line on stdin.
"""

import argparse
import asyncio
import gc
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mug.play.config import GameConfig
from mug.play.recorder import RecordedChunk
from mug.protocol import Message, encode
from mug.protocol.messages import ChunkAck, ErrorReply, GameContent, PhaseChanged, Pulse, PulseEcho
from tests.drivers.bots import Bot, BotError
from tests.perf.played_rows import chunks_of, play_rows

WARM_UP_S = 2.0
ENTERING = 20
"""Participants that come in at the same time."""


@dataclass
class Measured:
    """What all participants saw after the warm-up, ms."""

    pulse_ms: list[float] = field(default_factory=list)
    ack_ms: list[float] = field(default_factory=list)
    late_ms: list[float] = field(default_factory=list)
    unanswered: int = 0


class PlayingBot:
    """One participant in its game."""

    def __init__(self, bot: Bot, measured: Measured, chunks: list[RecordedChunk]) -> None:
        self._bot = bot
        self._measured = measured
        self._chunks = [encode(bot.chunk("frames", chunk.body, chunk.meta)) for chunk in chunks]
        self._sent_pulses: dict[int, tuple[float, bool]] = {}
        self._sent_chunks: dict[int, tuple[float, bool]] = {}
        bot.on_message = self._on_message

    async def run(self, offset_s: float, began: float, seconds: float) -> None:
        """Pulse at `offset_s` of every second, a chunk half a second later."""
        second = 0
        while second < seconds:
            counts = second >= WARM_UP_S
            await self._sleep_until(began + second + offset_s, counts)
            self._pulse(second, counts)
            await self._sleep_until(began + second + offset_s + 0.5, counts)
            self._chunk(second, counts)
            second += 1

    def unanswered(self) -> int:
        """How much the server has not answered."""
        return len(self._sent_pulses) + len(self._sent_chunks)

    async def _sleep_until(self, moment: float, counts: bool) -> None:
        await asyncio.sleep(max(0.0, moment - time.perf_counter()))
        if counts:
            self._measured.late_ms.append((time.perf_counter() - moment) * 1000)

    def _pulse(self, n: int, counts: bool) -> None:
        pulse = Pulse(
            n=n,
            client_ms=n * 1000.0,
            rtt_ms=3.25,
            jitter_ms=0.5,
            frame_rate_hz=60.0,
            frame_time_p95_ms=17.25,
            unacked_chunks=len(self._sent_chunks),
            phase="playing",
            episode=0,
            frame=n * 30,
        )
        self._sent_pulses[n] = (time.perf_counter(), counts)
        self._bot.send(pulse)

    def _chunk(self, index: int, counts: bool) -> None:
        if index < len(self._chunks):
            self._sent_chunks[self._chunks[index]["seq"]] = (time.perf_counter(), counts)
            self._bot.send_raw(self._chunks[index])

    def _on_message(self, message: Message) -> None:
        arrived = self._bot.arrived_s
        match message:
            case PulseEcho():
                sent, counts = self._sent_pulses.pop(message.n)
                if counts:
                    self._measured.pulse_ms.append((arrived - sent) * 1000)
            case ChunkAck():
                for seq in [seq for seq in self._sent_chunks if seq < message.next_seq]:
                    sent, counts = self._sent_chunks.pop(seq)
                    if counts:
                        self._measured.ack_ms.append((arrived - sent) * 1000)
            case ErrorReply():
                raise BotError(f"the server did not take {message.about}: {message.code} {message.message}")


async def _to_the_game(bot: Bot) -> GameConfig:
    """Go through the pages until the game is shown."""
    scene = await bot.enter()
    for _ in range(50):
        if isinstance(scene.content, GameContent):
            bot.send(PhaseChanged(phase="playing", visit_id=scene.visit_id))
            return scene.content.config
        scene = await bot.finish()
    raise BotError("the study shows no game")


def _play_all(configs: list[GameConfig], folder: Path, frames: int) -> list[list[RecordedChunk]]:
    rows = play_rows(configs[0], folder, frames)
    return [chunks_of(rows, config) for config in configs]


async def _generate(port: int, build: str, folder: Path, participants: int, seconds: float) -> dict[str, Any]:
    measured = Measured()
    bots = [Bot(port, build, f"bot-{number:04d}") for number in range(participants)]
    entering = asyncio.Semaphore(ENTERING)

    async def enter(bot: Bot) -> GameConfig:
        async with entering:
            return await _to_the_game(bot)

    began = time.perf_counter()
    configs = await asyncio.gather(*(enter(bot) for bot in bots))
    entered_s = time.perf_counter() - began
    frames = int(seconds * configs[0].fps)
    # On a thread, so that the connections stay alive meanwhile.
    played = await asyncio.to_thread(_play_all, configs, folder, frames)
    playing = [PlayingBot(bot, measured, chunks) for bot, chunks in zip(bots, played, strict=True)]
    sizes = [len(chunk.body) for chunk in played[0]]
    print(json.dumps({"ready": participants, "entered_s": entered_s}), flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    # A pause of this process would look like one of the server.
    gc.collect()
    gc.freeze()
    gc.disable()
    cpu = time.process_time()
    began = time.perf_counter() + 0.1
    await asyncio.gather(*(bot.run(i / participants, began, seconds) for i, bot in enumerate(playing)))
    deadline = time.perf_counter() + 10
    while any(bot.unanswered() for bot in playing) and time.perf_counter() < deadline:
        await asyncio.sleep(0.02)
    cpu_s = time.process_time() - cpu
    measured.unanswered = sum(bot.unanswered() for bot in playing)
    for bot in bots:
        bot.close()
    return {
        "pulse_ms": measured.pulse_ms,
        "ack_ms": measured.ack_ms,
        "late_ms": measured.late_ms,
        "unanswered": measured.unanswered,
        "entered_s": entered_s,
        "chunk_bytes": sum(sizes) / len(sizes),
        "cpu_share": cpu_s / seconds,
    }


def main() -> None:
    """Generate the load and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--build", required=True)
    parser.add_argument("--study", type=Path, required=True)
    parser.add_argument("--participants", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    args = parser.parse_args()
    result = asyncio.run(_generate(args.port, args.build, args.study, args.participants, args.seconds))
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
