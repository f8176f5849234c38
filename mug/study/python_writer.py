"""A study as a script in the chain API, as a researcher would write it, that loads to an equal study.

`mug.scenes` lies above this package: its names stand here as texts, and a test holds the two together.
"""

import builtins
import keyword
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, time
from typing import Any, Final

from mug.study.catalog import struct_fields
from mug.study.decoding import encode_study
from mug.study.errors import PythonWriteError
from mug.study.model import (
    CompletionCodePage,
    EmbeddedBuild,
    EndPage,
    GymGame,
    HtmlGame,
    KeyBinding,
    MultipleChoiceForm,
    Node,
    OptionBoxesForm,
    RandomizeOrder,
    Repeat,
    RuntimeSection,
    ScalesForm,
    Scene,
    Section,
    StartPage,
    StaticPage,
    Study,
    TextBoxForm,
    UnityGame,
)
from mug.study.policy_validation import MODEL_FIELDS
from mug.study.python_refusals import python_problems
from mug.study.python_source import Group, Source, assignment, call, chain, import_line, literal, text_literal

__all__ = ["write_python"]

_CONSTANTS: Final = "mug.configurations.configuration_constants"
_PAGES: Final = "mug.scenes.static_scene"
_BUILDS: Final = "mug.scenes.unity_scene"

SCENE_CLASSES: Final[Mapping[type[Section], tuple[str, str]]] = {
    StartPage: (_PAGES, "StartScene"),
    StaticPage: (_PAGES, "StaticScene"),
    EndPage: (_PAGES, "EndScene"),
    CompletionCodePage: (_PAGES, "CompletionCodeScene"),
    TextBoxForm: (_PAGES, "TextBox"),
    MultipleChoiceForm: (_PAGES, "MultipleChoice"),
    ScalesForm: (_PAGES, "ScalesAndTextBox"),
    OptionBoxesForm: (_PAGES, "OptionBoxesWithScalesAndTextBox"),
    GymGame: ("mug.scenes.gym_scene", "GymScene"),
    UnityGame: (_BUILDS, "UnityScene"),
    HtmlGame: (_BUILDS, "HtmlGameScene"),
    RandomizeOrder: ("mug.scenes.scene", "RandomizeOrder"),
    Repeat: ("mug.scenes.scene", "RepeatScene"),
}
"""Kind of node → the module and name of its class."""

TREATMENT_CLASS: Final = ("mug.configurations.treatment", "Treatment")
"""The module and name of the class of one treatment."""

CONSTRUCTOR_FIELDS: Final[Mapping[type[Section], tuple[str, ...]]] = {
    TextBoxForm: ("text_box_header", "required"),
    MultipleChoiceForm: (
        *("pre_questions_header", "questions", "choices", "multi_select", "images", "required", "question_ids"),
    ),
    ScalesForm: (
        *("text_box_header", "pre_scale_header", "scale_questions", "scale_size", "scale_labels"),
        *("required", "text_box_required", "question_ids"),
    ),
    OptionBoxesForm: (
        *("options", "text_box_header", "pre_scale_header", "scale_questions", "option_box_header"),
        *("scale_size", "scale_labels", "required", "text_box_required", "question_ids"),
    ),
    RandomizeOrder: ("scenes", "keep_n", "per"),
    Repeat: ("scenes", "n"),
}
"""What a class takes when it is made; all else is set by its methods."""

ALWAYS_GIVEN: Final = frozenset({"pre_questions_header", "pre_scale_header"})
"""Parameters without a default, though their fields have one."""

SCENE_METHODS: Final[Mapping[str, tuple[str, ...]]] = {
    "scene": ("scene_id", "experiment_config", "should_export_metadata"),
    "display": ("scene_header", "scene_subheader", "scene_body", "scene_body_filepath"),
    "redirect": ("redirect_url", "append_subject_id"),
}
"""Method → the scene's own fields that it sets; each section of a game has a method of its name."""

HOOKS: Final = ("on_connect", "on_client_callback", "on_unity_episode_start", "on_unity_episode_end")

CONFIG_METHODS: Final[Mapping[str, tuple[str, ...]]] = {
    "experiment": ("id", "title", "save_experiment_data"),
    "static_files": ("static_files",),
}
"""Method → the study's own fields that it sets."""

SECTION_METHODS: Final[Mapping[str, str]] = {
    "hosting": "hosting",
    "webrtc": "webrtc",
    "screening": "entry_screening",
    "endings": "endings",
    "treatments": "treatments",
}
"""Section of the study → its method."""

