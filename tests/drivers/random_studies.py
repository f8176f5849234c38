"""Random studies and random edits, for property tests and for fuzzing the editor.

Two kinds: wild studies hold any value that a field's type allows (Hypothesis alone draws them); sound ones, drawn with
a `random.Random`, have no errors, so that they run, load from a script, and fill an editor with what people write.
"""

import random
import types
import typing
from typing import Any

import msgspec
from hypothesis import strategies as st

from mug.ids import ExperimentId
from mug.study import edits
from mug.study.catalog import NODE_KINDS, FieldInfo, struct_fields
from mug.study.group_orders import scenes_inside
from mug.study.model import (
    CompletionCodePage,
    EndPage,
    GymGame,
    KeyBinding,
    MultipleChoiceForm,
    Node,
    OptionBoxesForm,
    RandomizeOrder,
    Repeat,
    ScalesForm,
    Section,
    StartPage,
    StaticPage,
    Study,
    TextBoxForm,
)
from mug.study.traversal import NodePath, node_at, walk

# --- wild: any value that a type allows -------------------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAME = st.text("abcdefghijklmnopqrstuvwxyz_-. é\"'#=[", min_size=1, max_size=8)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.one_of(st.booleans(), INTEGERS, FLOATS, TEXT)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAME, inner, max_size=3)),
    max_leaves=6,
)
TABLES = st.dictionaries(NAME, VALUES, max_size=3)
BINDINGS = st.builds(KeyBinding, keys=st.lists(TEXT, max_size=3).map(tuple), action=VALUES)
UNKNOWN = st.dictionaries(st.sampled_from(["from_the_future", "also_new", "newer-still"]), VALUES, max_size=2)


def values_of(annotation: Any) -> st.SearchStrategy[Any]:
    """Any value of a field's type."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is Any:
        return VALUES
    if annotation is KeyBinding:
        return BINDINGS
    if origin in (types.UnionType, typing.Union):
        return st.one_of(*(values_of(part) for part in arguments if part is not type(None)))
    if origin is tuple:
        return st.lists(values_of(arguments[0]), max_size=2).map(tuple)
    if origin is dict:
        return st.dictionaries(NAME, values_of(arguments[1]), max_size=2)
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return sections(annotation)
    simple = {bool: st.booleans(), int: INTEGERS, float: FLOATS, str: TEXT}
    return simple[getattr(annotation, "__supertype__", annotation)]


@st.composite
def sections(draw: st.DrawFn, struct: type[Section], **fixed: Any) -> Any:
    """One struct with some of its fields set, and perhaps unknown ones."""
    infos = [info for info in struct_fields(struct) if info.name not in (*fixed, "format", "chain", "scenes")]
    chosen = draw(st.sets(st.sampled_from([info.name for info in infos]), max_size=4)) if infos else set()
    values = dict(fixed)
    for info in infos:
        if info.required or info.name in chosen:
            values[info.name] = draw(values_of(info.annotation))
    return struct(**values, extra=draw(UNKNOWN))


PAGES = st.sampled_from([kind.struct for kind in NODE_KINDS.values() if issubclass(kind.struct, StaticPage)])
SCENES = st.one_of(PAGES.flatmap(sections), sections(GymGame))


def _wrappers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    scenes = st.lists(inner, max_size=3).map(tuple)
    return scenes.flatmap(
        lambda found: st.one_of(sections(RandomizeOrder, scenes=found), sections(Repeat, scenes=found))
    )


NODES = st.recursive(SCENES, _wrappers, max_leaves=4)
STUDIES = st.lists(NODES, max_size=4).map(tuple).flatmap(lambda chain: sections(Study, chain=chain))


def nodes() -> st.SearchStrategy[Any]:
    """Any node, wrappers with nodes inside among them."""
    return NODES


def studies(*, valid: bool = False, scenes: int = 6) -> st.SearchStrategy[Study]:
    """Any study; with `valid` only those without errors, with at most `scenes` scenes."""
    if not valid:
        return STUDIES
    return st.builds(lambda rng, count: random_study(rng, scenes=count), generators(), st.integers(2, max(2, scenes)))


def edits_of(study: Study) -> st.SearchStrategy[edits.Edit]:
    """Any edit that can be applied to `study`."""
    return generators().map(lambda rng: random_edit(rng, study))


def generators() -> st.SearchStrategy[random.Random]:
    """Generators for the functions below: by their seed, as a study takes more draws than Hypothesis likes."""
    return st.builds(random.Random, st.integers(0, 2**32 - 1))


# --- sound: what a person would write ---------------------------------------------------------------------------------

_WORDS = (
    *("trial", "practice", "gather", "duel", "survey", "mood", "rest", "partner", "left", "right", "fast", "slow"),
    *("größe", "été", "日本", "it's", '"quoted"', "a\\b", "50 %", "<b>bold</b>", "{x}", "# no comment", "ends\\"),
)
_KEYS = ("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", " ", "a", "w", "Enter", "\\", '"', "'")
_UNKNOWN = ("from_the_future", "also_new", "newer-still", "class")
_REFERENCES = ("callbacks.py:watch", "lab_tools.hooks:arrive", "json:dumps", "callbacks.py:Maker.build")
_OUT_OF_PLACE = frozenset({"format", "chain", "scenes", "extra"})


def random_text(rng: random.Random, words: int = 4) -> str:
    """A few words; one in three has several lines, as HTML has them."""
    text = " ".join(rng.choice(_WORDS) for _ in range(rng.randint(1, words)))
    match rng.randrange(9):
        case 0:
            return f"<p>{text}</p>\n<p>{text}</p>\n"
        case 1:
            return f"\n  <h1>{text}</h1>\n\t<p>'''{text}'''</p>"
        case 2:
            return f'<p class="x">{text}</p>\n"""\n{text}\\n\n  '
        case 3:
            return " ".join([text] * 12)
    return text


