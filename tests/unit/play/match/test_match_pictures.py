"""Games of several people in which each sees another picture: the records are the same bytes all the same."""

from dataclasses import replace

from match_worlds import arena, match_config
from matches import PROFILES, assert_equal_records, on_all, play

OWN_PICTURES = (
    "    def render(self):\n        return [\n",
    "    def render(self, agent_id):\n"
    "        self.seen_by = {**getattr(self, 'seen_by', {}), agent_id: self.n}\n"
    "        return [{'uuid': 'me', 'object_type': 'text', 'text': agent_id, 'x': 0, 'y': 0}] + [\n",
)


def test_that_partners_who_see_other_pictures_have_the_same_records() -> None:
    config = match_config(arena(("a", "b"), 240, OWN_PICTURES))
    net = play(replace(config, network_conditions=on_all(config, PROFILES["mobile_4g"])))
    assert_equal_records(net, rollbacks=15)
    for page, agent in zip(net.pages, ("a", "b"), strict=True):
        packets = [view.picture.packet for view in page.views]
        assert len(packets) > 200
        assert {str(packet["game_state_objects"][0]["text"]) for packet in packets if packet is not None} == {agent}
