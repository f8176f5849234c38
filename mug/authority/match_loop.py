"""One match in its process: takes what the server says, steps at the frame's time, says what came of it."""

import gc
import json
import queue
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from mug.authority import wire
from mug.authority.frame_clock import FrameClock
from mug.authority.pages import Pages, Pressed
from mug.play.agents_now import agents_now
from mug.play.authority import AuthoritySession, viewers
from mug.play.output import Event, Output
from mug.play.values import json_value

__all__ = ["ALIVE_S", "Heard", "MatchLoop", "measured"]

ALIVE_S: Final = 0.5
"""So often the process says that it is alive, when it has nothing else to say."""

SHOWN_AT_END_S: Final = 1.0
"""So long, at most, the last pictures may take to be compressed."""

Heard: TypeAlias = wire.ToProcess | Pressed


def measured(figures: Mapping[str, Any]) -> wire.Measured:
    """Return what a policy's decisions took, as the server hears it."""
    return wire.Measured(
        agent=figures["agent"],
        decisions=figures["decisions"],
        median_ms=figures["median_ms"],
        p99_ms=figures["p99_ms"],
        late=figures["late"],
    )


class MatchLoop:
    """Runs a match from "ready" to its end, on the thread that calls `run`.

    Args:
        session: The game, opened already.
        opened: What opening it gave.
        heard: What the server says, and pictures that were compressed.
        say: Says something to the server; never waits.
        clock_s: The time, in seconds; it is not the one that study code sees.
    """

    def __init__(
        self,
        session: AuthoritySession,
        opened: Output,
        *,
        heard: "queue.SimpleQueue[Heard]",
        say: Callable[[wire.FromProcess], None],
        clock_s: Callable[[], float],
    ) -> None:
        self._session = session
        self._opened = opened
        self._heard = heard
        self._say = say
        self._clock_s = clock_s
        self._config = session.config
        self._pages = Pages(self._config.fps, send=say, post=heard.put, clock_s=clock_s)
        self._clock = FrameClock(self._config.fps, clock_s())
        self._born_s = clock_s()
        self._begun = self._stopped = self._paused = False
        self._stage = ""
        self._told_s = self._alive_s = clock_s()
        self._told_frames = self._frames = 0
        self._hz = 0.0
        self._globals: dict[str, Any] | None = None

    def run(self) -> bool:
        """Play; returns whether the match came to its end (else it was stopped).

        Raises:
            PlayError: When study code fails; what was recorded before was said.
        """
        self._hand_over(self._opened, at_s=self._clock_s())
        self._tell("ready", ready=True)
        gc.collect()
        gc.freeze()  # what was loaded stays: looking through it again and again would make frames late
        if not self._wait_for_begin():
            return False
        output = self._session.start()
        self._clock.go_on(self._clock_s(), output.wait_s)
        self._hand_over(output, at_s=self._clock.due_s)
        self._tell("playing")
        while not output.finished:
            if not self._wait_for_frame():
                return False
            output = self._frame()
        self._show_the_end()
        return True

    # ------------------------------------------------------------------ time

    def _wait_for_begin(self) -> bool:
        while not self._begun:
            if not self._listen(self._clock_s() + ALIVE_S):
                return False
        countdown_s = self._config.countdown_ms / 1000 if len(self._config.players) > 1 else 0.0
        if countdown_s > 0:
            self._tell("countdown")
            ends_s = self._clock_s() + countdown_s
            while self._clock_s() < ends_s:
                if not self._listen(ends_s):
                    return False
        self._session.forget_presses()
        return True

    def _wait_for_frame(self) -> bool:
        """Wait until the next frame is due, and as long as the game is paused; False: the match is stopped."""
        while True:
            stands = self._paused or self._is_paused_for_somebody()
            if stands != (self._stage == "paused"):
                self._tell("paused" if stands else "playing")
                if not stands:
                    self._session.forget_presses()
                    self._clock.go_on(self._clock_s(), self._clock.frame_s)
            if not stands and self._clock_s() >= self._clock.due_s:
                return self._listen(0.0)  # what has come by now belongs to this frame
            if not self._listen(self._clock_s() + ALIVE_S if stands else self._clock.due_s):
                return False

    def _is_paused_for_somebody(self) -> bool:
        config = self._config
        return config.pause_on_partner_background and len(config.players) > 1 and bool(self._session.hidden)

    def _frame(self) -> Output:
        clock = self._clock
        due_s = clock.due_s
        clock.begun(self._clock_s())
        if self._stage != "playing":
            self._tell("playing")
        self._session.give_time(clock.due_s - self._clock_s())
        output = self._session.tick()
        self._frames += 1
        clock.catch_up(self._clock_s(), output.wait_s)
        self._hand_over(output, at_s=due_s)
        if any(event.name == "episode_ended" for event in output.events):
            self._hand_over(Output(events=[self._clock_event()]), at_s=due_s)
            if not output.finished:
                self._tell("between")
        elif self._clock_s() - self._told_s >= 1.0:
            self._tell("playing")
        return output

    def _clock_event(self) -> Event:
        world = self._session.world
        lateness = self._clock.take_lateness().to_dict()
        return Event("frame_clock", {"match_id": self._config.match_id, "episode": world.episode, **lateness})

    def _show_the_end(self) -> None:
        ends_s = self._clock_s() + SHOWN_AT_END_S
        while self._pages.is_pressing() and self._clock_s() < ends_s:
            self._listen(self._clock_s() + 0.01)
        self._listen(0.0)
        self._pages.finish()
        self._pages.close()

    # ------------------------------------------------------------------ what the server says

    def _listen(self, until_s: float) -> bool:
        """Take all that has been said; wait for more until then. False: the match is stopped."""
        while not self._stopped:
            left_s = until_s - self._clock_s()
            now_s = self._clock_s()
            if now_s - self._alive_s >= ALIVE_S:
                self._alive_s = now_s
                self._say(wire.Alive(late_frames=self._clock.late_frames))
            try:
                message = self._heard.get(block=left_s > 0, timeout=min(max(left_s, 0.0), ALIVE_S))
            except queue.Empty:
                if left_s <= 0:
                    return True
            else:
                self._take(message)
        return False

    def _take(self, message: Heard) -> None:
        session, pages = self._session, self._pages
        match message:
            case wire.Keys():
                session.take_keys(
                    message.agent, message.n, list(message.held), list(message.pressed), hidden=message.hidden
                )
            case wire.Seen():
                pages.seen(message.agent, message.n)
            case wire.Watch():
                pages.watch(message.watcher, message.agent)
            case wire.WatchSeen():
                pages.watcher_seen(message.watcher, message.n)
            case wire.Unwatch():
                pages.unwatch(message.watcher)
            case wire.Attach():
                session.new_page(message.agent)
                pages.attach(message.agent, message.life)
            case wire.Detach():
                pages.detach(message.agent)
            case Pressed():
                pages.take(message)
            case wire.Tell():
                self._take_word(message)
            case wire.Stop():
                self._stopped = True
            case wire.Start() | wire.Look():
                pass  # the first message, and what is asked of a match that is over

    def _take_word(self, message: wire.Tell) -> None:
        match message.what:
            case "begin":
                self._begun = True
            case "pause":
                self._paused = True
            case "go_on":
                self._paused = False
            case "away":
                self._session.away(message.agent)
            case "back":
                self._session.back(message.agent)
            case "drop":
                self._session.drop(message.agent)

    # ------------------------------------------------------------------ what the server hears

    def _hand_over(self, output: Output, *, at_s: float) -> None:
        if output.events:
            self._say(wire.Chunk(stream="event", meta={}, body=self._lines(output.events)))
        for chunk in output.chunks:
            self._say(wire.Chunk(stream="frames", meta=chunk.meta, body=chunk.body))
        newest = output.views[-len(self._config.players) :]
        if newest:
            keys_n = {agent: self._session.keys_taken(agent) for agent in self._config.players}
            for earlier in range(0, len(output.views) - len(newest), len(newest)):
                # Persistent objects are sent once: those of pictures that nobody sees are needed all the same.
                self._pages.show(output.views[earlier : earlier + len(newest)], at_ms=self._ms(at_s), keys_n=keys_n)
            self._pages.show(newest, at_ms=self._ms(at_s), keys_n=keys_n, about=self._about())
        for figures in output.policy_figures:
            self._say(measured(figures))
        if output.mug_globals is not None:
            self._globals = output.mug_globals
            if self._stage:  # "ready" tells them with the rest
                self._say(self._changed(self._stage))

    def _about(self) -> Callable[[], bytes]:
        """What a watcher reads beside this frame's picture; made only when somebody watches."""
        session, row, totals = self._session, self._session.last_row, dict(self._session.world.rewards)
        return lambda: json.dumps(
            {
                "agents": agents_now(session.config, session.agents, row, totals),
                "viewers": viewers(session.config, session.world),
            }
        ).encode()

    def _lines(self, events: list[Event]) -> bytes:
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        stamp = {"at": at, "at_ms": round(self._ms(self._clock_s()), 1)}
        rows = [json.dumps(json_value({"name": event.name, **stamp, **event.data})) for event in events]
        return ("\n".join(rows) + "\n").encode()

    def _ms(self, at_s: float) -> float:
        return 1000.0 * (at_s - self._born_s)

    def _tell(self, stage: str, *, ready: bool = False) -> None:
        self._stage = stage
        self._say(self._changed(stage, ready=ready))
        self._told_s, self._told_frames = self._clock_s(), self._frames

    def _changed(self, stage: str, *, ready: bool = False) -> wire.Changed:
        world, session = self._session.world, self._session
        passed_s = self._clock_s() - self._told_s
        if self._stage == "playing" and passed_s >= 0.2:
            self._hz = round((self._frames - self._told_frames) / passed_s, 1)
        mug_globals, self._globals = self._globals, None
        return wire.Changed(
            stage=stage,
            episode=max(0, world.episode),
            frame=world.next_frame,
            hz=self._hz if stage == "playing" else 0.0,
            agents=session.agents if ready else (),
            asset_specs=tuple(json_value(session.asset_specs())) if ready else (),
            mug_globals=mug_globals,
            late_frames=self._clock.late_frames,
        )
