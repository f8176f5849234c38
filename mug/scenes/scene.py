"""Scenes and what puts them in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self, TypeVar

from mug.configurations.configuration_constants import Given, NotProvided
from mug.ids import check_id
from mug.scenes.values import Building, checked, given_values, split_fields
from mug.study.catalog import struct_fields
from mug.study.model import Node, Section, StaticPage
from mug.study.model import RandomizeOrder as RandomizeOrderNode
from mug.study.model import Repeat as RepeatNode

__all__ = ["RandomizeOrder", "RepeatScene", "Scene", "SceneWrapper", "unset_hook"]


_Hook = TypeVar("_Hook", bound=Callable[..., Any])


def unset_hook(method: _Hook) -> _Hook:
    """Mark a hook's own method, which does nothing: only one that a subclass puts in its place is called."""
    method.__dict__["is_unset"] = True
    return method


class Scene:
    """Base of all scenes.

    A scene's methods set what they are given and return the scene, so that they can be chained; what they are not
    given stays as it was. Scenes can be copied with `copy.deepcopy` and set again.
    """

    _struct: type[Section] = StaticPage
    _hooks: tuple[str, ...] = ("on_connect", "on_client_callback")

    def __init__(self) -> None:
        self._own: dict[str, Any] = {}
        self._sections: dict[str, dict[str, Any]] = {}
        self._unknown: dict[str, dict[str, Any]] = {}

    @property
    def scene_id(self) -> str | None:
        """The scene's id, or None before `scene` gave it one."""
        value = self._own.get("scene_id")
        return value if isinstance(value, str) else None

    def scene(
        self,
        scene_id: Given[str] = NotProvided,
        experiment_config: Given[Mapping[str, Any]] = NotProvided,
        should_export_metadata: Given[bool] = NotProvided,
    ) -> Self:
        """Name the scene.

        Args:
            scene_id: Its label: in the data, and where other scenes refer to it. Letters, digits, ``-``, ``_``, ``.``.
            experiment_config: Values of your own, kept with the scene.
            should_export_metadata: Put the scene's settings beside its data in the export.

        Raises:
            ValueError: For an id that is not allowed.
        """
        if scene_id is not NotProvided:
            if not isinstance(scene_id, str):
                raise TypeError(f"scene(scene_id=…) is {scene_id!r}; it must be a text")
            check_id(scene_id, "scene_id")
        return self._give(
            "scene",
            scene_id=scene_id,
            experiment_config=experiment_config,
            should_export_metadata=should_export_metadata,
        )

    def hooks(
        self,
        on_connect: Given[Callable[..., Any] | str | None] = NotProvided,
        on_client_callback: Given[Callable[..., Any] | str | None] = NotProvided,
    ) -> Self:
        """Say what the server calls, without a subclass; what is given here goes before the methods of one.

        Args:
            on_connect: Function, or its name as ``"module:function"``, called with a context when a participant
                arrives at the scene.
            on_client_callback: The same for messages of the study's own page.
        """
        return self._give("hooks", on_connect=on_connect, on_client_callback=on_client_callback)

    def study_fields(self, fields: Mapping[str, Any], section: str | None = None) -> Self:
        """Set fields by the names that they have in a study file, one by one: nothing else is changed with them.

        Fields that this version of MUG does not know are kept as they are, as those of a file that a newer one wrote.

        Args:
            fields: Name → value.
            section: The part of the scene that they belong to, as "gameplay"; not given: the scene itself.

        Raises:
            ValueError: For a value that a field does not allow, or when there is no such section.
            TypeError: For a value of a type that it does not allow.
        """
        known, unknown = split_fields("study_fields", self._struct, section, fields)
        if isinstance(known.get("scene_id"), str):
            check_id(known["scene_id"], "scene_id")
        (self._own if section is None else self._sections.setdefault(section, {})).update(known)
        self._unknown.setdefault(section or "", {}).update(unknown)
        return self

    @unset_hook
    def on_connect(self, context: Any) -> Any:
        """Called on the server when a participant arrives at the scene; for subclasses."""

    @unset_hook
    def on_client_callback(self, context: Any) -> Any:
        """Called on the server when the page sends a message of the study's own; for subclasses."""

    def _give(self, method: str, **given: Any) -> Self:
        """Set fields of the scene itself."""
        self._own.update(given_values(method, self._struct, given))
        return self

    def _give_section(self, section: str, **given: Any) -> Self:
        """Set fields of one of the scene's sections."""
        info = next(info for info in struct_fields(self._struct) if info.name == section)
        assert info.section is not None
        self._sections.setdefault(section, {}).update(given_values(section, info.section, given))
        return self

    def build_node(self, building: Building) -> Node:
        """Return the scene as study data.

        Raises:
            ValueError: When it has no id.
        """
        if self.scene_id is None:
            raise ValueError(f"a {type(self).__name__} has no scene_id: call .scene(scene_id=…) on it")
        values = building.section(self._struct, self._own, self.scene_id)
        for hook in self._hooks:
            if hook not in values and not hasattr(getattr(type(self), hook), "is_unset"):
                values[hook] = building.reference(getattr(self, hook), f"{self.scene_id}.{hook}")
        for info in struct_fields(self._struct):
            if info.section is not None and (info.name in self._sections or info.name in self._unknown):
                section = building.section(info.section, self._sections.get(info.name, {}), self.scene_id)
                values[info.name] = info.section(**section, extra=dict(self._unknown.get(info.name, {})))
        node: Any = self._struct(**values, extra=dict(self._unknown.get("", {})))
        built: Node = node
        return built


