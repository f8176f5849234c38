"""The rollback core: packets and frame times go in, ordered requests to save, load and step come out.

It follows GGPO and GGRS (input queues, prediction, a window of predicted frames, saved states), with fixed check
frames, confirmed ends of episodes, and one agreed cut for who is lost. It never calls the environment, a clock or the
network, and bytes from outside never raise: what cannot be used is counted and dropped.
"""

from collections.abc import Sequence
from typing import Any, Final

from mug.play.rollback.agreement import Agreement, Ending
from mug.play.rollback.comeback import Comeback
from mug.play.rollback.config import MAX_DELAY, RollbackConfig
from mug.play.rollback.control import ControlOverflowError
from mug.play.rollback.cut import Claim, CutRound, agreed_cut
from mug.play.rollback.figures import Figures, PlayerFigures
from mug.play.rollback.handshake import PINGS, Handshake
from mug.play.rollback.inputs import NEVER, InputQueue
from mug.play.rollback.messages import MessageError, decode_message, encode_message
from mug.play.rollback.outbox import Outbox
from mug.play.rollback.pace import Pace
from mug.play.rollback.packets import (
    MAX_INPUT_BYTES,
    MAX_INPUTS,
    Control,
    Inputs,
    PacketError,
    Ping,
    decode,
    magic_of,
)
from mug.play.rollback.peer import Peer
from mug.play.rollback.requests import Event, Request, Send, Stage
from mug.play.rollback.returning import Returning
from mug.play.rollback.timeline import Timeline

__all__ = ["LINGER_MS", "Rollback"]

LINGER_MS: Final = 5000.0
"""After the end, a peer still answers for so long: the others may not have heard its last words."""
MAX_LINGER_MS: Final = 60_000.0
"""The same while somebody has not acknowledged them."""
_MAX_AHEAD: Final = 256
"""Inputs further beyond our own frame than any window allows are refused: the queue stays bounded."""
_MAX_START_WAIT_MS: Final = 500.0
_MAX_HELD_BACK: Final = 256
"""Messages that wait until a page that comes back knows the episode."""


