"""study.toml: what is written is what is read; order, comments and unknown fields stay."""

import math
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from mug.study import (
    EndPage,
    GymGame,
    RandomizeOrder,
    StartPage,
    StaticPage,
    Study,
    StudyFileError,
    StudyLoadError,
    content_hash,
    dump_study,
    parse_study,
    read_study,
    write_study,
)
from mug.study.model import EnvironmentSection, GameplaySection, KeyBinding, RenderingSection
from tests.drivers.random_studies import STUDIES

FILE = Path("study.toml")
EXAMPLE = Path(__file__).parents[3] / "examples" / "mountain_car" / "study.toml"


@given(STUDIES)
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_that_any_study_survives_its_file(study):
    again = parse_study(dump_study(study), FILE)
    assert again == study
    assert content_hash(again) == content_hash(study)


@given(STUDIES, STUDIES)
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_that_any_study_can_be_written_over_the_file_of_any_other(before, after):
    text = dump_study(after, "# a comment\n" + dump_study(before))
    assert parse_study(text, FILE) == after


@given(STUDIES)
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_that_writing_a_study_over_its_own_file_changes_nothing(study):
    text = "# first\n" + dump_study(study) + "\n# last\n"
    assert dump_study(study, text) == text


@given(STUDIES)
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_that_a_study_survives_json_as_the_records_keep_it(study):
    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(study)), Study) == study


def test_that_windows_line_ends_stay(tmp_path):
    path = tmp_path / "study.toml"
    path.write_bytes(b'# mine\r\nid = "a"\r\ntitle = "x"\r\n')
    text = write_study(msgspec.structs.replace(read_study(path), title="y"), path)
    assert path.read_bytes() == b'# mine\r\nid = "a"\r\ntitle = "y"\r\n' == text.encode()


def test_that_a_mark_before_utf_8_is_no_error(tmp_path):
    path = tmp_path / "study.toml"
    path.write_bytes(b'\xef\xbb\xbfid = "a"\n')
    write_study(read_study(path), path)
    assert path.read_bytes() == b'id = "a"\n'


def test_that_a_link_to_a_study_file_stays_a_link(tmp_path):
    target, link = tmp_path / "real.toml", tmp_path / "study.toml"
    target.write_text('id = "a"\n', encoding="utf-8")
    link.symlink_to(target)
    write_study(Study(id="b"), link)
    assert link.is_symlink()
    assert read_study(target).id == "b"


def test_that_comments_and_order_stay_when_a_value_changes():
    text = EXAMPLE.read_text(encoding="utf-8")
    study = parse_study(text, EXAMPLE)
    chain = list(study.chain)
    game = chain[2]
    chain[2] = msgspec.structs.replace(game, rendering=msgspec.structs.replace(game.rendering, fps=60))
    written = dump_study(msgspec.structs.replace(study, chain=tuple(chain)), text)
    assert written == text.replace("fps = 30", "fps = 60")


def test_that_a_moved_scene_takes_its_comments_along():
    text = """\
id = "a"

[[chain]]
kind = "start_page"
scene_id = "one" # the first

[[chain]]
kind = "static_page"
scene_id = "two" # the second

[[chain]]
kind = "static_page"
scene_id = "three" # the third
"""
    study = parse_study(text, FILE)
    first, second, third = study.chain
    written = dump_study(msgspec.structs.replace(study, chain=(first, third, second)), text)
    assert parse_study(written, FILE).chain == (first, third, second)
    assert written.index("# the third") < written.index("# the second")
    assert "# the first" in written


def test_that_removing_a_scene_keeps_the_comments_of_the_others():
    text = EXAMPLE.read_text(encoding="utf-8")
    study = parse_study(text, EXAMPLE)
    written = dump_study(msgspec.structs.replace(study, chain=(study.chain[0], *study.chain[2:])), text)
    assert "# Gymnasium's actions" in written
    assert written.startswith("# Mountain Car: one participant")
    assert "instructions" not in written