class SceneWrapper:
    """Base of what holds scenes and says in which order they come. Wrappers nest.

    Args:
        scenes: One scene or wrapper, or a list of them.
    """

    _struct: type[Section] = Section

    def __init__(self, scenes: Scene | SceneWrapper | Iterable[Scene | SceneWrapper]) -> None:
        self.scenes: list[Scene | SceneWrapper] = scene_list(type(self).__name__, scenes)
        self._unknown: dict[str, Any] = {}

    def study_fields(self, fields: Mapping[str, Any]) -> Self:
        """Keep fields that this version of MUG does not know, as those of a file that a newer one wrote.

        Args:
            fields: Name → value.

        Raises:
            ValueError: For a field that the constructor takes.
        """
        known, unknown = split_fields("study_fields", self._struct, None, fields)
        for name in known:
            raise ValueError(f"study_fields(fields=…) has {name!r}; give it to {type(self).__name__} itself")
        self._unknown.update(unknown)
        return self

    def build_node(self, building: Building) -> Node:
        """Return the wrapper as study data."""
        raise NotImplementedError("use RandomizeOrder or RepeatScene")

    def _built(self, building: Building) -> tuple[Node, ...]:
        return tuple(scene.build_node(building) for scene in self.scenes)


class RandomizeOrder(SceneWrapper):
    """Puts its scenes in a random order, drawn from the participant's seed.

    Args:
        scenes: One scene or wrapper, or a list of them.
        keep_n: How many of them each participant gets; None: all.
        per: "participant" (each has an order of its own) or "group" (people who play together share it); None:
            "group" when all scenes are multiplayer with one number of humans, else "participant".
    """

    _struct = RandomizeOrderNode

    def __init__(
        self,
        scenes: Scene | SceneWrapper | Iterable[Scene | SceneWrapper],
        keep_n: int | None = None,
        per: str | None = None,
    ) -> None:
        super().__init__(scenes)
        known = {info.name: info for info in struct_fields(RandomizeOrderNode)}
        self.keep_n: int | None = checked("RandomizeOrder", known["keep_n"], keep_n)
        self.per: str | None = checked("RandomizeOrder", known["per"], per)
        if self.keep_n is not None and self.keep_n > len(self.scenes):
            raise ValueError(
                f"RandomizeOrder(keep_n=…) is {keep_n}; allowed is 1 to {len(self.scenes)}, the number of its scenes"
            )

    def build_node(self, building: Building) -> Node:
        """Return the wrapper as study data."""
        return RandomizeOrderNode(
            scenes=self._built(building), keep_n=self.keep_n, per=self.per, extra=dict(self._unknown)
        )


class RepeatScene(SceneWrapper):
    """Brings its scenes `n` times, one round after the other.

    Args:
        scenes: One scene or wrapper, or a list of them.
        n: How many times.
    """

    _struct = RepeatNode

    def __init__(self, scenes: Scene | SceneWrapper | Iterable[Scene | SceneWrapper], n: int) -> None:
        super().__init__(scenes)
        known = {info.name: info for info in struct_fields(RepeatNode)}
        self.n: int = checked("RepeatScene", known["n"], n)

    def build_node(self, building: Building) -> Node:
        """Return the wrapper as study data."""
        return RepeatNode(scenes=self._built(building), n=self.n, extra=dict(self._unknown))


def scene_list(what: str, scenes: Scene | SceneWrapper | Iterable[Scene | SceneWrapper]) -> list[Scene | SceneWrapper]:
    """Return `scenes`, one or several, as a list.

    Raises:
        TypeError: When something else is among them.
        ValueError: When there are none.
    """
    if isinstance(scenes, Scene | SceneWrapper):
        return [scenes]
    if not isinstance(scenes, list | tuple):
        raise TypeError(f"{what}(scenes=…) is {scenes!r}; it must be a scene or wrapper, or a list of them")
    for index, scene in enumerate(scenes):
        if not isinstance(scene, Scene | SceneWrapper):
            hint = ": call it, or make an instance" if callable(scene) else ""
            raise TypeError(f"{what}(scenes=…)[{index}] is {scene!r}; it must be a scene or wrapper{hint}")
    if not scenes:
        raise ValueError(f"{what}(scenes=…) is empty; it must hold at least one scene")
    return list(scenes)
