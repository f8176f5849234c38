"""What an experiment is: its data, its files, its problems.

Names are loaded when they are first used, so that importing the package costs nothing.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mug.study.errors import CallableError, StudyFileError, StudyLoadError
    from mug.study.files import dump_study, parse_study, read_study, write_study
    from mug.study.hashing import content_hash
    from mug.study.loading import LoadedStudy, load
    from mug.study.model import (
        FORMAT,
        AssetsSection,
        CompletionCodePage,
        ContentSection,
        EndPage,
        EntryScreening,
        EnvironmentSection,
        FormPage,
        GameplaySection,
        GymGame,
        Hosting,
        KeyBinding,
        MatchmakingSection,
        MultiplayerSection,
        MultipleChoiceForm,
        Node,
        OptionBoxesForm,
        PoliciesSection,
        RandomizeOrder,
        RenderingSection,
        Repeat,
        RuntimeSection,
        ScalesForm,
        Section,
        StartPage,
        StaticPage,
        Study,
        TextBoxForm,
        WaitroomSection,
        WebRtc,
    )
    from mug.study.plan import PlannedNode, draw_plan
    from mug.study.problems import Problem, node_id_of
    from mug.study.traversal import NodePath, agents_of, human_agents, node_at, walk
    from mug.study.validation import validate

_PLACES = {
    "CallableError": "errors",
    "StudyFileError": "errors",
    "StudyLoadError": "errors",
    "dump_study": "files",
    "parse_study": "files",
    "read_study": "files",
    "write_study": "files",
    "content_hash": "hashing",
    "LoadedStudy": "loading",
    "load": "loading",
    "PlannedNode": "plan",
    "draw_plan": "plan",
    "Problem": "problems",
    "node_id_of": "problems",
    "validate": "validation",
    "NodePath": "traversal",
    "agents_of": "traversal",
    "human_agents": "traversal",
    "node_at": "traversal",
    "walk": "traversal",
}

__all__ = [
    "FORMAT",
    "AssetsSection",
    "CallableError",
    "CompletionCodePage",
    "ContentSection",
    "EndPage",
    "EntryScreening",
    "EnvironmentSection",
    "FormPage",
    "GameplaySection",
    "GymGame",
    "Hosting",
    "KeyBinding",
    "LoadedStudy",
    "MatchmakingSection",
    "MultiplayerSection",
    "MultipleChoiceForm",
    "Node",
    "NodePath",
    "OptionBoxesForm",
    "PlannedNode",
    "PoliciesSection",
    "Problem",
    "RandomizeOrder",
    "RenderingSection",
    "Repeat",
    "RuntimeSection",
    "ScalesForm",
    "Section",
    "StartPage",
    "StaticPage",
    "Study",
    "StudyFileError",
    "StudyLoadError",
    "TextBoxForm",
    "WaitroomSection",
    "WebRtc",
    "agents_of",
    "content_hash",
    "draw_plan",
    "dump_study",
    "human_agents",
    "load",
    "node_at",
    "node_id_of",
    "parse_study",
    "read_study",
    "validate",
    "walk",
    "write_study",
]


def __getattr__(name: str) -> Any:
    import importlib

    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PLACES.get(name, 'model')}"), name)