def random_value(rng: random.Random, depth: int = 2) -> Any:
    """Plain data: texts, numbers, lists, tables."""
    match rng.randrange(8 if depth else 5):
        case 0:
            return rng.random() < 0.5
        case 1:
            return rng.choice([0, 1, -7, 2**53, rng.randint(-1000, 1000)])
        case 2:
            return rng.choice([0.0, -0.5, 1e-9, 3.0, 1e22, rng.random()])
        case 3 | 4:
            return random_text(rng)
        case 5:
            return [random_value(rng, depth - 1) for _ in range(rng.randrange(4))]
        case _:
            return random_table(rng, depth - 1)


def random_table(rng: random.Random, depth: int = 1) -> dict[str, Any]:
    """A table of plain data; keys need not be Python names."""
    return {
        rng.choice(["size", "mode", "a b", "1", "é", 'q"q']): random_value(rng, depth) for _ in range(rng.randrange(4))
    }


def random_field(rng: random.Random, info: FieldInfo) -> Any:
    """A value that a field allows, as far as its own metadata tell."""
    if info.choices is not None:
        return rng.choice(info.choices)
    if info.name == "arms":
        return {rng.choice(["slow", "é", "a"]): random_table(rng) for _ in range(rng.randrange(3))}
    match info.shape:
        case "callable":
            return rng.choice(_REFERENCES)
        case "url":
            return rng.choice(["https://example.org/done?code={code}", "http://localhost:1/x", "https://example.org/é"])
        case "path":
            return rng.choice(["pages/welcome.html", "a b/ä.html", "env.py"])
        case "code":
            return rng.choice(["env = None", "import math\n\nenv = math.pi  # it's\n", 'x = """a\nb"""\nenv = x\n'])
        case "color" | "background":
            return rng.choice(["#eaf2f8", "white", "rgb(1, 2, 3)", "sky.png"])
        case "id" | "scene":
            return "end"  # the last scene's, where another one is to be named
        case "html":
            return random_text(rng)
    return _of_type(rng, info.annotation, info)


