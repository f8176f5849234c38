"""Desks in the engine's tests: pages at home, how they stand, and what consoles see of them."""

from typing import Any

from engine_driver import SHORT, Memory

from mug.protocol.lab import LabBatch, LabReply, LabSnapshot
from mug.protocol.lab_console import AskSeats, SeatPairView, SeatView, SetStage
from mug.protocol.messages import PROTOCOL_VERSION
from mug.protocol.parts import ClientEnvironment
from mug.protocol.seats import SEAT_CHECKS, SeatAsked, SeatCheck, SeatDone, SeatHello, SeatReport

GOOD = tuple(SeatCheck(name=name, state="good") for name in SEAT_CHECKS)


def room(stage: str = "prepared", **fields: Any) -> Memory:
    """A session of a short study with a console, in a stage."""
    memory = Memory(SHORT, details={"stage": stage, **fields})
    memory.lab_in()
    return memory


def at_home(memory: Memory, desk: str, *, connection: str = "", tab: str = "", **fields: Any) -> None:
    """A page opens at the desk's address."""
    connection = connection or desk
    hello = SeatHello(
        protocol=fields.pop("protocol", PROTOCOL_VERSION),
        build="",
        tab_id=tab or connection,
        desk=desk,
        environment=ClientEnvironment(browser="chrome", browser_major=140),
    )
    memory.say(connection, hello)


def reports(memory: Memory, desk: str, *bad: SeatCheck, connection: str = "", **fields: Any) -> None:
    """The page at a desk tells how it stands: all good but `bad`."""
    named = {check.name: check for check in bad}
    checks = tuple(named.get(check.name, check) for check in GOOD)
    memory.say(connection or desk, SeatReport(n=1, client_ms=5.0, checks=checks, **fields))


def ready(memory: Memory, *desks: str) -> None:
    for desk in desks:
        at_home(memory, desk)
        reports(memory, desk)


def done(memory: Memory, desk: str, error: str = "", connection: str = "") -> None:
    """The page answers what it was asked last."""
    connection = connection or desk
    memory.say(connection, SeatDone(action_id=memory.last(connection, SeatAsked).action_id, error=error))


def asked(memory: Memory, connection: str) -> list[str]:
    return [message.what for message in memory.to(connection, SeatAsked)]


def ask(memory: Memory, what: str, *desks: str, request_id: str = "") -> LabReply:
    request_id = request_id or f"r{len(memory.lab)}"
    memory.ask(AskSeats(request_id=request_id, what=what, desks=desks))
    return replies(memory)[-1]


def stage(memory: Memory, name: str) -> None:
    memory.ask(SetStage(request_id=f"s{len(memory.lab)}", stage=name))
    assert replies(memory)[-1].error == ""
    memory.tick()


def replies(memory: Memory) -> list[LabReply]:
    return [message for message in memory.lab if isinstance(message, LabReply)]


def seats(memory: Memory) -> dict[str, SeatView]:
    """What a console has of the desks after a tick: the snapshot, and every batch taken over it."""
    memory.tick()
    known: dict[str, SeatView] = {}
    for message in memory.lab:
        if isinstance(message, LabSnapshot):
            known = {view.desk: view for view in message.seats}
        elif isinstance(message, LabBatch):
            known.update({view.desk: view for view in message.seats})
    return known


def pairs(memory: Memory) -> dict[tuple[str, ...], SeatPairView]:
    memory.tick()
    known: dict[tuple[str, ...], SeatPairView] = {}
    for message in memory.lab:
        if isinstance(message, LabSnapshot | LabBatch):
            known.update({view.desks: view for view in message.seat_pairs})
    return known