class Rollback(Returning):
    """One peer's side of a match.

    The session hands packets to `receive` as they come, calls `tick` once a frame time while the stage is "playing"
    and `poll` at any other time, executes the requests in their order, tells `executed`, and sends what `take_sends`
    gives. After the end ("over") it goes on polling for `LINGER_MS`, so that the others get what they lack.

    Args:
        config: The match.
        now_ms: The peer's clock; any origin, never going back.

    Attributes:
        config: The match.
        epoch: The episode; -1 before the first.
        input_delay: Frames between an input and its effect; 0 until agreed.
        window: Frames that may be predicted.
        check_interval: Frames between those whose state is compared.
    """

    def __init__(self, config: RollbackConfig, now_ms: float) -> None:
        self.config = config
        self.epoch = -1
        self.input_delay = 0
        self.window = config.window_frames
        self.check_interval = config.check_interval or config.fps
        self._players = len(config.players)
        self._local = config.local
        self._peers = {p: self._new_peer(p, config.returns_of(p)) for p in range(self._players) if p != config.local}
        for player in config.gone:
            self._peers[player].live = False
        self._live = [peer for peer in self._peers.values() if peer.live]
        self._base: Stage = "connecting"
        self._now_ms = now_ms
        self._tick_ms = now_ms
        self._handshake = Handshake(config)
        self._timeline: Timeline | None = None
        self._agreement = Agreement(-1)
        self._agreements = {0: Agreement(0)}
        self._ready_ms = now_ms
        self._cuts = CutRound(config.gone)
        self._comeback = Comeback(config) if config.returns_of(config.local) else None
        self._held_back: list[tuple[Peer, dict[str, Any]]] = []
        self._policy = ""
        self._final = NEVER
        self._over_ms: float | None = None
        self._figures = Figures()
        self._events: list[Event] = []
        self._pace = Pace(self._figures, self._events, self.window)
        self._outbox = Outbox(config)
        self._told_errors: set[tuple[int, str]] = set()
        for peer in self._live:
            self._say(peer, "hello", **self._handshake.hello())

    @property
    def stage(self) -> Stage:
        """Where the match is."""
        base = self._base
        if base in ("over", "connecting", "returning"):
            return base
        for peer in self._live:
            if peer.lost or peer.away:
                return "paused"
        if base == "playing" and self._timeline is not None and self._timeline.ended:
            return "ending"
        return base

    @property
    def frame(self) -> int:
        """The next frame to step."""
        return self._timeline.frame if self._timeline is not None else 0

    @property
    def confirmed(self) -> int:
        """The last confirmed frame whose rollback has run; -1: none."""
        return self._timeline.confirmed if self._timeline is not None else -1

    @property
    def speed(self) -> float:
        """Factor on the frame time until the next tick: 1.0 to 1.01."""
        return self._pace.speed

    @property
    def figures(self) -> Figures:
        """The counters, up to date."""
        for player, peer in self._peers.items():
            figures = self._figures.players.setdefault(player, PlayerFigures())
            figures.rtt_ms = peer.trips.mean_ms
            figures.jitter_ms = peer.trips.jitter_ms
            figures.loss = peer.window.loss
            figures.silent_ms = peer.silent_ms(self._now_ms)
            figures.advantage = peer.sync.advantage
            figures.path = peer.path
        return self._figures

    @property
    def partners(self) -> list[int]:
        """The other players who are in the match."""
        return [peer.player for peer in self._live]

    @property
    def unheard(self) -> int:
        """Messages that players in the match have not acknowledged: 0 once they heard all that we said."""
        return sum(len(peer.line) for peer in self._live)

    def sizes(self) -> dict[str, int]:
        """How much is kept: saved states, inputs of the longest queue, control messages, early packets."""
        peers = self._peers.values()
        timeline = self._timeline
        return {
            "saved": len(timeline.saved) if timeline is not None else 0,
            "queue": max(map(len, timeline.queues)) if timeline is not None else 0,
            "line": max(len(peer.line) + peer.line.early for peer in peers),
            "early": max(len(peer.early) for peer in peers),
        }

    # What comes in

    def receive(self, player: int, channel: int, body: bytes, at_ms: float) -> None:
        """Take a packet.

        Args:
            player: Whom it came from.
            channel: Where it came in; the packet itself says what it is.
            body: The packet.
            at_ms: When it came, on our clock.
        """
        peer = self._peers.get(player)
        if peer is None or not peer.live:
            self._figures.drop_packet("stranger" if peer is None else "dropped player")
            return
        try:
            packet = decode(bytes(body), peer.magic, player, self._players)
        except PacketError as error:
            self._figures.drop_packet(error.reason)
            if error.reason == "version":
                self._protocol_error(player, "the partner's program speaks another version of the packets")
            return
        if isinstance(packet, Control):
            self._events.extend(peer.hear(at_ms))
            self._receive_control(peer, packet)
            return
        problem = peer.window.add(packet.sequence)
        if problem:
            self._figures.drop_packet(problem)
            return
        self._events.extend(peer.hear(at_ms))
        if isinstance(packet, Inputs):
            self._receive_inputs(peer, packet, at_ms)
        elif isinstance(packet, Ping):
            peer.pongs.append((packet.ident, at_ms))
        elif not peer.trips.pong(packet.ident, packet.hold_us / 1000.0, at_ms):
            self._figures.drop_packet("unasked pong")

    def poll(self, now_ms: float) -> list[Request]:
        """Do what is due without a new frame: handshake, answers, repeats; a rollback that waits is returned."""
        requests: list[Request] = []
        self._progress(now_ms, requests)
        self._transmit(now_ms)
        return requests

    def tick(self, local: bytes, now_ms: float) -> list[Request]:
        """Let one frame time pass.

        Args:
            local: Our input, at most 4,096 bytes; it is dropped when the game waits.
            now_ms: The peer's clock.

        Raises:
            ValueError: The input is too long.
        """
        if len(local) > MAX_INPUT_BYTES:
            raise ValueError(f"an input has at most {MAX_INPUT_BYTES} bytes, not {len(local)}")
        requests: list[Request] = []
        self._progress(now_ms, requests)
        timeline = self._timeline
        if self.stage == "playing" and timeline is not None:
            self._figures.ticks += 1
            # In lockstep the others cannot go on before they have this input, nor we before we have theirs.
            fresh = self.window == 0 and self._take_local(timeline, local)
            if self._pace.skips():
                pass
            elif self._may_step(timeline):
                self._pace.unstall(now_ms)
                fresh = self._take_local(timeline, local) or fresh
                timeline.step(requests)
                self._tick_ms = now_ms
                self._pace.keep(timeline.stepped, self._live)
            else:
                self._pace.stall(now_ms)
            if fresh:
                for peer in self._live:
                    if peer.path and not peer.away:
                        self._outbox.inputs(peer, timeline, self.epoch, now_ms)
        self._transmit(now_ms)
        return requests

    def executed(self, frame: int, ended: bool) -> None:
        """Say what became of a list of requests.

        Args:
            frame: The next frame to step.
            ended: The world has ended with the frame before it; what the list held beyond was not done.

        Raises:
            ValueError: The frame is not among those asked for.
        """
        if self._timeline is None:
            raise ValueError("no episode has begun")
        self._timeline.executed(frame, ended)
        self._settle()

    def take_sends(self) -> list[Send]:
        """Return the packets to send, once."""
        return self._outbox.take()

    def take_events(self) -> list[Event]:
        """Return what happened, once."""
        events = list(self._events)
        self._events.clear()
        return events

    # What the session says

    def begin_episode(self, epoch: int, reset_hash: str) -> None:
        """Say that the world was reset; the game begins when everybody has said so.

        Args:
            epoch: The episode.
            reset_hash: Hash of the world after the reset.

        Raises:
            ValueError: This is not the next episode, or the last one is not agreed.
        """
        if self._base == "over":
            return
        if self._base != "ready" or epoch != self.epoch + 1:
            raise ValueError(f"episode {epoch} cannot begin in stage {self.stage!r} of episode {self.epoch}")
        config = self.config
        self.epoch = epoch
        self._base = "barrier"
        self._ready_ms = self._now_ms
        self._agreement = self._agreements[epoch]
        self._agreements = {epoch + 1: Agreement(epoch + 1)}
        queues = [
            InputQueue(config.default_input, repeats=config.repeats, delay=self.input_delay) for _ in config.players
        ]
        self._timeline = Timeline(queues, config.default_input, window=self.window, interval=config.snapshot_interval)
        for player in self._cuts.settled:
            self._timeline.cut(player, -1)
        self._pace.begin_episode()
        self._agreement.ready[self._local] = reset_hash
        for peer in self._live:
            peer.begin_episode(self.input_delay)
            self._say(peer, "ready", epoch=epoch, hash=reset_hash)
            early = list(peer.early)
            peer.early.clear()
            for packet, at_ms in early:
                self._receive_inputs(peer, packet, at_ms)
        for player, theirs in self._agreement.ready.items():
            if player != self._local:
                self._compare(player, -1, "reset", reset_hash, theirs)

    def checked(self, frame: int, value: str) -> None:
        """Give the hash of a confirmed frame's state, to be compared.

        Args:
            frame: A check frame (every `check_interval` frames), or the last one.
            value: The state's hash.
        """
        for player, theirs in self._agreement.check_ours(frame, value):
            self._compare(player, frame, "state", value, theirs)
        if self._comeback is not None and frame + 2 * self.check_interval < self._comeback.frame:
            return  # they compared this one with our page's earlier life
        for peer in self._live:
            self._say(peer, "hash", epoch=self.epoch, frame=frame, value=value)

    def episode_over(self, last_frame: int, state: str, rows: str) -> None:
        """Say how the episode ended, once its last frame is confirmed.

        Args:
            last_frame: The last frame.
            state: Hash of the state after it.
            rows: Chain hash of the episode's rows.
        """
        if self._local in self._agreement.endings:
            return
        self._agreement.endings[self._local] = Ending(last_frame, state, rows)
        for peer in self._live:
            self._say(peer, "over", epoch=self.epoch, frame=last_frame, state=state, rows=rows)
        self._settle_ending()

    def drop(self, players: Sequence[int], policy: str) -> None:
        """Take the server's verdict: these players are out.

        Args:
            players: Their numbers.
            policy: "end", "void": the match is over at the cut. "default_action", "policy": it goes on.
        """
        if self._base == "over":
            return
        if self._local in players:
            self._events.append(Event("dropped", {"player": self._local, "frame": self.confirmed + 1, **self._where()}))
            self._finish()
            return
        new = [p for p in players if p in self._peers and self._peers[p].live]
        if not new:
            return
        self._policy = policy
        for player in new:
            self._peers[player].live = False
        self._live = [peer for peer in self._peers.values() if peer.live]
        self._cuts.lost |= set(new)
        if self._comeback is not None and self._base in ("connecting", "returning"):
            self._lost_on_the_way(self._comeback, new)
            return
        frames = {}
        for player in sorted(self._cuts.lost):
            last = -1
            if self._timeline is not None:
                queues = self._timeline.queues
                last = queues[player].last
                if policy in ("end", "void"):
                    # Nobody makes a new input for a match that is over.
                    last = min(last, queues[self._local].last)
            frames[player] = last
        self._cuts.add(self._local, Claim(self.epoch, frames))
        for peer in self._live:
            self._say(peer, "claim", epoch=self.epoch, players=list(frames), frames=list(frames.values()))
        self._settle_cut()

    def set_path(self, player: int, path: str) -> None:
        """Say which way leads to a player now: "p2p", "relay" or "" (none)."""
        peer = self._peers.get(player)
        if peer is None or peer.path == path:
            return
        peer.path = path
        if path:
            peer.line.resend()
            peer.inputs_ms = None
            peer.pinged_ms = None

    def close(self, reason: str) -> None:
        """Say goodbye; the stage is "over"."""
        if self._base == "over":
            return
        for peer in self._live:
            self._say(peer, "bye", reason=reason[:200])
        self._finish()

    # Packets

    def _receive_inputs(self, peer: Peer, packet: Inputs, at_ms: float) -> None:
        timeline = self._timeline
        if timeline is None or packet.epoch != self.epoch:
            if packet.epoch == self.epoch + 1:
                peer.early.append((packet, at_ms))
            else:
                self._figures.drop_packet("stale" if packet.epoch < self.epoch else "future")
            return
        if peer.away:
            self._figures.drop_packet("away")
            return
        queue = timeline.queues[peer.player]
        start = packet.start
        end = start + len(packet.values)
        if packet.views[self._local] > timeline.queues[self._local].last or packet.views[peer.player] < end - 1:
            self._figures.drop_packet("impossible")
            return
        if end > timeline.stepped + _MAX_AHEAD:
            self._figures.drop_packet("ahead")
            return
        peer.see(packet.views)
        newest = packet.views[peer.player]
        if newest > peer.newest:
            peer.newest = newest
            if self._base == "playing":
                self._sample(peer, timeline, packet.advantage, at_ms)
        if start > queue.last + 1:
            self._figures.drop_packet("gap")
            return
        if end - 1 > queue.last:
            self._outbox.acknowledge = True
            for frame in range(queue.last + 1, end):
                queue.add(frame, packet.values[frame - start])

    def _sample(self, peer: Peer, timeline: Timeline, told: float, at_ms: float) -> None:
        fps = self.config.fps
        own = timeline.queues[self._local].last + min(max((at_ms - self._tick_ms) * fps / 1000.0, 0.0), 1.0)
        there = peer.newest + peer.trips.mean_ms / 2.0 * fps / 1000.0
        peer.sync.add(there - own, told)

    def _receive_control(self, peer: Peer, packet: Control) -> None:
        if not peer.line.acknowledge(packet.acknowledged):
            self._figures.drop_packet("impossible")
            return
        bodies = peer.line.receive(packet.number, packet.body)
        if bodies is None:
            self._figures.drop_packet("ahead")
            return
        for body in bodies:
            try:
                message = decode_message(body)
            except MessageError as error:
                self._figures.drop_packet("message")
                self._protocol_error(peer.player, str(error))
                continue
            if self._base != "over" and peer.live:
                self._hear_message(peer, message)

    def _hear_message(self, peer: Peer, message: dict[str, Any]) -> None:
        player = peer.player
        match message["op"]:
            case "hello":
                problem = self._handshake.meet(player, message)
                if problem and self._base == "connecting":
                    self._events.append(Event("refused", {"player": player, "reason": problem}))
                    self._finish()
            case "propose":
                self._handshake.proposals[player] = min(message["delay"], MAX_DELAY)
            case "claim":
                self._hear_claim(player, message)
            case "bye" if not peer.left:
                peer.left = True
                self._events.append(Event("closed", {"player": player, "reason": message["reason"]}))
            case "ready" | "hash" | "over":
                if self._comeback is not None and self._base == "connecting":
                    if len(self._held_back) < _MAX_HELD_BACK:
                        self._held_back.append((peer, message))
                else:
                    self._hear_agreement(player, message)
            case "back":
                self._hear_back(player, message)
            case "ask":
                self._hear_question(peer, message)
            case "log" | "logged":
                self._hear_log(player, message)
            case "rejoin":
                self._hear_rejoin(peer, message)
            case _:
                self._figures.drop_packet("repeated goodbye")

    def _hear_claim(self, player: int, message: dict[str, Any]) -> None:
        frames = dict(zip(message["players"], message["frames"], strict=False))
        if len(message["players"]) != len(message["frames"]) or not frames.keys() <= set(range(self._players)):
            self._figures.drop_packet("message")
            self._protocol_error(player, "a claim on players who are not in the match")
            return
        self._cuts.add(player, Claim(message["epoch"], frames))
        self._settle_cut()

    def _hear_agreement(self, player: int, message: dict[str, Any]) -> None:
        epoch = message["epoch"]
        agreement = self._agreement if epoch == self.epoch else self._agreements.get(epoch)
        if agreement is None:
            self._figures.drop_packet("stale message")
            return
        if message["op"] == "ready":
            if player not in agreement.ready:
                agreement.ready[player] = message["hash"]
                ours = agreement.ready.get(self._local)
                if ours is not None:
                    self._compare(player, -1, "reset", ours, message["hash"])
        elif message["op"] == "hash":
            ours = agreement.check_theirs(player, message["frame"], message["value"])
            if ours is not None:
                self._compare(player, message["frame"], "state", ours, message["value"])
        elif player not in agreement.endings:
            agreement.endings[player] = Ending(message["frame"], message["state"], message["rows"])
            if agreement is self._agreement:
                # Who has confirmed the end knows that everybody holds all inputs up to it.
                last = message["frame"]
                if self._timeline is not None:
                    last = min(last, self._timeline.queues[self._local].last)
                self._peers[player].see((last,) * self._players)
                self._settle()

    # What follows

    def _progress(self, now_ms: float, requests: list[Request]) -> None:
        if self._timeline is not None and self._timeline.awaited:
            raise RuntimeError("the last list of requests was not followed by executed()")
        self._watch(now_ms)
        if self._base == "connecting":
            self._shake_hands()
        elif self._base == "returning":
            self._rebuild_frames(requests)
        elif self._base == "barrier":
            self._pass_barrier(now_ms)
        if self._base == "playing" and self._timeline is not None:
            self._repair(self._timeline, requests)
            self._settle()

    def _repair(self, timeline: Timeline, requests: list[Request]) -> None:
        repair = timeline.repair(requests)
        if repair is not None:
            figures = self._figures
            figures.rollbacks += 1
            figures.resimulated += repair.steps
            figures.depth_sum += repair.depth
            figures.depth_max = max(figures.depth_max, repair.depth)

    def _watch(self, now_ms: float) -> None:
        gap_ms = now_ms - self._now_ms
        self._now_ms = now_ms
        if self._base == "over":
            return
        if gap_ms > self.config.notify_ms / 2.0:
            # Nobody polled: we slept, and what came meanwhile may still be on its way to us.
            for peer in self._live:
                peer.excuse(gap_ms, now_ms)
        for peer in self._live:
            events = peer.watch(now_ms, self.config)
            if peer.lost and events:
                self._pace.unstall(now_ms)
            self._events.extend(events)

    def _shake_hands(self) -> None:
        if self._comeback is not None and not self._find_way_back(self._comeback):
            return
        live = [peer.player for peer in self._live]
        trips_ms = {p: self._peers[p].trips.median_ms for p in live if self._peers[p].trips.count >= PINGS}
        proposal = self._handshake.propose(live, trips_ms)
        if proposal is not None:
            for peer in self._live:
                self._say(peer, "propose", delay=proposal, rtt_ms=round(trips_ms[peer.player], 3))
        delay = self._handshake.agreed(live)
        if delay is None or self._cuts.open:
            return
        self.input_delay = delay
        self._base = "ready"
        if self._comeback is not None:
            self._comeback.epoch, self._comeback.begun = self._comeback.episode(), False
            self._base = "returning" if self._comeback.epoch >= 0 else "ready"
            if self._base == "ready":
                self._begin_with_the_others()
        data = {
            "input_delay": delay,
            "window": self.window,
            "rtt_ms": {p: self._peers[p].trips.median_ms for p in live},
            "calibration": {p: self._handshake.calibrations[p] for p in live},
        }
        self._events.append(Event("agreed", data))

    def _pass_barrier(self, now_ms: float) -> None:
        live = self._live
        if self._cuts.open or any(peer.away or peer.player not in self._agreement.ready for peer in live):
            return
        # Our word takes half a round trip: who waits for it to arrive begins together with the others.
        way_ms = max((peer.trips.mean_ms / 2.0 for peer in live), default=0.0)
        if now_ms >= self._ready_ms + min(way_ms, _MAX_START_WAIT_MS):
            self._base = "playing"
            self._tick_ms = now_ms
            if self._comeback is not None:
                data = {"player": self._local, "episode": self.epoch, "frame": self._comeback.frame}
                self._events.append(Event("returned", data))
                self._comeback = None

    def _settle(self) -> None:
        """Confirm what is confirmed, and see whether that ends something."""
        timeline = self._timeline
        if timeline is None or timeline.awaited or self._base not in ("playing", "returning"):
            return
        if not self._cuts.open:
            timeline.confirm(self._held_by_all(timeline))
        self._settle_ending()
        if timeline.confirmed >= self._final:
            self._finish()

    def _held_by_all(self, timeline: Timeline) -> int:
        held = min(timeline.held, self._final)
        # Who comes back goes on after what all others hold: its own view is no hindrance.
        players = [self._local, *(peer.player for peer in self._live)]
        for player in (peer.player for peer in self._live if not peer.away):
            views = self._peers[player].views
            for other in players:
                if views[other] < held:
                    held = views[other]
        return held

    def _settle_ending(self) -> None:
        agreement, timeline = self._agreement, self._timeline
        if self._base != "playing" or timeline is None or not agreement.endings:
            return
        theirs = {peer.player: agreement.endings.get(peer.player) for peer in self._live}
        ours = agreement.endings.get(self._local)
        if ours is None:
            first = min((ending.frame for ending in theirs.values() if ending is not None), default=NEVER)
            went_on = timeline.frame > first + 1 or not timeline.ended
            if timeline.confirmed < first or not went_on:
                return
            # With the same inputs, the world did not end here: there is nothing to wait for any more.
            ours = Ending(timeline.confirmed, "", "")
            agreement.endings[self._local] = ours
            for peer in self._live:
                self._say(peer, "over", epoch=self.epoch, frame=ours.frame, state="", rows="")
        if None in theirs.values():
            return
        equal = True
        last = ours.frame
        for player, ending in theirs.items():
            assert ending is not None
            last = min(last, ending.frame)
            equal = self._compare(player, ours.frame, *ours.first_difference(ending)) and equal
        data = {
            "episode": self.epoch,
            "frames": last + 1,
            "compared": agreement.compared,
            "equal": equal and agreement.differing == 0,
        }
        self._events.append(Event("episode_agreed", data))
        self._pace.unstall(self._now_ms)
        self._base = "ready"
        if self._final != NEVER or (self._cuts.settled and self._policy in ("end", "void")):
            self._finish()

    def _compare(self, player: int, frame: int, what: str, ours: str, theirs: str) -> bool:
        if not self._peers[player].live:
            return True
        self._agreement.compared += 1
        self._figures.compared += 1
        if ours == theirs:
            return True
        self._agreement.differing += 1
        self._figures.desyncs += 1
        data = {
            "player": player,
            "episode": self._agreement.epoch,
            "frame": frame,
            "what": what,
            "ours": ours,
            "theirs": theirs,
        }
        self._events.append(Event("desync", data))
        return False

    def _settle_cut(self) -> None:
        claims = self._cuts.complete([self._local, *(peer.player for peer in self._live if not peer.away)])
        if claims is None:
            return
        timeline = self._timeline
        for player in sorted(self._cuts.lost - self._cuts.settled):
            self._cuts.settled.add(player)
            cut = agreed_cut(player, claims, self.epoch)
            place = {"frame": 0, "episode": max(self.epoch, 0) if cut is not None else self.epoch + 1}
            if cut is not None:
                if timeline is not None:
                    if cut < timeline.confirmed:
                        # Whoever claims so said before that they held more: what is recorded stands.
                        cut = timeline.confirmed
                        self._protocol_error(player, "a claim that a confirmed frame's input is not held")
                    timeline.cut(player, cut)
                place["frame"] = cut + 1
                self._final = min(self._final, cut) if self._policy in ("end", "void") else NEVER
            self._events.append(Event("dropped", {"player": player, "policy": self._policy, **place}))
        begun = self._base == "playing" or (self._base == "barrier" and self._final >= 0)
        if self._policy in ("end", "void") and not begun:
            self._finish()
        for peer in self._live:
            if peer.away:
                self._say_back(peer)
        self._settle()

    def _where(self) -> dict[str, Any]:
        return {"episode": max(self.epoch, 0), "policy": self._policy}

    def _finish(self) -> None:
        self._base = "over"
        self._over_ms = self._now_ms

    # The way back

    def _new_peer(self, player: int, returns: int) -> Peer:
        own = self.config.returns_of(self._local)
        pair = (own, returns) if self._local < player else (returns, own)
        return Peer(player, self._players, magic=magic_of(self.config.match_id, pair), returns=returns)

    # Frames

    def _take_local(self, timeline: Timeline, local: bytes) -> bool:
        """Hold our input, unless there is one for that frame already, or the match is over."""
        if self._final != NEVER:
            return False
        return timeline.queues[self._local].add(timeline.stepped + self.input_delay, bytes(local))

    def _may_step(self, timeline: Timeline) -> bool:
        if self._cuts.open or not timeline.may_step():
            return False
        if self._final != NEVER:
            return timeline.stepped <= self._final
        own = timeline.queues[self._local].last
        return all(own - peer.views[self._local] < MAX_INPUTS for peer in self._live)

    # What goes out

    def _say(self, peer: Peer, op: str, **fields: Any) -> None:
        try:
            peer.line.say(encode_message(op, **fields))
        except ControlOverflowError:
            self._protocol_error(peer.player, "nothing that we say is acknowledged")

    def _protocol_error(self, player: int, reason: str) -> None:
        if (player, reason) not in self._told_errors and len(self._told_errors) < 100:
            self._told_errors.add((player, reason))
            self._events.append(Event("protocol_error", {"player": player, "reason": reason}))

    def _transmit(self, now_ms: float) -> None:
        linger_ms = MAX_LINGER_MS if self.unheard else LINGER_MS
        if self._over_ms is not None and now_ms - self._over_ms > linger_ms:
            return
        config = self.config
        outbox = self._outbox
        resends = self._pace.stalled or self.stage != "playing"
        inputs_ms = min(config.resend_ms, config.keep_alive_ms) if resends else config.keep_alive_ms
        pings_ms = config.resend_ms if self._base == "connecting" else config.keep_alive_ms
        for peer in self._live:
            if not peer.path:
                continue
            outbox.pongs(peer, now_ms)
            outbox.ping(peer, now_ms, pings_ms)
            outbox.control(peer, now_ms)
            if self._timeline is not None and not peer.away and self._base in ("barrier", "playing", "over"):
                outbox.repeat_inputs(peer, self._timeline, self.epoch, now_ms, inputs_ms)
        outbox.acknowledge = False