def _of_type(rng: random.Random, annotation: Any, info: FieldInfo) -> Any:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is Any:
        return random_value(rng)
    if origin in (types.UnionType, typing.Union):
        return _of_type(rng, rng.choice([part for part in arguments if part is not type(None)]), info)
    if origin is tuple:
        return tuple(_of_type(rng, arguments[0], info) for _ in range(rng.randint(1, 3)))
    if origin is dict:
        if arguments[1] is Any:
            return random_table(rng)
        return {rng.choice(["ping", "tab", "callback"]): random_text(rng) for _ in range(rng.randint(1, 2))}
    match getattr(annotation, "__supertype__", annotation):
        case t if t is bool:
            return rng.random() < 0.5
        case t if t is int:
            low = int(info.ge) if info.ge is not None else 0
            high = int(info.le) if info.le is not None else 1_000_000
            return rng.choice([low, rng.randint(low, high), min(high, low + 1)])
        case t if t is float:
            low = float(info.ge or 0)
            return rng.choice([low, low + 0.5, low + rng.random(), low + 3])
        case _:
            return random_text(rng)


def _some(rng: random.Random, struct: type[Section], chance: float, *without: str) -> dict[str, Any]:
    """Values for some of a struct's fields that stand alone."""
    return {
        info.name: random_field(rng, info)
        for info in struct_fields(struct)
        if not (info.required or info.section or info.name in without or info.name in _OUT_OF_PLACE)
        and rng.random() < chance
    }


def _unknown(rng: random.Random) -> dict[str, Any]:
    return {rng.choice(_UNKNOWN): random_value(rng)} if rng.random() < 0.08 else {}


def _one_of(rng: random.Random, values: dict[str, Any], *names: str) -> None:
    """Keep at most one of the values that exclude each other."""
    given = [name for name in names if name in values]
    for name in given[1:]:
        del values[name]


def _page(rng: random.Random, struct: type[StaticPage], scene_id: str, **fixed: Any) -> Any:
    values = {**_some(rng, struct, 0.3), **fixed}
    if "scene_header" not in values:
        values["scene_header"] = random_text(rng)
    _one_of(rng, values, "scene_body", "scene_body_filepath")
    return struct(scene_id=scene_id, extra=_unknown(rng), **values)


def _texts(rng: random.Random, low: int, high: int) -> tuple[str, ...]:
    return tuple(f"{number}. {random_text(rng)}" for number in range(rng.randint(low, high)))


def _labels(rng: random.Random, questions: int, low: int = 2) -> Any:
    if rng.random() < 0.5:
        return _texts(rng, low, 4)
    return tuple(_texts(rng, low, 4) for _ in range(questions))


def _form(rng: random.Random, struct: type[Any], scene_id: str) -> Any:
    asked = _texts(rng, 1, 3)
    fixed: dict[str, Any] = {}
    if struct is not MultipleChoiceForm:
        fixed["text_box_header"] = random_text(rng)
    if struct is MultipleChoiceForm:
        fixed |= {"questions": asked, "choices": _labels(rng, len(asked))}
        if rng.random() < 0.3:
            fixed["images"] = tuple(rng.choice(["", "static/a.png"]) for _ in asked)
    if issubclass(struct, ScalesForm):
        fixed |= {"scale_questions": asked, "scale_size": rng.randint(4, 9)}
        fixed["scale_labels"] = _labels(rng, len(asked)) if rng.random() < 0.5 else ()
    if struct is OptionBoxesForm:
        fixed |= {"options": _texts(rng, 2, 4), "option_box_header": random_text(rng)}
    values = _some(rng, struct, 0.3, *fixed, "question_ids", "images")
    if struct is not TextBoxForm and rng.random() < 0.3:
        values["question_ids"] = tuple(f"item{number}" for number in range(len(asked)))
    _one_of(rng, values, "scene_body", "scene_body_filepath")
    return struct(scene_id=scene_id, extra=_unknown(rng), **fixed, **values)


