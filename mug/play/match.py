"""One player's side of a game of several people: the rollback core's requests carried out in a world.

The core (`mug.play.rollback`) says what to save, restore and step; this session does it, records what is confirmed,
and gives the page pictures, packets and figures. It calls no page, no clock of its own but for measuring, and no
network: `tick` is one frame time, `poll` whatever else happens between two of them. One caller owns it; calls never
overlap.

A frame's row is recorded once the frame is confirmed and its rollback has run. An episode's end is a guess, too, until
its frame is confirmed; then the players compare the state's and the rows' hashes, and go on together.
"""

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from mug.play.config import GameConfig
from mug.play.determinism import Entropy
from mug.play.errors import EnvironmentFailedError, IrreproducibleError, PlayError
from mug.play.match_calibration import Calibration
from mug.play.match_globals import MatchGlobals
from mug.play.match_identity import match_identity
from mug.play.match_inputs import InputCodec, LocalPerson
from mug.play.match_interpreter import OwnInterpreter
from mug.play.match_return import WayBack, is_returning
from mug.play.match_telemetry import MatchTelemetry, PeerFigures, Tick, peer_status
from mug.play.match_world import WARM_FRAMES, MatchWorld
from mug.play.output import Event, Output, begun_episode, finished_episode, json_text, told, world_view
from mug.play.recorder import RecordedChunk
from mug.play.replay import Tail
from mug.play.rollback.config import RollbackConfig
from mug.play.rollback.core import Rollback
from mug.play.rollback.requests import Advance
from mug.play.rollback.requests import Event as CoreEvent
from mug.play.transports import ChaosSender, Incoming
from mug.play.world import World

__all__ = ["MatchSession"]

LIVE_EVERY_MS: Final = 100.0
LINGER_MS: Final = 3000.0
"""After the last word a player stays so long at most, for partners who have not heard it yet."""

REBUILD_S: Final = 0.04
"""So long one call steps frames on the way back into a match; then packets and the page have their turn."""

_ENDINGS: Final = {"end": "partner_left", "void": "void"}
_STANDS_WHEN_HELD: Final = frozenset(("countdown", "playing", "stalled", "between"))
_UNTOLD: Final = frozenset(("stalled", "unstalled"))
"""Events between the players that come many times a second, and are told as figures."""


