"""The rollback core's part that concerns pages which were loaded again: our own way back, and that of the others.

The game stands while somebody comes back. What is agreed does not change; how the page that returns finds its place is
told in `mug.play.rollback.comeback`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Final

from mug.play.rollback.agreement import Agreement
from mug.play.rollback.comeback import MAX_QUESTIONS, Back, Comeback, Rejoined, cut_of, log_pieces
from mug.play.rollback.config import MAX_DELAY, RollbackConfig
from mug.play.rollback.cut import CutRound
from mug.play.rollback.figures import Figures
from mug.play.rollback.handshake import Handshake
from mug.play.rollback.pace import Pace
from mug.play.rollback.peer import Peer
from mug.play.rollback.requests import Event, Request, Stage
from mug.play.rollback.timeline import Timeline

__all__ = ["Returning"]

_REBUILD_FRAMES: Final = 32
"""Frames that one call steps on the way back into a match."""
_SAID_AGAIN: Final = 4
"""Hashes of the episode's newest check frames that a page which comes back is told."""


class Returning(ABC):
    """What `Rollback` does about pages that come back; the state is the core's."""

    config: RollbackConfig
    epoch: int
    input_delay: int
    _local: int
    _players: int
    _peers: dict[int, Peer]
    _live: list[Peer]
    _base: Stage
    _now_ms: float
    _ready_ms: float
    _handshake: Handshake
    _timeline: Timeline | None
    _agreement: Agreement
    _agreements: dict[int, Agreement]
    _cuts: CutRound
    _comeback: Comeback | None
    _held_back: list[tuple[Peer, dict[str, Any]]]
    _policy: str
    _figures: Figures
    _events: list[Event]
    _pace: Pace

    @property
    def away(self) -> list[int]:
        """Players in the match whose page is coming back."""
        return [peer.player for peer in self._live if peer.away]

    @property
    def return_epoch(self) -> int | None:
        """The episode that we come back into, once it is known and until its world was reset (`rebuild`); else None."""
        comeback = self._comeback
        return comeback.epoch if comeback is not None and self._base == "returning" and not comeback.begun else None

    @property
    def return_resets(self) -> set[str]:
        """What the others have as the hash of that episode's world after its reset."""
        if self._comeback is None:
            return set()
        epoch = self._comeback.epoch
        return {back.reset for back in self._comeback.backs.values() if back.reset and back.epoch == epoch}

    @property
    def rebuilding(self) -> bool:
        """Frames of the way back are to be stepped: polls give them, a few at a time."""
        return self._base == "returning" and self._comeback is not None and self._comeback.target is not None

    def remember(self, epoch: int, inputs: Sequence[Sequence[bytes]], cuts: Mapping[int, int]) -> None:
        """Say what the records have of the match, before the first poll of a page that comes back.

        Args:
            epoch: The newest episode in them.
            inputs: Every player's inputs from frame 0 on, equally many.
            cuts: Players who were out of the match there, and the last frame with their own input.
        """
        comeback = self._comeback
        if comeback is not None:
            comeback.stored_epoch, comeback.stored = epoch, [list(of_one) for of_one in inputs]
            comeback.stored_cuts = dict(cuts)
            for peer in self._live:
                self._say(peer, "back", **comeback.own_back(self._cuts.lost).message())

    def rebuild(self, reset_hash: str) -> None:
        """Say that the world of `return_epoch` was reset: its frames up to now are asked for, and stepped by polls.

        Raises:
            ValueError: We do not come back.
        """
        comeback = self._comeback
        if comeback is None or self._base != "returning":
            raise ValueError("only a page that comes back rebuilds an episode")
        comeback.begun = True
        epoch = self.epoch = comeback.epoch
        live = [peer.player for peer in self._live]
        self._timeline = comeback.begin(live, self._cuts.settled, self.input_delay)
        if self._agreement.epoch != epoch:
            self._agreement = Agreement(epoch)
            self._agreements = {epoch + 1: Agreement(epoch + 1)}
        # On a second attempt, what the others said of the episode still holds; they do not say it again.
        self._agreement.ready[self._local] = reset_hash
        self._agreement.endings.pop(self._local, None)
        self._pace.begin_episode()
        for peer in self._live:
            peer.begin_episode(self.input_delay)
            peer.early.clear()
            back = comeback.backs[peer.player]
            if back.epoch == epoch:
                peer.see(back.held)
            if peer.player in comeback.waiting:
                self._say(peer, "ask", epoch=epoch, frame=comeback.known(epoch))
        self._hear_held_back()
        self._answer_questions()

    def _hear_held_back(self) -> None:
        """Take what was said of the episode before we knew which one it is."""
        held_back, self._held_back = self._held_back, []
        for peer, message in held_back:
            self._hear_agreement(peer.player, message)

    def returning(self, player: int, returns: int) -> None:
        """A player's page was loaded again: the game stands until it has rebuilt the episode, or is dropped.

        Args:
            player: Who.
            returns: How often that page has come back, this time included.
        """
        old = self._peers.get(player)
        if old is None or not old.live or self._base == "over" or returns <= old.returns:
            return
        if old.interrupted:
            self._events.append(Event("resumed", {"player": player, "silent_ms": old.silent_ms(self._now_ms)}))
        peer = self._peers[player] = self._new_peer(player, returns)
        peer.away = True
        self._live = [peer for peer in self._peers.values() if peer.live]
        self._handshake.forget(player)
        self._agreement.ready.pop(player, None)
        self._held_back = [(who, message) for who, message in self._held_back if who is not old]
        self._events.append(Event("returning", {"player": player}))
        self._say(peer, "hello", **self._handshake.hello())
        if self._comeback is not None:
            self._comeback.backs.pop(player, None)
            self._comeback.rejoined.pop(player, None)
            if not self._knows_inputs():
                # What we got of it may be more than anybody else has: it would not go on after that.
                self._begin_way_anew()
                self._say(peer, "back", **self._comeback.own_back(self._cuts.lost).message())
        if self._handshake.proposed is not None:
            self._say(peer, "propose", delay=self._handshake.proposed, rtt_ms=0.0)
        self._say_back(peer)
        self._settle_cut()

    def _say_back(self, peer: Peer) -> None:
        """Tell a page that comes back how we stand: it decides with that where it goes on."""
        if not self._knows_inputs() or self._cuts.open:
            return
        timeline, epoch = self._timeline, self.epoch
        players = range(self._players)
        held, cuts = [-1] * self._players, {}
        if timeline is not None:
            held = [queue.last for queue in timeline.queues]
            cuts = {p: cut for p in players if (cut := cut_of(timeline, p)) is not None}
        delay = -1 if self._base == "connecting" else self.input_delay
        agreement = self._agreement
        reset = agreement.ready.get(self._local, "")
        gone = frozenset(self._cuts.settled)
        self._say(peer, "back", **Back(delay, epoch, tuple(held), cuts, gone, False, reset).message())
        if reset:
            self._say(peer, "ready", epoch=epoch, hash=reset)
        for frame, value in agreement.newest(_SAID_AGAIN):
            self._say(peer, "hash", epoch=epoch, frame=frame, value=value)
        ending = agreement.endings.get(self._local)
        if ending is not None:
            self._say(peer, "over", epoch=epoch, frame=ending.frame, state=ending.state, rows=ending.rows)

    def _find_way_back(self, comeback: Comeback) -> bool:
        """Whether the others have said how they stand; then the delay is theirs, or is agreed anew."""
        survivors = comeback.survivors([peer.player for peer in self._live], self._cuts.lost)
        if survivors is None:
            return False
        delay = max((back.delay for back in survivors.values()), default=-1)
        handshake = self._handshake
        live = [peer.player for peer in self._live]
        if delay < 0 or any(player not in handshake.calibrations for player in live):
            return delay < 0
        if handshake.proposed is None:
            handshake.proposed = min(delay, MAX_DELAY)
            for peer in self._live:
                self._say(peer, "propose", delay=handshake.proposed, rtt_ms=0.0)
        handshake.proposals.update(dict.fromkeys(live, handshake.proposed))
        return True

    def _hear_back(self, player: int, message: dict[str, Any]) -> None:
        back = Back.read(message, self._players)
        if back is None or back.delay > MAX_DELAY:
            self._protocol_error(player, "a word to a page that comes back, about players who are not in the match")
        elif self._comeback is not None and self._base == "connecting":
            self._comeback.backs[player] = back

    def _hear_question(self, peer: Peer, message: dict[str, Any]) -> None:
        peer.questions += 1
        if peer.questions > MAX_QUESTIONS:
            self._figures.drop_packet("too many questions")
            return
        peer.asked.append((message["epoch"], message["frame"]))
        self._answer_questions()

    def _answer_questions(self) -> None:
        timeline = self._timeline
        if timeline is None or (self._comeback is not None and not self._comeback.begun):
            return
        for peer in self._live:
            while peer.asked and peer.asked[0][0] <= self.epoch:
                epoch, first = peer.asked.popleft()
                if epoch == self.epoch:
                    for piece in log_pieces(epoch, timeline.queues, first):
                        self._say(peer, "log", **piece)
                self._say(peer, "logged", epoch=epoch)

    def _hear_log(self, player: int, message: dict[str, Any]) -> None:
        comeback, timeline = self._comeback, self._timeline
        if comeback is None or timeline is None or self._base != "returning" or message["epoch"] != self.epoch:
            self._figures.drop_packet("stale message")
        elif message["op"] == "logged":
            comeback.waiting.discard(player)
        elif not comeback.take(player, message, timeline):
            self._protocol_error(player, "inputs that nobody asked for")

    def _hear_rejoin(self, peer: Peer, message: dict[str, Any]) -> None:
        player, epoch, frame, held = peer.player, message["epoch"], message["frame"], message["held"]
        timeline = self._timeline
        if not peer.away and self._comeback is None:
            self._figures.drop_packet("stale message")
            return
        if len(held) != self._players:
            self._protocol_error(player, "a return without a word on every player's inputs")
            return
        if self._comeback is not None and self._base in ("connecting", "returning"):
            self._comeback.rejoined[player] = Rejoined(epoch, tuple(held))
        elif epoch == self.epoch and timeline is not None:
            if frame <= timeline.queues[player].last:
                self._protocol_error(player, f"a return at frame {frame}, whose input is held already")
                return
        elif epoch > self.epoch >= 0 and self._local in self._agreement.endings:
            # Who is in the next episode has confirmed this one to its end.
            self._agreement.endings.setdefault(player, self._agreement.endings[self._local])
        peer.away = False
        if timeline is not None:
            peer.begin_episode(self.input_delay)
            if epoch == self.epoch:
                peer.see(tuple(held))
        self._events.append(Event("returned", {"player": player, "episode": max(epoch, 0), "frame": frame}))
        self._settle()

    def _rebuild_frames(self, requests: list[Request]) -> None:
        comeback, timeline = self._comeback, self._timeline
        if comeback is None or timeline is None or not comeback.begun or timeline.awaited:
            return
        live = [peer.player for peer in self._live]
        if comeback.waiting & set(live):
            return
        if comeback.target is None and (problem := comeback.settle(live, timeline, self.input_delay)):
            self.fail_to_return(problem)
            return
        if self._agreement.differing:
            self.fail_to_return("the rebuilt world is another one than the others'")
            return
        assert comeback.target is not None
        if timeline.frame >= comeback.target or timeline.ended:
            self._rejoin(comeback, timeline)
            return
        for _ in range(min(comeback.target - timeline.frame, _REBUILD_FRAMES)):
            timeline.step(requests, interval=self.config.fps)

    def _rejoin(self, comeback: Comeback, timeline: Timeline) -> None:
        held = [queue.last for queue in timeline.queues]
        reset = self._agreement.ready[self._local]
        for peer in self._live:
            self._say(peer, "rejoin", epoch=self.epoch, frame=comeback.frame, held=held)
            self._say(peer, "ready", epoch=self.epoch, hash=reset)
        for player, other in comeback.rejoined.items():
            if other.epoch == self.epoch:
                self._peers[player].see(other.held)
        self._base = "barrier"
        self._ready_ms = self._now_ms

    def _lost_on_the_way(self, comeback: Comeback, lost: Sequence[int]) -> None:
        """Players are out while we come back: the others agree on their cut without us, and tell us anew."""
        self._cuts.settled |= set(lost)
        place = {"episode": max(comeback.epoch, 0), "frame": 0}
        for player in lost:
            self._events.append(Event("dropped", {"player": player, "policy": self._policy, **place}))
        if self._policy in ("end", "void"):
            self._finish()
            return
        self._begin_way_anew()
        for peer in self._live:
            if peer.away:
                self._say(peer, "back", **comeback.own_back(self._cuts.lost).message())

    def _knows_inputs(self) -> bool:
        """Whether we hold the inputs that we tell others of: always, but on our own way back before all have come."""
        comeback = self._comeback
        if comeback is None or self._base not in ("connecting", "returning"):
            return True
        return self._base == "returning" and comeback.begun and comeback.target is not None

    def _begin_way_anew(self) -> None:
        self._base, self.epoch, self._timeline = "connecting", -1, None

    def _begin_with_the_others(self) -> None:
        """Nobody has begun to play: there is nothing to come back into yet."""
        known = {agreement.epoch: agreement for agreement in (self._agreement, *self._agreements.values())}
        first = known.get(0, Agreement(0))
        first.ready.pop(self._local, None)
        first.endings.pop(self._local, None)
        self._agreement, self._agreements = Agreement(-1), {0: first}
        self._comeback = None
        self._hear_held_back()
        for peer in self._live:
            self._say(peer, "rejoin", epoch=-1, frame=0, held=[-1] * self._players)

    def fail_to_return(self, reason: str) -> None:
        """Say that the episode could not be rebuilt: we are out, and the others hear it."""
        if self._base == "over":
            return
        self._events.append(Event("not_reproduced", {"reason": reason, "episode": self.epoch}))
        self.close("not_reproduced")

    # What the core does

    @abstractmethod
    def close(self, reason: str) -> None:
        """Say goodbye."""

    @abstractmethod
    def _new_peer(self, player: int, returns: int) -> Peer:
        """Make the way to a player's page."""

    @abstractmethod
    def _say(self, peer: Peer, op: str, **fields: Any) -> None:
        """Queue a control message."""

    @abstractmethod
    def _protocol_error(self, player: int, reason: str) -> None:
        """Tell of a message that cannot be."""

    @abstractmethod
    def _hear_agreement(self, player: int, message: dict[str, Any]) -> None:
        """Take what a player says of an episode's beginning, states and end."""

    @abstractmethod
    def _settle(self) -> None:
        """Confirm what is confirmed."""

    @abstractmethod
    def _settle_cut(self) -> None:
        """See whether all have said how far they hold a lost player's inputs."""

    @abstractmethod
    def _finish(self) -> None:
        """The match is over for us."""