def random_game(rng: random.Random, scene_id: str, humans: int | None = None) -> GymGame:
    """A game without errors; `humans` people play it, or one to four."""
    people = rng.choice([1, 1, 1, 2, 3, 4]) if humans is None else humans
    names = rng.choice([("human", "b", "c", "d"), ("0", "1", "2", "3"), ("left one", "right-one", "é", "d")])[:people]
    mapping: dict[str, Any] = dict.fromkeys(names, "human")
    if people > 1 or rng.random() < 0.5:
        mapping |= {"robot": _policy(rng)} if rng.random() < 0.6 else {}
    elif people == 1:
        mapping = {}
    sections: dict[str, Any] = {}
    for info in struct_fields(GymGame):
        if info.section is None:
            continue
        without = ("policy_mapping", "human_id", "network_conditions", "dropout_policy", "dropout_agent_policy")
        values = _some(rng, info.section, rng.choice([0.0, 0.0, 0.15, 0.4]), *without, "multiplayer")
        extra = _unknown(rng)
        match info.name:
            case "assets":
                for name in ("preload_specs", "animation_configs", "state_init"):
                    values.pop(name, None)
                if rng.random() < 0.2:
                    values["preload_specs"] = ({"object_type": "img_spec", "name": "car", "img_path": "car.png"},)
                if rng.random() < 0.2:
                    values["state_init"] = ({"uuid": "sky", "object_type": "rect", "color": [1, 2, 3], "x": 0.5},)
            case "content":
                _one_of(rng, values, "scene_body", "scene_body_filepath")
                _one_of(rng, values, "in_game_scene_body", "in_game_scene_body_filepath")
            case "environment":
                for name in ("env_creator", "env_config"):
                    values.pop(name, None)
            case "gameplay":
                values["default_action"] = rng.choice([0, 1, [0.0, 1.0], "noop", {"push": 1}])
                values["action_mapping"] = tuple(
                    KeyBinding(keys=keys, action=rng.choice([0, 1, 2, [1.0, 0.0], "go", True, {"a": [1]}]))
                    for keys in dict.fromkeys(
                        tuple(sorted(rng.sample(_KEYS, rng.choice([1, 1, 1, 2, 3])))) for _ in range(rng.randrange(5))
                    )
                )
            case "policies":
                values["policy_mapping"] = mapping
            case "runtime":
                values.pop("packages_to_install", None)
                if rng.random() < 0.5:
                    values["packages_to_install"] = ("gymnasium>=1.0", "wheels/own-1.0-py3-none-any.whl")
                _choose_environment(rng, values, sections)
            case "multiplayer":
                values |= _multiplayer(rng, values, people, tuple(names))
            case "waitroom" if values.get("timeout_scene_id"):
                values.pop("timeout_redirect_url", None)
        previous = sections.get(info.name)
        if previous is not None:
            values = {**values, **previous}
        sections[info.name] = info.section(**values, extra=extra)
    own = _some(rng, GymGame, 0.2)
    return GymGame(scene_id=scene_id, extra=_unknown(rng), **own, **sections)


def _choose_environment(rng: random.Random, runtime: dict[str, Any], sections: dict[str, Any]) -> None:
    for name in ("environment_initialization_code", "environment_initialization_code_filepath"):
        runtime.pop(name, None)
    match rng.randrange(3):
        case 0:
            runtime["environment_initialization_code_filepath"] = "env.py"
        case 1:
            runtime["environment_initialization_code"] = "import math\n\nenv = math.pi  # it's\n"
        case 2:
            given: Any = sections["environment"]
            config = random_table(rng) if rng.random() < 0.5 else {}
            sections["environment"] = msgspec.structs.replace(
                given, env_creator="env.py:make", env_config={f"k{key}": value for key, value in config.items()}
            )