def test_that_a_file_reads_like_a_file_that_a_person_wrote():
    study = Study(
        id="a",
        chain=(
            StartPage(scene_id="start", scene_body="<p>Hello</p>\n<p>there</p>\n"),
            RandomizeOrder(
                keep_n=1,
                scenes=(
                    GymGame(
                        scene_id="game",
                        gameplay=GameplaySection(
                            action_mapping=(
                                KeyBinding(keys=("ArrowLeft",), action=0),
                                KeyBinding(keys=("a", "b"), action=[1, 2]),
                            )
                        ),
                    ),
                ),
            ),
        ),
    )
    assert dump_study(study) == (
        """\
format = 1
id = "a"

[[chain]]
kind = "start_page"
scene_id = "start"
scene_body = \"\"\"
<p>Hello</p>
<p>there</p>
\"\"\"

[[chain]]
kind = "randomize_order"
keep_n = 1

[[chain.scenes]]
kind = "gym_game"
scene_id = "game"

[chain.scenes.gameplay]
action_mapping = [
    {keys = ["ArrowLeft"], action = 0},
    {keys = ["a", "b"], action = [1, 2]},
]
"""
    )


def test_that_unknown_fields_are_kept_at_every_level():
    text = """\
id = "a"
new_setting = 1

[hosting]
new_port = [1, 2]

[[chain]]
kind = "gym_game"
scene_id = "g"
new_section = {a = 1}

[chain.rendering]
glow = true
"""
    study = parse_study(text, FILE)
    assert study.extra == {"new_setting": 1}
    assert study.hosting.extra == {"new_port": [1, 2]}
    assert study.chain[0].extra == {"new_section": {"a": 1}}
    assert study.chain[0].rendering.extra == {"glow": True}
    assert dump_study(study, text) == text
    assert parse_study(dump_study(study), FILE) == study


def test_that_numbers_that_are_not_finite_survive():
    study = Study(id="a", chain=(GymGame(scene_id="g", environment=EnvironmentSection(env_config={"x": math.inf})),))
    assert parse_study(dump_study(study), FILE) == study
    odd = Study(id="a", chain=(GymGame(scene_id="g", environment=EnvironmentSection(env_config={"x": math.nan})),))
    again = parse_study(dump_study(odd), FILE)
    assert math.isnan(again.chain[0].environment.env_config["x"])
    assert content_hash(again) == content_hash(odd)


def test_that_none_inside_a_table_is_refused_with_its_place():
    study = Study(id="a", chain=(GymGame(scene_id="g", environment=EnvironmentSection(env_config={"x": [None]})),))
    with pytest.raises(StudyFileError, match=r"chain\[0\]\.environment\.env_config\.x\[0\] holds None"):
        dump_study(study)


def test_that_broken_toml_is_told_with_its_line():
    with pytest.raises(StudyLoadError, match=r"study\.toml, line 3 is not valid TOML") as caught:
        parse_study('id = "a"\n[[chain]]\nkind = start_page\n', FILE)
    assert caught.value.line == 3
    assert "kind = start_page" in str(caught.value)


def test_that_a_file_that_ends_too_early_is_told_with_its_last_line():
    with pytest.raises(StudyLoadError, match="line 2 is not valid TOML") as caught:
        parse_study('id = "a"\ntitle = [', FILE)
    assert caught.value.line == 2


def test_that_all_wrong_types_are_told_at_once():
    text = """\
id = 3
static_files = "static"
[hosting]
port = "eight"
[[chain]]
kind = "start"
[[chain]]
kind = "gym_game"
gameplay = 3
[[chain]]
kind = "gym_game"
scene_id = "g"
[chain.gameplay]
num_episodes = "two"
action_mapping = {ArrowLeft = 0}
[[chain]]
kind = "randomize_order"
[[chain.scenes]]
kind = "static_page"
scene_id = []
[[chain]]
kind = "unity_scene"
"""
    with pytest.raises(StudyLoadError) as caught:
        parse_study(text, FILE)
    found = {(problem.node_id, problem.field): problem for problem in caught.value.problems}
    assert set(found) == {
        (None, "id"),
        (None, "static_files"),
        (None, "hosting.port"),
        ("0", "kind"),
        ("1", "gameplay"),
        ("1", "scene_id"),
        ("2", "gameplay.num_episodes"),
        ("2", "gameplay.action_mapping"),
        ("3.0", "scene_id"),
        ("4", "kind"),
    }
    assert "did you mean 'start_page'?" in found["0", "kind"].message
    assert "did you mean 'unity_game'?" in found["4", "kind"].message
    assert found["4", "kind"].code == "unknown_kind"
    assert found["2", "gameplay.num_episodes"].label == "g"
    assert all(problem.severity == "error" for problem in found.values())
    for problem in found.values():
        assert str(problem) in str(caught.value)


