"""An editor entry by entry that can also be used as source text."""

from typing import Any

from typing_extensions import override

from gui.design.inspector.editor import FieldEditor
from gui.design.inspector.entries import EntriesEditor
from gui.design.inspector.surroundings import Surroundings
from gui.design.inspector.value_editors import SourceValueEditor
from gui.widgets.basics import Button
from mug.study.catalog import FieldInfo

__all__ = ["WithSource"]


class WithSource(FieldEditor):
    """An editor entry by entry that can also be used as source text.

    Attributes:
        entries: The editor entry by entry.
        source: The editor of the source, once it was asked for.
    """

    def __init__(self, around: Surroundings, info: FieldInfo, entries: EntriesEditor) -> None:
        super().__init__(around, info)
        self.entries = entries
        self.source: SourceValueEditor | None = None
        self.source_button = Button(
            around.theme, "Source", "python", role="link", name=f"{info.title}: source", on_click=self.toggle_source
        )
        entries.add_foot(self.source_button)
        self._back = Button(
            around.theme, "Entries", "log", role="link", name=f"{info.title}: entries", on_click=self.toggle_source
        )
        self._back.hide()
        self._column(entries)
        self._join(entries)

    def _join(self, editor: FieldEditor) -> None:
        editor.typed.connect(self.typed)
        editor.chosen.connect(self.chosen)
        editor.mistaken.connect(self.mistaken)

    @property
    def shows_source(self) -> bool:
        """Whether the source is shown."""
        return self.source is not None and not self.source.isHidden()

    def toggle_source(self) -> None:
        """Show the source instead of the entries, or the other way round; a mistake in the source has to be mended."""
        if self.shows_source and self.draft() is not None:
            return
        layout = self.layout()
        assert layout is not None
        if self.source is None:
            self.source = SourceValueEditor(self.around, self.info)
            self._join(self.source)
            layout.addWidget(self.source)
            layout.addWidget(self._back)
            self.source.hide()
        to_source = self.source.isHidden()
        self.source.setVisible(to_source)
        self._back.setVisible(to_source)
        self.entries.setVisible(not to_source)
        self._show()
        (self.source if to_source else self.entries).focus_inside()

    @override
    def _show(self) -> None:
        editors: list[FieldEditor] = [self.entries]
        if self.source is not None:
            editors.append(self.source)
        for editor in editors:
            if self.mixed:
                editor.show_mixed()
            else:
                editor.show_value(self.value)

    @override
    def settle(self) -> None:
        (self.source if self.shows_source and self.source is not None else self.entries).settle()

    @override
    def forget(self) -> None:
        self.entries.forget()
        if self.source is not None:
            self.source.forget()

    @override
    def draft(self) -> str | None:
        return self.source.draft() if self.shows_source and self.source is not None else self.entries.draft()

    @override
    def kept(self) -> Any:
        kept = self.source.kept() if self.shows_source and self.source is not None else self.entries.kept()
        return None if kept is None else (self.shows_source, kept)

    @override
    def take_draft(self, kept: Any) -> None:
        is_source, inner = kept
        if is_source != self.shows_source:
            self.toggle_source()
        (self.source if is_source and self.source is not None else self.entries).take_draft(inner)

    @override
    def focus_inside(self) -> None:
        (self.source if self.shows_source and self.source is not None else self.entries).focus_inside()

    @override
    def focus_part(self, name: str, place: str) -> None:
        if self.shows_source:
            self.focus_inside()
        else:
            self.entries.focus_part(name, place)

    @override
    def focus_place(self, place: str) -> None:
        if not self.shows_source:
            self.entries.focus_place(place)