def _multiplayer(rng: random.Random, given: dict[str, Any], people: int, names: tuple[str, ...]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    window, needed = "continuous_ping_violation_window", "continuous_ping_required_violations"
    if given.get(needed, 3) > given.get(window, 5):
        values |= {window: given.get(needed, 3)}
    if rng.random() < 0.2:
        values |= {"dropout_policy": "policy", "dropout_agent_policy": "random"}
    if rng.random() < 0.2:
        conditions = {"delay_ms": 75, "loss": 0.05, "seed": 7}
        values["network_conditions"] = {names[0]: conditions} if people > 1 and rng.random() < 0.5 else conditions
    if rng.random() < 0.2:
        values["multiplayer"] = people > 1
    return values


_FORMS = (TextBoxForm, MultipleChoiceForm, ScalesForm, OptionBoxesForm)


class _Namer:
    """Gives every scene an id of its own."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._count = 0

    def __call__(self) -> str:
        self._count += 1
        stem = self._rng.choice(["trial", "page", "class", "2nd", "a.b-c", "Game", "print"])
        return f"{stem}{self._rng.choice(['', '-', '_'])}{self._count}"


def random_scene(rng: random.Random, scene_id: str) -> Any:
    """A page, form or game without errors, that may stand anywhere between the first and the last page."""
    match rng.randrange(6):
        case 0 | 1:
            return _page(rng, StaticPage, scene_id)
        case 2 | 3:
            return _form(rng, rng.choice(_FORMS), scene_id)
        case _:
            return random_game(rng, scene_id)


def random_study(rng: random.Random, *, scenes: int = 200) -> Study:
    """A study without errors that has `scenes` scenes, at least two; some of them are in wrappers, which nest."""
    name = _Namer(rng)

    def some(count: int, depth: int) -> tuple[Node, ...]:
        found: list[Node] = []
        while count:
            inside = rng.randint(1, min(count, 6)) if depth and rng.random() < 0.2 else 0
            if inside:
                found.append(_wrapper(rng, some(inside, depth - 1), name))
                count -= inside
            else:
                found.append(random_scene(rng, name()))
                count -= 1
        return tuple(found)

    start = _page(rng, StartPage, "start")
    end = _page(rng, rng.choice([EndPage, CompletionCodePage]), "end", redirect_url="https://example.org/{code}")
    values = _some(rng, Study, 0.3, "layout")
    if rng.random() < 0.5:
        values["layout"] = {"zoom": 1.5, "nodes": {"0": [10, 20.5]}}
    values["static_files"] = ("static", "more files")
    settings = {
        info.name: info.section(**_settings(rng, info), extra=_unknown(rng))
        for info in struct_fields(Study)
        if info.section is not None
    }
    chain = (start, *some(max(0, scenes - 2), 2), end)
    if rng.random() < 0.4:
        settings["treatments"] = msgspec.structs.replace(
            settings["treatments"], per="participant", arms=_arms(rng, chain)
        )
    return Study(id=ExperimentId("random-study"), chain=chain, extra=_unknown(rng), **values, **settings)


def _arms(rng: random.Random, chain: tuple[Node, ...]) -> dict[str, dict[str, Any]]:
    """Two or three treatments whose changes leave every scene without errors; each changes something else."""
    scenes = [scene for node in chain for scene in scenes_inside(node)]
    arms: dict[str, dict[str, Any]] = {}
    for number in range(rng.randint(2, 3)):
        changes: dict[str, dict[str, Any]] = {}
        for scene in rng.sample(scenes, min(len(scenes), rng.randint(1, 3))):
            if isinstance(scene, GymGame):
                changes[scene.scene_id] = {
                    "rendering.fps": 10 + number,
                    "gameplay.action_mapping": [
                        {"keys": ["q"], "action": number},
                        {"keys": ["q", " "], "action": "go"},
                    ],
                    "environment.env_config": {"layout": random_text(rng), "size": [number]},
                    "content.scene_header": random_text(rng),
                }
                if isinstance(scene.environment.env_creator, str) and rng.random() < 0.5:
                    changes[scene.scene_id]["environment.env_creator"] = "env.py:other"
                if scene.environment.env_creator is None:
                    del changes[scene.scene_id]["environment.env_config"]
            elif isinstance(scene, StaticPage):
                changes[scene.scene_id] = {"scene_subheader": f"{number} {random_text(rng)}"}
        arm: dict[str, Any] = {"changes": changes} if changes else {}
        if rng.random() < 0.5:
            arm["title"] = random_text(rng)
        if rng.random() < 0.5:
            arm["weight"] = rng.randint(1, 3)
        arms[f"{rng.choice(['slow', 'a.b', '2nd'])}{number}"] = arm
    return arms


def _settings(rng: random.Random, info: FieldInfo) -> dict[str, Any]:
    assert info.section is not None
    lists = ("browser_requirements", "browser_blocklist", "requirements", "ice_servers")
    values = _some(rng, info.section, rng.choice([0.0, 0.3]), *lists)
    if info.name == "webrtc" and rng.random() < 0.5:
        values["ice_servers"] = ({"urls": ["turn:turn.example.org:3478", "stun:x.example.org"], "username": "u"},)
    if info.name == "treatments":
        values["arms"] = {}
    if info.name == "screening" and rng.random() < 0.5:
        values |= {"browser_requirements": ("firefox>=100", "chrome"), "requirements": ("webgl",)}
    return values


def _wrapper(rng: random.Random, inner: tuple[Node, ...], name: _Namer) -> Node:
    if rng.random() < 0.4:
        return Repeat(scenes=inner, n=rng.randint(1, 3), extra=_unknown(rng))
    keep_n = rng.randint(1, len(inner)) if rng.random() < 0.4 else None
    if rng.random() < 0.2:
        games = tuple(random_game(rng, name(), humans=2) for node in inner for _ in scenes_inside(node))
        return RandomizeOrder(scenes=games, keep_n=keep_n, per=rng.choice([None, "group"]), extra=_unknown(rng))
    split = any(isinstance(node, StaticPage) for node in inner)
    per = rng.choice([None, "participant"]) if split else None
    return RandomizeOrder(scenes=inner, keep_n=keep_n, per=per, extra=_unknown(rng))


# --- edits ------------------------------------------------------------------------------------------------------------


def random_edit(rng: random.Random, study: Study) -> edits.Edit:
    """An edit that can be applied to `study`: every kind, and every function that makes one.

    The values that it sets have their field's type and may break its bounds; the study may have errors afterwards.
    """
    everything = list(walk(study))
    if not everything:
        return edits.insert((0,), (random_scene(rng, "first"),))
    match rng.randrange(14):
        case 0 | 1 | 2 | 3:
            return _set_field(rng, study)
        case 4:
            return edits.insert(_gap(rng, study), _new_nodes(rng))
        case 5 | 6:
            return edits.remove(study, _some_paths(rng, study)) if len(everything) > 1 else _set_field(rng, study)
        case 7 | 8:
            return _move(rng, study)
        case 9:
            return edits.duplicate(study, _some_paths(rng, study))
        case 10:
            outer = RandomizeOrder(scenes=(), keep_n=1) if rng.random() < 0.5 else Repeat(scenes=(), n=2)
            return edits.wrap(study, _some_paths(rng, study), outer)
        case 11:
            wrappers = [path for path, node in everything if isinstance(node, RandomizeOrder | Repeat)]
            return edits.unwrap(study, rng.choice(wrappers)) if wrappers else _set_field(rng, study)
        case 12:
            path, _ = rng.choice(everything)
            return edits.replace(study, path, random_scene(rng, f"other{rng.randrange(1000)}"))
        case _:
            return _composed(rng, study)


def _composed(rng: random.Random, study: Study) -> edits.Edit:
    if rng.random() < 0.2:
        other = msgspec.structs.replace(study, chain=tuple(reversed(study.chain)), title=random_text(rng))
        return edits.ReplaceStudy(study=other, label="Go back to a version")
    found: list[edits.Edit] = []
    now = study
    for _ in range(rng.randint(1, 3)):
        edit = random_edit(rng, now)
        now, _ = edit.apply(now)
        found.append(edit)
    return edits.Compound(edits=tuple(found), label="Several")


def _new_nodes(rng: random.Random) -> tuple[Node, ...]:
    fresh = [random_scene(rng, f"new{rng.randrange(10_000)}") for _ in range(rng.randint(1, 3))]
    return (Repeat(scenes=tuple(fresh), n=2),) if rng.random() < 0.2 else tuple(fresh)


def _some_paths(rng: random.Random, study: Study) -> list[NodePath]:
    paths = [path for path, _ in walk(study)]
    return rng.sample(paths, min(len(paths), rng.choice([1, 1, 2, 3])))


def _gap(rng: random.Random, study: Study) -> NodePath:
    """A place where nodes can be put: before any node, or at the end of a chain or wrapper."""
    inside: list[tuple[NodePath, int]] = [((), len(study.chain))]
    inside += [(path, len(node.scenes)) for path, node in walk(study) if isinstance(node, RandomizeOrder | Repeat)]
    above, length = rng.choice(inside)
    return (*above, rng.randint(0, length))


def _move(rng: random.Random, study: Study) -> edits.Edit:
    for _ in range(20):
        paths = edits.outermost(_some_paths(rng, study))
        to = _gap(rng, study)
        if any(to[: len(path)] == path and len(to) > len(path) for path in paths):
            continue
        edit = edits.move(study, paths, to)
        if edit is not None:
            return edit
    return _set_field(rng, study)


def _set_field(rng: random.Random, study: Study) -> edits.SetField:
    path: NodePath = () if rng.random() < 0.1 else rng.choice([path for path, _ in walk(study)])
    section: Section = node_at(study, path) if path else study
    prefix = ""
    nested = [info.name for info in struct_fields(type(section)) if info.section is not None]
    if nested and rng.random() < 0.7:
        prefix = rng.choice(nested)
        section = getattr(section, prefix)
        prefix += "."
    merge_key = rng.choice([None, None, "typing"])
    if rng.random() < 0.1:
        name = rng.choice(_UNKNOWN)
        value = edits.RESET if name in section.extra and rng.random() < 0.5 else random_value(rng)
        return edits.SetField(path=path, field=prefix + name, value=value, merge_key=merge_key)
    infos = [info for info in struct_fields(type(section)) if info.section is None and info.name not in _OUT_OF_PLACE]
    info = rng.choice(infos)
    if rng.random() < 0.2 and not info.required:
        return edits.SetField(path=path, field=prefix + info.name, value=edits.RESET, merge_key=merge_key)
    value = _new_value(rng, info)
    return edits.SetField(path=path, field=prefix + info.name, value=value, merge_key=merge_key)


def _policy(rng: random.Random) -> Any:
    """A policy that is no person's."""
    model: dict[str, Any] = {"kind": "onnx", "obs_input": "obs", "logit_output": "logits", "onnx_path": "ai/a.onnx"}
    if rng.random() < 0.4:
        model |= {"state_inputs": ["h", "c"], "state_outputs": ["h2", "c2"], "state_shape": [1, rng.randrange(1, 64)]}
    if rng.random() < 0.3:
        model["fixed_inputs"] = {"seq_lens": [1], "scale": 0.5}
    if rng.random() < 0.3:
        model["custom_inference_fn"] = "ai/run.py:infer"
    if rng.random() < 0.4:
        model["sampling"] = rng.choice(["sample", "argmax"])
    return rng.choice(["random", "random", "ai/b.onnx", "ai/partners.py:Walker", "my_lab.partners:walk", model, model])


def _new_value(rng: random.Random, info: FieldInfo) -> Any:
    match info.name:
        case "policy_mapping":
            return {name: rng.choice(["human", "random"]) for name in rng.sample(["human", "b", "c", "0"], 2)}
        case "action_mapping":
            return tuple(
                KeyBinding(keys=(rng.choice(_KEYS),), action=rng.randrange(3)) for _ in range(rng.randrange(4))
            )
        case "scene_id":
            return rng.choice(["again", "not allowed", f"scene{rng.randrange(1000)}"])
    if info.optional and rng.random() < 0.2:
        return None
    if info.annotation is int and rng.random() < 0.2:
        return rng.choice([-1, 0, 10**9])
    return random_field(rng, info)