class MatchSession:
    """Plays one visit of a game scene with several people, for one of them.

    Args:
        config: The game; without a match (`match_id` empty) `open` only warms up, and measures.
        root: The study's folder (``/study`` in the browser).
        entropy: Clocks and chance of a step; None: CPython's.
        identity: What all players must have alike; None: `match_identity`.
        calibration: What an earlier session measured on this machine.
        clock: Seconds, for measuring only.

    Raises:
        EnvironmentFailedError: From every method that runs study code.
        PlayError: When the settings do not fit the environment, or its state cannot be saved.
    """

    def __init__(
        self,
        config: GameConfig,
        *,
        root: Path,
        entropy: Entropy | None = None,
        identity: Mapping[str, str] | None = None,
        calibration: Calibration | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.config = config
        self.mug_globals = MatchGlobals(config.mug_globals)
        self.calibration = calibration or Calibration()
        self._clock = clock
        self._identity = identity
        self._sent_globals = json_text(self.mug_globals)
        self._interpreter = OwnInterpreter()
        self._root = root
        self._entropy = entropy
        with self._interpreter():
            self._game = self._new_world()
        self._asset_specs: list[dict[str, Any]] = []
        self._codec = InputCodec(config.action_mapping)
        self._person = LocalPerson(config)
        self._core: Rollback | None = None
        self._local = 0
        self._sender = ChaosSender(None, 0, 0, 0)
        self._peers: dict[int, PeerFigures] = {}
        self._telemetry = MatchTelemetry(config.match_id, "")
        self._verdicts: list[tuple[list[int], str]] = []
        self._begun_data: dict[str, Any] = {}
        self._reset_hash = ""
        self._raise: EnvironmentFailedError | None = None
        self._last_state = ""
        self._way_back: WayBack | None = None
        self._on_the_way = False  # frames that are stepped now are those of a page that comes back, and nobody's yet
        self._going_on = False
        self._pending_returns: list[tuple[int, int]] = []
        self._told_end = False
        self._offered = False
        self._began_epoch = -1
        self._episode_rollbacks = 0
        self._budget_told = False
        self._now_ms = 0.0
        self._go_ms = 0.0
        self._moved_ms = 0.0
        self._last_tick_ms: float | None = None
        self._stalled = False
        self._waiting_input = False
        self._held = False  # by the experimenter
        self._last_live = ("", -math.inf)
        self._ending = "partner_left"
        self._outcome: str | None = None
        self._reason = ""
        self._over_since_ms = 0.0
        self._finished = False
        self._closed = False

    @property
    def world(self) -> World:
        """The environment as it stands; its newest frames may be guesses."""
        return self._game.world

    @property
    def agents(self) -> tuple[str, ...]:
        """All agents of the environment."""
        return self._game.world.agents

    @property
    def core(self) -> Rollback | None:
        """The rollback core, from the first call of `tick` or `poll` on."""
        return self._core

    @property
    def stage(self) -> str:
        """connecting, countdown, playing, stalled, paused, between, over."""
        stage = self._stage_of_game()
        return "paused" if self._held and stage in _STANDS_WHEN_HELD else stage

    def _stage_of_game(self) -> str:
        core = self._core
        if self._outcome is not None:
            return "over"
        if core is None or core.stage in ("connecting", "returning", "ready"):
            return "connecting"
        if core.stage in ("paused", "over"):
            return core.stage
        if core.stage == "playing" and self._began_epoch == core.epoch:
            if self._now_ms < self._go_ms:
                return "countdown" if core.epoch == 0 or self._going_on else "between"
            if self.world.ended is None:
                return "stalled" if self._stalled else "playing"
        return "connecting" if core.epoch == 0 and self._began_epoch < 0 else "between"

    def asset_specs(self) -> list[dict[str, Any]]:
        """Return the images and atlases that the environment's surface has registered."""
        return self._asset_specs

    def open(self, stored: Sequence[bytes] = (), tail: Tail | None = None) -> Output:
        """Reset the first episode; without a match, warm the interpreter up, measure, and throw the world away.

        A page that comes back (`GameConfig.returns`) gets what is stored of the match; it steps it again as soon as the
        others have said how far they are.

        Raises:
            IrreproducibleError: What is stored is damaged.
            PlayError: When something of the match is stored already, but this page does not come back.
        """
        returning = bool(self.config.match_id) and is_returning(self.config)
        if self.config.match_id and stored and not returning:
            raise PlayError("frames of a match are there, but its page is said not to come back")
        output = Output()
        with self._interpreter():
            if self.config.match_id:
                self._local = self.config.players.index(self.config.human_agents[0])
                self._enter_match()
                if returning:
                    self._way_back, self._on_the_way = WayBack(self.config, stored), True
                self._begin_episode(max(self._way_back.episode, 0) if self._way_back is not None else 0, output)
            else:
                self._game.warm_up()
            self._asset_specs = self.world.asset_specs()
        if not self.config.match_id:
            self.close()
        output.stage = self.stage
        return output

    def start(self) -> Output:
        """The person wants to play; ticks and polls follow."""
        return Output(stage=self.stage)

    def keys(self, held: Iterable[str], pressed: Iterable[str]) -> None:
        """Take the keys as they are now, and the presses since the last call."""
        self._person.update(held, pressed)

    def change_globals(self, values: Mapping[str, Any], removed: Sequence[str] = ()) -> None:
        """A page changed the participant's dict: a match keeps the values that it was formed with."""

    def note(self, note: Mapping[str, Any]) -> None:
        """Take what the page knows: a path, a hidden or held page, a verdict (`MatchNote` in the worker's messages)."""
        kind = note.get("kind")
        if kind == "path":
            peer = self._peers.get(int(note["player"]))
            if peer is not None:
                peer.path, peer.pair = str(note["path"]), str(note.get("pair") or "")
                if self._core is not None:
                    self._core.set_path(int(note["player"]), peer.path)
        elif kind == "hidden":
            self._person.hidden = bool(note["hidden"])
        elif kind == "held":
            self._hold(bool(note["held"]))
        elif kind == "verdict":
            self._verdicts.append(([int(player) for player in note["dropped"]], str(note["policy"])))
        elif kind == "returning":
            self._pending_returns.append((int(note["player"]), int(note["returns"])))

    def _hold(self, held: bool) -> None:
        """Make no frame from now on, or go on: the partners' packets are answered meanwhile, and no time passes."""
        if held == self._held:
            return
        self._held = held
        self._last_tick_ms, self._moved_ms = None, self._now_ms
        self._person.forget_presses()

    def tick(self, now_ms: float, packets: Iterable[Incoming] = ()) -> Output:
        """One frame time has passed: step a frame, if the match allows it.

        Args:
            now_ms: Our clock; it never goes back.
            packets: The partners' packets since the last call.
        """
        return self._run(now_ms, packets, frame=True)

    def poll(self, now_ms: float, packets: Iterable[Incoming] = ()) -> Output:
        """Take packets, answer them, go back where a guess was wrong; no new frame."""
        return self._run(now_ms, packets, frame=False)

    def flush(self) -> Output:
        """Cut the confirmed rows that are not cut yet: the page stops, and no confirmed row may be lost."""
        output = Output(stage=self.stage)
        if self._game.rows is not None and not self._on_the_way:
            self._keep(self._game.rows.finish(), output)
        if self._core is not None:
            if not self._finished:
                output.rows += self._telemetry.last_rows(
                    max(self.world.episode, 0), self.world.next_frame, list(self._peers.values())
                )
            self._core.close("left")
            self._core.poll(self._now_ms)
            self._send(self._core, output)
        self._add_figures(output)
        return output

    def close(self) -> None:
        """Close the environment and leave a clean interpreter."""
        if not self._closed:
            self._closed = True
            with self._interpreter():
                self._game.close()

    # ------------------------------------------------------------------ one call

    def _run(self, now_ms: float, packets: Iterable[Incoming], *, frame: bool) -> Output:
        if self._raise is not None:
            error, self._raise = self._raise, None
            raise error
        output = Output()
        if self._held:
            self._stand_still(now_ms)
        self._now_ms = now_ms
        if self._closed or not self.config.match_id:
            output.stage = self.stage
            return output
        with self._interpreter():
            try:
                self._work(now_ms, packets, frame, output)
            except EnvironmentFailedError as error:
                if not output.chunks:
                    raise
                self._raise = error  # what was recorded goes first
        output.stage = self.stage
        return output

    def _stand_still(self, now_ms: float) -> None:
        """A countdown stops while the page is held, and a stand-still is nobody's."""
        if self._go_ms > self._now_ms:
            self._go_ms += now_ms - self._now_ms
        self._moved_ms = now_ms

    def _work(self, now_ms: float, packets: Iterable[Incoming], frame: bool, output: Output) -> None:
        core = self._require_core(now_ms)
        for player, returns in self._pending_returns:
            core.returning(player, returns)
        self._pending_returns.clear()
        self._take_packets(core, packets)
        if self._finished:
            core.poll(now_ms)
            self._send(core, output)
            return
        self._take_verdicts(core, output)
        began = self._clock()
        figures = core.figures
        rollbacks, depth, steps = figures.rollbacks, figures.depth_sum, figures.resimulated
        stepping = frame and self._may_step(core, now_ms)
        if stepping:
            if self._last_tick_ms is None and core.frame == 0:
                self._person.forget_presses()  # made while the first picture stood still
            requests = core.tick(self._codec.write(self._person.peek()), now_ms)
        else:
            requests = core.poll(now_ms)
        advance = next((r for r in reversed(requests) if isinstance(r, Advance)), None)
        fresh = advance is not None and not advance.again
        if self._input_taken(core, stepping, fresh):
            self._person.next_frame()
        depth = figures.depth_sum - depth
        if figures.rollbacks > rollbacks:
            self._telemetry.rollback(depth, figures.resimulated - steps, now_ms)
        place = (self.world.episode, core.frame if advance is None or not fresh else advance.frame)
        corrected = self._game.execute(requests)
        if requests:
            core.executed(self._game.next_frame, self._game.ended)
        output.step_s = self._clock() - began
        if requests and self._outcome is None and not self._on_the_way:
            self._show(output, corrected=corrected)
        self._settle(core, now_ms, output)
        if core.rebuilding:
            self._rebuild(core, now_ms, output)
        if stepping:
            self._note_tick(core, now_ms, advance if fresh else None, place, depth, began)
        else:
            self._last_tick_ms, self._stalled = None, False
        self._tell(core, now_ms, output)

    def _take_packets(self, core: Rollback, packets: Iterable[Incoming]) -> None:
        for packet in packets:
            peer = self._peers.get(packet.player)
            if peer is not None:
                peer.bytes_received += len(packet.body)
                core.receive(packet.player, packet.channel, packet.body, packet.at_ms)

    def _take_verdicts(self, core: Rollback, output: Output) -> None:
        verdicts, self._verdicts = self._verdicts, []
        for dropped, policy in verdicts:
            if self._outcome is not None:
                return
            if self._local not in dropped:
                core.drop(dropped, policy)
                continue
            self._settle(core, self._now_ms, output)
            if self._outcome is None:
                core.close("dropped")
                self._stop(_ENDINGS.get(policy, "partner_left"), "dropped", output)

    def _may_step(self, core: Rollback, now_ms: float) -> bool:
        return (
            self._outcome is None
            and not self._held
            and core.stage == "playing"
            and self._began_epoch == core.epoch
            and now_ms >= self._go_ms
            # Nobody can go on without our input for longer than the window: the game pauses for all.
            and not (self._person.hidden and self.config.pause_on_partner_background)
        )

    def _input_taken(self, core: Rollback, stepping: bool, fresh: bool) -> bool:
        """Whether the core has used what the person gave; in lockstep it does so before the frame can be stepped."""
        if core.window > 0 or not stepping:
            return fresh
        waited, self._waiting_input = self._waiting_input, not fresh
        return not waited

    # ------------------------------------------------------------------ the beginning

    def _enter_match(self) -> None:
        config = self.config
        own = config.human_agents[0]
        players = len(config.players)
        self._sender = ChaosSender(config.network_conditions.get(own), config.match_seed, self._local, players)
        self._telemetry = MatchTelemetry(config.match_id, own)
        self._peers = {
            number: PeerFigures(agent=agent) for number, agent in enumerate(config.players) if number != self._local
        }

    def _new_world(self) -> MatchWorld:
        return MatchWorld(
            self.config,
            root=self._root,
            mug_globals=self.mug_globals,
            entropy=self._entropy,
            calibration=self.calibration,
            clock=self._clock,
        )

    def _require_core(self, now_ms: float) -> Rollback:
        if self._core is None:
            config = self.config
            identity = self._identity if self._identity is not None else match_identity(config, self._game.level)
            self._core = Rollback(
                RollbackConfig(
                    match_id=config.match_id,
                    players=config.players,
                    local=self._local,
                    fps=config.fps,
                    default_input=self._codec.default,
                    # A keystroke acts once: nobody presses it again and again. A held key is held on.
                    repeats=config.input_mode != "single_keystroke",
                    input_delay=config.input_delay,
                    window=config.window,
                    snapshot_interval=config.snapshot_interval,
                    identity=dict(identity),
                    calibration=self.calibration.figures(),
                    returns=tuple(config.returns.get(agent, 0) for agent in config.players),
                    gone=tuple(n for n, agent in enumerate(config.players) if agent in config.dropped),
                ),
                now_ms,
            )
            if self._way_back is not None:
                self._way_back.remember(self._core, self._codec, self.world.agent_env.fit)
            for number, peer in self._peers.items():
                if peer.path:
                    self._core.set_path(number, peer.path)
        return self._core

    def _begin_episode(self, episode: int, output: Output) -> None:
        picture = self._game.begin_episode(episode)
        self._enter_episode()
        output.views.append(world_view(self.world, picture))
        self._add_globals(output)

    def _enter_episode(self) -> None:
        """The world was just reset."""
        self._person.forget_presses()
        self._told_end = False
        self._begun_data = begun_episode(self.world, self.config.match_id, self._game.seed)
        self._reset_hash = self._game.reset_hash
        self._episode_rollbacks = self._telemetry.rollbacks

    # ------------------------------------------------------------------ the way back

    def _come_back(self, core: Rollback, way_back: WayBack, episode: int, output: Output) -> None:
        """The others have said where they are: begin that episode again, as they did."""

        def fresh() -> MatchWorld:
            self._game.close()
            self._game = self._new_world()
            return self._game

        way_back.withheld.clear()
        try:
            stepped = way_back.reset_again(self._game, episode, core.return_resets, fresh)
        except IrreproducibleError as error:
            core.fail_to_return(str(error))
            return
        self.world.earlier_rewards.clear()
        for earlier in range(episode):
            self.world.carry_over(way_back.rewards(earlier))
        if stepped:
            self._asset_specs = self.world.asset_specs()
        self._enter_episode()
        if self._game.first_picture is not None:
            output.views.append(world_view(self.world, self._game.first_picture))
        self._began_epoch, self._offered = episode, True
        core.rebuild(self._reset_hash)

    def _rebuild(self, core: Rollback, now_ms: float, output: Output) -> None:
        """Step more of the frames on the way back; they are shown, and sent, only when the game goes on."""
        until = self._clock() + REBUILD_S
        while core.rebuilding and self._clock() < until and self._outcome is None:
            requests = core.poll(now_ms)
            if requests:
                self._game.execute(requests)
                core.executed(self._game.next_frame, self._game.ended)
            self._settle(core, now_ms, output)
        if core.rebuilding:
            output.wait_s = 0.001
        elif self._outcome is None:
            self._show(output, corrected=False)

    def _keep(self, chunks: Sequence[RecordedChunk], output: Output) -> None:
        """Hand chunks over, but for those that the records have of us; those made on the way back wait for its end."""
        way_back = self._way_back
        for chunk in chunks:
            if way_back is not None:
                way_back.check(chunk)
            if chunk.meta["last"] < self.config.sent.get(str(chunk.meta["episode"]), 0):
                continue
            if way_back is not None and self._on_the_way:
                way_back.withheld.append(chunk)
            else:
                output.chunks.append(chunk)

    def _goes_on(self, core: Rollback, data: Mapping[str, Any], output: Output) -> None:
        """Somebody has come back, perhaps we: soon everybody plays on from the same frame."""
        self._go_ms = self._moved_ms = self._now_ms + self.config.countdown_ms
        self._last_tick_ms, self._going_on = None, True
        self._person.forget_presses()
        if data["player"] != self._local:
            return
        output.events.append(Event("episode_started", {**self._begun_data, "again": True}))
        place = {"match_id": self.config.match_id, "episode": data["episode"], "frame": data["frame"]}
        output.events.append(Event("episode_resumed", place))

    # ------------------------------------------------------------------ what is certain

    def _settle(self, core: Rollback, now_ms: float, output: Output) -> None:
        """Record what is confirmed, take the core's events, and go on to the next stage when it is time."""
        if self._way_back is not None and core.return_epoch is not None:
            self._come_back(core, self._way_back, core.return_epoch, output)
        try:
            self._confirm(core, output)
        except IrreproducibleError as error:
            core.fail_to_return(str(error))
        if self._way_back is not None and self._on_the_way and core.stage not in ("connecting", "returning", "over"):
            self._on_the_way = False
            output.chunks += self._way_back.withheld
            self._way_back.withheld.clear()
        for event in core.take_events():
            self._take_event(core, event, output)
        if self._outcome is not None:
            return
        if core.stage == "over":
            self._stop(self._ending, self._reason, output)
        elif core.stage == "ready" and core.epoch < 0:
            if self._offered:  # on a way back that led to a match that nobody has begun
                self._begin_episode(0, output)
                self._began_epoch = -1
            self._offered = True
            core.begin_episode(0, self._reset_hash)
        elif core.stage == "playing" and self._began_epoch < core.epoch:
            self._began_epoch, self._going_on = core.epoch, False
            wait_ms = self.config.countdown_ms if core.epoch == 0 else 1000.0 * self.config.reset_freeze_s
            self._go_ms = self._moved_ms = now_ms + wait_ms
            self._last_tick_ms = None
            output.events.append(Event("episode_started", self._begun_data))
        elif core.stage == "playing" and not self._budget_told and self.calibration.steps >= WARM_FRAMES:
            self._budget_told = True
            figures = self.calibration.warning(core.window, self.config.snapshot_interval, self.config.fps)
            if figures is not None:
                output.events.append(Event("tick_budget", {"match_id": self.config.match_id, **figures}))

    def _confirm(self, core: Rollback, output: Output) -> None:
        rows = self._game.rows
        if rows is None or self._began_epoch != core.epoch or self.world.episode != core.epoch:
            return
        last = core.confirmed
        chunks, checks = rows.confirm(last, ended=self.world.ended is not None)
        self._keep(chunks, output)
        for check in checks:
            self._last_state = check.value
            core.checked(check.frame, check.value)
        if self._game.failure is not None and last >= self._game.failure[0]:
            raise self._game.failure[1]
        over = self.world.ended is not None and rows.next_confirmed == self.world.next_frame
        if over and not self._told_end:
            self._told_end = True
            self._keep(rows.finish(), output)
            core.episode_over(self.world.next_frame - 1, self._last_state, rows.recorder.chain_hash)

    def _take_event(self, core: Rollback, event: CoreEvent, output: Output) -> None:
        data = {"match_id": self.config.match_id, "episode": core.epoch, "frame": core.confirmed + 1, **event.data}
        number = data.get("player")
        if isinstance(number, int):
            data["agent"] = self.config.players[number]
        if event.name == "agreed":
            players = self.config.players
            data["snapshot_level"] = self._game.level
            data["rtt_ms"] = {players[p]: round(ms, 2) for p, ms in data["rtt_ms"].items()}
            calibrations = {players[p]: figures for p, figures in data["calibration"].items()}
            data["calibration"] = {**calibrations, players[self._local]: self.calibration.figures()}
        if event.name not in _UNTOLD:
            output.peers.append(Event(event.name, data))
        if event.name == "episode_agreed":
            self._episode_agreed(core, bool(data["equal"]), output)
        elif event.name == "refused":
            self._ending, self._reason = "refused", str(data["reason"])
        elif event.name == "returned":
            self._goes_on(core, data, output)
        elif event.name == "not_reproduced":
            self._ending, self._reason = "partner_left", str(data["reason"])
            self._game.rows = None
        elif event.name == "dropped" and data["policy"] in _ENDINGS:
            self._ending, self._reason = _ENDINGS[data["policy"]], f"{data['agent']} left"

    def _episode_agreed(self, core: Rollback, equal: bool, output: Output) -> None:
        self._confirm(core, output)
        self._end_episode(core, "agreed" if equal else "differs", output, cut="" if self._told_end else "desync")
        episode = self.world.episode
        if episode + 1 >= self.config.num_episodes:
            core.close("completed")
            self._stop("completed", "", output)
        elif core.stage != "over":
            self._begin_episode(episode + 1, output)
            core.begin_episode(episode + 1, self._reset_hash)

    def _end_episode(self, core: Rollback, agreement: str, output: Output, *, cut: str = "") -> None:
        """Tell of an episode that is over: by its own end, or because the match is (`cut`)."""
        world, rows = self.world, self._game.rows
        assert rows is not None
        self._keep(rows.finish(), output)
        world.carry_over(rows.rewards)
        data = finished_episode(world, self.config.match_id, rows.recorder.chain_hash)
        if cut:
            data |= {
                "frames": rows.next_confirmed,
                "end": cut,
                "final_observations": told(rows.observations),
                "rewards": dict(rows.rewards),
            }
        data |= {
            "agreement": agreement,
            "compared": core.figures.compared,
            "desyncs": core.figures.desyncs,
            "input_delay": core.input_delay,
            "window": core.window,
            "snapshot_level": self._game.level,
            "rollbacks": self._telemetry.rollbacks - self._episode_rollbacks,
            "calibration": self.calibration.figures(),
        }
        output.events.append(Event("episode_ended", data))
        self._game.rows = None
        output.rows += self._telemetry.last_rows(world.episode, rows.next_confirmed, list(self._peers.values()))

    def _stop(self, outcome: str, reason: str, output: Output) -> None:
        """The match is over for us; what is confirmed is cut."""
        core = self._core
        assert core is not None
        if self._on_the_way:
            self._game.rows = None
        if self._game.rows is not None:
            self._confirm(core, output)
            if self._began_epoch == self.world.episode:
                self._end_episode(core, "unknown", output, cut="" if self._told_end else outcome)
            self._game.rows = None
        self._outcome, self._reason = outcome, reason
        self._over_since_ms = self._now_ms

    # ------------------------------------------------------------------ what the page is told

    def _show(self, output: Output, *, corrected: bool) -> None:
        """Draw the world; when that fails, what was recorded goes first."""
        if self._game.failure is not None:
            return
        began = self._clock()
        try:
            output.views.append(world_view(self.world, self._game.picture(), corrected=corrected))
        except EnvironmentFailedError as error:
            self._raise = error
        output.render_s = self._clock() - began

    def _note_tick(
        self,
        core: Rollback,
        now_ms: float,
        fresh: Advance | None,
        place: tuple[int, int],
        depth: int,
        began: float,
    ) -> None:
        interval_ms = 1000.0 / self.config.fps if self._last_tick_ms is None else now_ms - self._last_tick_ms
        self._last_tick_ms = now_ms
        self._stalled = fresh is None
        if fresh is not None:
            self._moved_ms = now_ms
        episode, frame = place
        self._telemetry.tick(
            Tick(
                at_ms=now_ms,
                episode=episode,
                frame=frame,
                stalled=fresh is None,
                predicted=fresh is not None and any(fresh.predicted),
                depth=depth,
                tick_ms=1000.0 * (self._clock() - began),
                interval_ms=interval_ms,
                confirm_lag=max(frame - core.confirmed, 0) if episode == core.epoch else 0,
            )
        )

    def _add_figures(self, output: Output) -> None:
        if self.world.episode >= 0:
            output.policy_figures = [figures.to_dict() for figures in self._game.actors.figures()]

    def _tell(self, core: Rollback, now_ms: float, output: Output) -> None:
        self._send(core, output)
        output.events += [Event("policy_slow", data) for data in self._game.actors.take_slow()]
        output.speed = core.speed
        players = core.figures.players
        for number, peer in self._peers.items():
            figures = players.get(number)
            if figures is not None:
                peer.rtt_ms, peer.jitter_ms, peer.loss = figures.rtt_ms, figures.jitter_ms, figures.loss
                peer.silent_ms = figures.silent_ms
        if self._outcome is None:
            output.rows += self._telemetry.rows(
                now_ms, max(self.world.episode, 0), self.world.next_frame, list(self._peers.values())
            )
        if self.stage in ("countdown", "between"):
            output.wait_s = max(self._go_ms - now_ms, 0.0) / 1000.0
        self._finish_when_heard(core, now_ms, output)
        self._add_live(core, now_ms, output)
        self._add_globals(output)

    def _send(self, core: Rollback, output: Output) -> None:
        sends = core.take_sends()
        for send in sends:
            self._peers[send.player].bytes_sent += len(send.body)
        output.packets += self._sender.outgoing(sends, self._now_ms)

    def _finish_when_heard(self, core: Rollback, now_ms: float, output: Output) -> None:
        """Stay a little after the last word: the partners may not have heard it."""
        if self._outcome is None or (core.unheard > 0 and now_ms - self._over_since_ms < LINGER_MS):
            return
        self._finished = True
        output.finished, output.outcome, output.reason = True, self._outcome, self._reason
        self._add_figures(output)

    def _add_live(self, core: Rollback, now_ms: float, output: Output) -> None:
        stage = self.stage
        coarse = "playing" if stage == "stalled" else stage
        told_stage, told_ms = self._last_live
        if coarse == told_stage and now_ms - told_ms < LIVE_EVERY_MS and not output.finished:
            return
        self._last_live = (coarse, now_ms)
        waits = stage in ("stalled", "paused", "between")
        notify_ms = core.config.notify_ms
        output.live = {
            "match_id": self.config.match_id,
            "stage": stage,
            "episode": max(self.world.episode, 0),
            "frame": self.world.next_frame,
            "confirmed": core.confirmed,
            "input_delay": core.input_delay,
            "window": core.window,
            **self._telemetry.last_second(now_ms),
            "compared": core.figures.compared,
            "desyncs": core.figures.desyncs,
            "peers": [peer_status(peer) for peer in self._peers.values()],
            "countdownMs": max(self._go_ms - now_ms, 0.0) if stage == "countdown" else 0.0,
            "waitingMs": max(now_ms - self._moved_ms, 0.0) if waits else 0.0,
            "returning": core.away,
            "held": self._held,
            "silent": [
                {"player": number, "ms": round(self._peers[number].silent_ms, 1)}
                for number in core.partners
                if self._peers[number].silent_ms >= notify_ms
            ],
        }

    def _add_globals(self, output: Output) -> None:
        if not self.mug_globals and self._sent_globals == "{}":
            return
        text = json_text(self.mug_globals)
        if text != self._sent_globals:
            self._sent_globals = text
            output.mug_globals = self.mug_globals.plain()