PARAMETERS: Final[Mapping[str, str]] = {
    "redirect_url": "url",
    "id": "experiment_id",
    "static_files": "directories",
}
"""Fields whose parameter has another name."""

NAMED_VALUES: Final[Mapping[tuple[str, Any], tuple[str, str]]] = {
    ("input_mode", "pressed_keys"): ("InputModes", "PressedKeys"),
    ("input_mode", "single_keystroke"): ("InputModes", "SingleKeystroke"),
    ("action_population_method", "default_action"): ("ActionSettings", "DefaultAction"),
    ("action_population_method", "previous_submitted_action"): ("ActionSettings", "PreviousSubmittedAction"),
    ("policy", "human"): ("PolicyTypes", "Human"),
    ("policy", "random"): ("PolicyTypes", "Random"),
}

SHARED: Final = ("hide_lobby_count", "max_rtt", "matchmaker")
"""What `matchmaking` and `multiplayer` both set: the later call takes it out of the other section."""


def write_python(study: Study, *, script_name: str = "experiment.py", in_script: Collection[str] = ()) -> str:
    """Return a script in the chain API that `mug.study.load` reads as a study equal to `study`.

    Comments of an earlier script are not known here: the text is written anew, always the same for the same study.

    Args:
        study: What to write.
        script_name: The file's name, for the words at its beginning.
        in_script: References that stand for objects of the script which the study was loaded from
            (`mug.study.LoadedStudy.callables`). Those that still have their first scene's id are known without.

    Raises:
        PythonWriteError: When the chain API refuses, or cannot say, what the study holds; with all such places.
    """
    problems = python_problems(study, in_script)
    if problems:
        raise PythonWriteError(problems)
    return _Writer(study, script_name).text()


_FILE_NAME: Final = re.compile(r"[\w.()-]{1,60}")


