"""What studies import from mug.server: callbacks, the view of a game."""

import inspect

import pytest

from mug.server.callback import GameCallback, MultiCallback
from mug.server.remote_game import ServerGame
from mug.study.model import GymGame

HOOKS = [name for name, _ in inspect.getmembers(GameCallback, inspect.isfunction) if name.startswith("on_")]


class Noting(GameCallback):
    def __init__(self, notes, name):
        for hook in HOOKS:
            setattr(self, hook, lambda game, hook=hook: notes.append((name, hook, game)))


def test_that_the_hooks_are_those_that_studies_know():
    assert set(HOOKS) == {
        "on_episode_start",
        "on_episode_end",
        "on_game_tick_start",
        "on_game_tick_end",
        "on_game_end",
        "on_waitroom_start",
        "on_waitroom_join",
        "on_waitroom_end",
        "on_waitroom_timeout",
    }


@pytest.mark.parametrize("hook", HOOKS)
def test_that_several_callbacks_are_called_in_order(hook):
    notes: list = []
    both = MultiCallback([Noting(notes, "first"), MultiCallback([Noting(notes, "second")])])
    getattr(both, hook)("the game")
    assert notes == [("first", hook, "the game"), ("second", hook, "the game")]
    assert getattr(GameCallback(), hook)("the game") is None


def test_that_only_callbacks_are_taken():
    with pytest.raises(TypeError, match="GameCallback objects"):
        MultiCallback([print])


def test_that_the_view_of_a_game_is_read_only():
    game = ServerGame(scene=GymGame(scene_id="g"), fps=30)
    assert (game.tick_num, game.episode_rewards, game.human_players, game.env) == (0, {}, {}, None)
    with pytest.raises(AttributeError):
        game.tick_num = 3
    with pytest.raises(TypeError):
        game.human_players["a"] = "b"