def test_that_a_newer_format_is_refused_in_words():
    with pytest.raises(StudyLoadError, match="update MUG"):
        parse_study('format = 2\nid = "a"\n', FILE)


def test_that_a_wrong_value_still_loads_so_that_every_problem_can_be_shown():
    study = parse_study('id = "a"\n[[chain]]\nkind = "gym_game"\nscene_id = "g"\n[chain.rendering]\nfps = 0\n', FILE)
    assert study.chain[0].rendering == RenderingSection(fps=0)


def test_that_a_whole_number_may_stand_for_a_number():
    study = parse_study(
        'id = "a"\n[[chain]]\nkind = "gym_game"\nscene_id = "g"\n[chain.gameplay]\nreset_freeze_s = 1\n', FILE
    )
    assert study.chain[0].gameplay.reset_freeze_s == 1.0


def test_that_writing_replaces_the_file_in_one_step(tmp_path):
    path = tmp_path / "study.toml"
    write_study(Study(id="a", chain=(EndPage(scene_id="e"),)), path)
    path.write_text("# mine\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    write_study(Study(id="b", chain=(EndPage(scene_id="e"),)), path)
    assert read_study(path).id == "b"
    assert path.read_text(encoding="utf-8").startswith("# mine\n")
    assert [entry.name for entry in tmp_path.iterdir()] == ["study.toml"]


def test_that_a_study_that_cannot_be_written_leaves_the_old_file(tmp_path):
    path = tmp_path / "study.toml"
    write_study(Study(id="a"), path)
    before = path.read_bytes()
    with pytest.raises(StudyFileError):
        write_study(Study(id="b", layout={"x": None}), path)
    with pytest.raises(StudyFileError, match="cannot be written"):
        write_study(Study(id="b", title="\ud800"), path)
    with pytest.raises(StudyFileError, match="half of a character, after"):
        dump_study(Study(id="a", title="x\ud800"), before.decode())
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["study.toml"]


def test_that_links_that_lead_to_each_other_are_refused_in_words(tmp_path):
    path = tmp_path / "study.toml"
    path.symlink_to(path)
    with pytest.raises(StudyFileError, match="cannot be written"):
        write_study(Study(id="a"), path)


def test_that_nothing_is_replaced_when_the_last_look_says_so(tmp_path):
    path = tmp_path / "study.toml"
    write_study(Study(id="a"), path)
    before = path.read_bytes()

    def refuse():
        assert len(list(tmp_path.iterdir())) == 2
        raise StudyFileError(path, "it is another one")

    with pytest.raises(StudyFileError, match="another one"):
        write_study(Study(id="b"), path, refuse)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (f"x = {'[' * 3000}{']' * 3000}", "nested too deep"),
        (f"{'a.' * 3000}b = 1", "nested too deep"),
        (f"x = {'9' * 5000}", "cannot be read"),
    ],
)
def test_that_values_beyond_all_measure_are_told(value, words):
    with pytest.raises(StudyLoadError, match=words):
        parse_study(f'id = "a"\n{value}\n', FILE)
    assert parse_study(f'id = "a"\n{"a." * 150}b = 1\n', FILE).extra


def test_that_a_broken_file_is_written_anew(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text("not [ toml", encoding="utf-8")
    write_study(Study(id="a"), path)
    assert read_study(path) == Study(id="a")


def test_that_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "study.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StudyLoadError, match="not UTF-8"):
        read_study(path)


def test_that_the_layout_is_not_a_part_of_the_hash():
    study = Study(id="a", chain=(StaticPage(scene_id="p"),))
    assert content_hash(study) == content_hash(msgspec.structs.replace(study, layout={"0": [1, 2]}))
    assert content_hash(study) != content_hash(msgspec.structs.replace(study, title="T"))
    assert len(content_hash(study)) == 64