class _Writer:
    def __init__(self, study: Study, script_name: str) -> None:
        self.study = study
        self.script_name = script_name
        self.imports: dict[str, set[str]] = {}
        self.statements: list[str] = []
        self.names = _Names()

    def text(self) -> str:
        run = self.use("mug.server.app", "run")
        stager = call(self.use("mug.scenes.stager", "Stager"), [("scenes", self.scenes(self.study.chain))])
        self.statements.append(assignment("stager", stager))
        config = call(self.use("mug.configurations.experiment_config", "ExperimentConfig"), ())
        self.statements.append(chain("config", config, list(self.config_calls())))
        imports = [import_line(module, self.imports[module]) for module in sorted(self.imports)]
        parts = [self.docstring(), "\n".join([*self.standard_imports(), *imports]), *self.statements]
        return "\n\n".join(parts) + f'\n\nif __name__ == "__main__":\n    {run}(config)\n'

    def docstring(self) -> str:
        title = self.study.title or ""
        fits = title.isprintable() and not set(title) & {'"', "\\"} and 0 < len(title.strip()) <= 60
        name = title.strip().rstrip(".") if fits else str(self.study.id)
        file = self.script_name if _FILE_NAME.fullmatch(self.script_name) else "experiment.py"
        return f'"""{name}.\n\nRun it with ``python {file}``, or ``mug serve {file}``.\n"""'

    def standard_imports(self) -> list[str]:
        return ["import datetime\n"] if _holds_dates(encode_study(self.study)) else []

    def use(self, module: str, name: str) -> str:
        self.imports.setdefault(module, set()).add(name)
        return name

    # --- the study -------------------------------------------------------------------------------------------------

    def config_calls(self) -> Iterator[Group]:
        study = self.study
        for method, fields in CONFIG_METHODS.items():
            given = list(self.arguments(study, fields))
            if method == "experiment":
                given.insert(0, ("stager", "stager"))
            if given:
                yield call(method, given)
        for section, method in SECTION_METHODS.items():
            given = list(self.arguments(getattr(study, section)))
            if section == "treatments":
                given = [argument for argument in given if argument[0] != "arms"]
                if study.treatments.arms:
                    given.insert(0, ("arms", self.arms(study)))
            if given:
                yield call(method, given)
        further = {"layout": study.layout} if study.layout else {}
        yield from _study_fields({**further, **study.extra})
        for section in SECTION_METHODS:
            yield from _study_fields(getattr(study, section).extra, section)

    def arms(self, study: Study) -> Group:
        """Return the list of the treatments, each with what differs under it."""
        module, name = TREATMENT_CLASS
        self.use(module, name)
        made = []
        for arm, said in study.treatments.arms.items():
            given: list[tuple[str, Source]] = [("", literal(arm))]
            if "changes" in said:
                given.append(("changes", literal(said["changes"])))
            given += [(word, literal(said[word])) for word in ("title", "weight") if word in said]
            made.append(("", call(name, given)))
        return Group("[", tuple(made), "]")

    # --- nodes -----------------------------------------------------------------------------------------------------

    def scenes(self, nodes: Iterable[Node]) -> Group:
        return Group("[", tuple(("", self.node(node)) for node in nodes), "]")

    def node(self, node: Node) -> Source:
        """Return how the node is called where it stands: a variable, or a wrapper with what is in it."""
        made = self.made(node)
        if not isinstance(node, RandomizeOrder | Repeat):
            name = self.names.of(node.scene_id)
            self.statements.append(chain(name, made, list(self.scene_calls(node))))
            return name
        if not node.extra:
            return made
        name = self.names.of("order" if isinstance(node, RandomizeOrder) else "rounds")
        self.statements.append(chain(name, made, list(_study_fields(node.extra))))
        return name

    def made(self, node: Node) -> Source:
        module, name = SCENE_CLASSES[type(node)]
        self.use(module, name)
        fields = CONSTRUCTOR_FIELDS.get(type(node), ())
        if isinstance(node, RandomizeOrder | Repeat):
            inner = self.scenes(node.scenes)
            return call(name, [("scenes", inner), *self.arguments(node, fields[1:])])
        return call(name, self.arguments(node, fields))

    def scene_calls(self, scene: Scene) -> Iterator[Group]:
        known = {info.name for info in struct_fields(type(scene))}
        for method, fields in SCENE_METHODS.items():
            given = list(self.arguments(scene, [field for field in fields if field in known]))
            if given:
                yield call(method, given)
        if isinstance(scene, GymGame):
            yield from self.game_calls(scene)
        if isinstance(scene, EmbeddedBuild):
            yield from self.build_calls(scene)
        hooks = list(self.arguments(scene, [field for field in HOOKS if field in known]))
        if hooks:
            yield call("hooks", hooks)
        yield from _study_fields(scene.extra)

    def game_calls(self, game: GymGame) -> Iterator[Group]:
        shared = _shared_by_both(game)
        infos = [info for info in struct_fields(GymGame) if info.section is not None]
        for info in infos:
            section = getattr(game, info.name)
            given = list(self.arguments(section))
            if isinstance(section, RuntimeSection) and _gives_code(section):
                given = [argument for argument in given if argument[0] != "run_through_pyodide"]
            elif info.name == "multiplayer":
                given = [*_monitoring(game), *given]
            if given:
                yield call(info.name, given)
            if isinstance(section, RuntimeSection) and _gives_code(section) and not section.run_through_pyodide:
                yield call("runtime", [("run_through_pyodide", "False")])
        yield from _study_fields(shared, "matchmaking")
        for info in infos:
            yield from _study_fields(getattr(game, info.name).extra, info.name)

    def build_calls(self, scene: EmbeddedBuild) -> Iterator[Group]:
        for name in ("webgl", "game"):
            given = list(self.arguments(getattr(scene, name)))
            if given:
                yield call(name, given)
        for name in ("webgl", "game"):
            yield from _study_fields(getattr(scene, name).extra, name)

    # --- values ----------------------------------------------------------------------------------------------------

    def arguments(self, section: Section, fields: Iterable[str] | None = None) -> Iterator[tuple[str, Source]]:
        """Go through the fields that say something, with the names of their parameters."""
        infos = {info.name: info for info in struct_fields(type(section))}
        for name in infos if fields is None else fields:
            value, info = getattr(section, name), infos[name]
            if info.required or name in ALWAYS_GIVEN or value != info.default or type(value) is not type(info.default):
                yield PARAMETERS.get(name, name), self.value(name, value)

    def value(self, name: str, value: Any) -> Source:
        if isinstance(value, str) and (name, value) in NAMED_VALUES:
            return self.named(name, value)
        if name == "action_mapping":
            return self.bindings(value)
        if name == "policy_mapping":
            agents = ((f"{text_literal(agent)}: ", self.policy(policy)) for agent, policy in value.items())
            return Group("{", tuple(agents), "}")
        if name == "dropout_agent_policy":
            return self.policy(value)
        return literal(value)

    def named(self, name: str, value: str) -> str:
        group, member = NAMED_VALUES[name, value]
        return f"{self.use(_CONSTANTS, group)}.{member}"

    def policy(self, policy: Any) -> Source:
        if isinstance(policy, str) and ("policy", policy) in NAMED_VALUES:
            return self.named("policy", policy)
        if _is_model(policy):
            given = [(name, literal(policy[name])) for name in MODEL_FIELDS if name in policy]
            return call(self.use(_CONSTANTS, "ModelConfig"), given)
        return literal(policy)

    def bindings(self, bindings: Iterable[KeyBinding]) -> Group:
        items = []
        for binding in bindings:
            keys = ", ".join(map(text_literal, binding.keys))
            items.append((f"({keys}): " if len(binding.keys) > 1 else f"{keys}: ", literal(binding.action)))
        return Group("{", tuple(items), "}")


