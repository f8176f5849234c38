"""The reference page of studies, made of what is known about each field.

``python -m mug.study.reference`` writes ``docs/reference/study.md``; with ``--check`` it says whether the page is as it
should be.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from mug.study.catalog import NODE_KINDS, FieldInfo, struct_fields
from mug.study.model import Section, Study

__all__ = ["main", "reference_page"]

PAGE: Final = Path("docs") / "reference" / "study.md"

_HEAD: Final = """\
# Studies: every setting

<!-- Made by `python -m mug.study.reference` from the descriptions in `mug.study`; change those. -->

A study is a folder with a file `study.toml`, or a Python script in the chain API; both have the same settings under the
same names. `mug check STUDY` says what is wrong with one.

- A setting that is not written has its default. There is no null: leave a setting out.
- Fields that this version of MUG does not know are kept and reported.
- Relative paths start in the study's folder, then in the working directory.
- A function is named `"module:function"` or `"file.py:function"`. In a script it may be the function itself.
  `env_creator`, `hud_text_fn` and `env_to_state_fn` run in the participant's browser, where the script is not: such a
  function goes there with the constants, imports and functions that it uses; one that needs more is reported.
- The chain is a list of tables, `[[chain]]`, each with a `kind`; what a wrapper holds is `[[chain.scenes]]`.
- "Later" marks settings that are kept and checked, but whose function this version does not have yet. Setting one is
  reported: as an error where the study would not do what it says, else as a warning.

```toml
format = 1
id = "my-study"

[[chain]]
kind = "start_page"
scene_id = "welcome"
scene_body_filepath = "pages/welcome.html"

[[chain]]
kind = "gym_game"
scene_id = "game"

[chain.gameplay]
action_mapping = [
    {keys = ["ArrowLeft"], action = 0},
    {keys = ["ArrowLeft", "ArrowUp"], action = 1},
]
default_action = 2

[chain.runtime]
environment_initialization_code_filepath = "environment.py"
packages_to_install = ["gymnasium>=1.0"]

[[chain]]
kind = "completion_code_page"
scene_id = "end"
scene_body = "<p>Thank you.</p>"
```

In the chain API the same settings are parameters of methods: `GymScene().scene("game").gameplay(num_episodes=2)`; each
section of a game is a method of that name. `ExperimentConfig` has `experiment`, `hosting`, `static_files`, `webrtc`,
`entry_screening` (the table `screening`), `endings` and `treatments`. What a form asks stands in its call:
`TextBox("What did you notice?")`. [Python scripts](python-scripts.md) says what else there is, and how a study becomes
a script or a script a folder.
"""

_SCENES: Final = {
    "start_page": "StartScene",
    "static_page": "StaticScene",
    "text_box": "TextBox",
    "multiple_choice": "MultipleChoice",
    "scales_and_text_box": "ScalesAndTextBox",
    "option_boxes_with_scales_and_text_box": "OptionBoxesWithScalesAndTextBox",
    "gym_game": "GymScene",
    "unity_game": "UnityScene",
    "html_game": "HtmlGameScene",
    "randomize_order": "RandomizeOrder",
    "repeat": "RepeatScene",
    "end_page": "EndScene",
    "completion_code_page": "CompletionCodeScene",
}


def reference_page() -> str:
    """Return the whole page as Markdown."""
    parts = [_HEAD, "## The study\n\nSettings at the top of the file.\n\n" + _table(_plain(Study))]
    for info in struct_fields(Study):
        if info.section is not None:
            parts.append(f"## `[{info.name}]`\n\n{_doc(info.section)}\n\n" + _table(struct_fields(info.section)))
    for kind in NODE_KINDS.values():
        head = f'## `kind = "{kind.kind}"`\n\n{_doc(kind.struct)} In the chain API: `{_SCENES[kind.kind]}`.\n\n'
        parts.append(head + _table(_plain(kind.struct)))
        for info in struct_fields(kind.struct):
            if info.section is not None:
                parts.append(
                    f"### `[chain.{info.name}]`\n\n{_doc(info.section)}\n\n" + _table(struct_fields(info.section))
                )
    return "\n".join(parts)


def _plain(struct: type[Section]) -> tuple[FieldInfo, ...]:
    return tuple(info for info in struct_fields(struct) if info.section is None)


def _doc(struct: type) -> str:
    return " ".join((struct.__doc__ or "").split())


def _table(infos: tuple[FieldInfo, ...]) -> str:
    rows = ["| field | value | default | meaning |", "|---|---|---|---|"]
    for info in infos:
        rows.append(f"| `{info.name}` | {_value(info)} | {_default(info)} | {_meaning(info)} |")
    return "\n".join(rows) + "\n"


def _value(info: FieldInfo) -> str:
    if info.choices is not None and info.type_words == "text":
        return " or ".join(f'`"{choice}"`' for choice in info.choices)
    return ", ".join([info.type_words, *_bounds(info)])


def _bounds(info: FieldInfo) -> Iterator[str]:
    unit = f" {info.unit}" if info.unit else ""
    if info.ge is not None and info.le is not None:
        yield f"{info.ge} to {info.le}{unit}"
    elif info.ge is not None:
        yield f"at least {info.ge}{unit}"
    elif info.unit:
        yield info.unit


def _default(info: FieldInfo) -> str:
    if info.required:
        return "required"
    shown: Any = info.default
    match shown:
        case None:
            return "not given"
        case bool():
            return f"`{str(shown).lower()}`"
        case str():
            return f'`"{shown}"`'
        case tuple() | dict():
            return f"`{json.dumps(shown)}`" if shown else "empty"
    return f"`{shown}`"


def _meaning(info: FieldInfo) -> str:
    text = f"**{info.title}.** {info.description}"
    return text.replace("|", "\\|")


def main(arguments: list[str]) -> int:
    """Write the page into the checkout, or compare it."""
    page = Path(__file__).parents[2] / PAGE
    wanted = reference_page()
    if "--check" in arguments:
        if page.is_file() and page.read_text(encoding="utf-8") == wanted:
            return 0
        sys.stderr.write(f"{PAGE} is not up to date: run `python -m mug.study.reference`\n")
        return 1
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