def _holds_dates(value: Any) -> bool:
    match value:
        case Mapping():
            return any(_holds_dates(item) for item in value.values())
        case list() | tuple():
            return any(_holds_dates(item) for item in value)
    return isinstance(value, date | time)


def _gives_code(runtime: RuntimeSection) -> bool:
    """Whether the call itself switches the browser's Python on."""
    return (
        runtime.environment_initialization_code is not None
        or runtime.environment_initialization_code_filepath is not None
    )


def _monitoring(game: GymGame) -> list[tuple[str, Source]]:
    """Say that monitoring is off where the other values of the call would switch it on."""
    rules = game.multiplayer
    watched = any(
        info.name.startswith("continuous_") and getattr(rules, info.name) != info.default
        for info in struct_fields(type(rules))
    )
    off = watched and not rules.continuous_monitoring_enabled
    return [("continuous_monitoring_enabled", "False")] if off else []


def _shared_by_both(game: GymGame) -> dict[str, Any]:
    """Return what the call of `multiplayer` takes out of `matchmaking`, though both say it."""
    defaults = {info.name: info.default for info in struct_fields(type(game.matchmaking))}
    return {
        name: getattr(game.matchmaking, name)
        for name in SHARED
        if getattr(game.matchmaking, name) != defaults[name] and getattr(game.multiplayer, name) != defaults[name]
    }


def _study_fields(fields: Mapping[str, Any], section: str | None = None) -> Iterator[Group]:
    if fields:
        where = [("section", text_literal(section))] if section is not None else []
        yield call("study_fields", [("", literal(fields)), *where])


def _is_model(policy: Any) -> bool:
    """Whether `ModelConfig` says exactly the same."""
    if not isinstance(policy, Mapping) or policy.get("kind") != "onnx" or not set(policy) <= {"kind", *MODEL_FIELDS}:
        return False
    inputs, outputs = policy.get("state_inputs"), policy.get("state_outputs")
    lists = all(value is None or isinstance(value, list) for value in (inputs, outputs))
    return (
        all(isinstance(policy.get(name), str) and policy[name] for name in ("obs_input", "logit_output"))
        and all(policy[name] is not None for name in policy)
        and isinstance(policy.get("custom_inference_fn", ""), str)
        and lists
        and len(inputs or ()) == len(outputs or ())
        and (not inputs or "state_shape" in policy)
        and policy.get("sampling", "sample") in ("sample", "argmax")
    )


class _Names:
    """Gives every scene a variable, named after its id."""

    def __init__(self) -> None:
        taken = {name for _, name in SCENE_CLASSES.values()} | {group for group, _ in NAMED_VALUES.values()}
        self._taken = {
            *taken,
            "ExperimentConfig",
            "ModelConfig",
            "Stager",
            "Treatment",
            "config",
            "datetime",
            "run",
            "stager",
        }

    def of(self, scene_id: str) -> str:
        name = re.sub(r"[^A-Za-z0-9_]+", "_", scene_id).strip("_") or "scene"
        if name[0].isdigit():
            name = f"scene_{name}"
        if keyword.iskeyword(name) or keyword.issoftkeyword(name) or name in _BUILTINS or name in self._taken:
            name = f"{name}_scene"
        wanted, number = name, 1
        while name in self._taken:
            number += 1
            name = f"{wanted}_{number}"
        self._taken.add(name)
        return name


_BUILTINS: Final = frozenset(dir(builtins))
