"""The Tab key goes through a panel in the order in which things lie there, whenever they were made."""

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLayout, QScrollArea, QWidget

__all__ = ["go_on", "go_round", "leave"]


def go_on(panel: QWidget, *, forward: bool) -> QWidget | None:
    """Give the focus to the next stop in a panel, or the one before; None: it is at the end."""
    stops = list(_stops(panel))
    now = QApplication.focusWidget()
    places = [index for index, stop in enumerate(stops) if now is not None and now in (stop, stop.focusProxy())]
    at = places[0] + (1 if forward else -1) if places else -1
    return _focused(stops[at], forward) if 0 <= at < len(stops) else None


def go_round(panel: QWidget, *, forward: bool) -> QWidget | None:
    """Give the focus to the first stop in a panel, or the last: it is alone in its window."""
    stops = list(_stops(panel))
    return _focused(stops[0 if forward else -1], forward) if stops else None


def _focused(stop: QWidget, forward: bool) -> QWidget:
    stop.setFocus(_reason(forward))
    return stop


def leave(panel: QWidget, *, forward: bool) -> bool:
    """Give the focus to what comes behind a panel, or before it, in its window; returns whether there is something.

    Qt's own chain is not asked: PySide takes what `nextInFocusChain` returns for a part of the widget that was asked,
    and forgets it (the whole menu bar, say) when that widget goes.
    """
    window = panel.window()
    everything = window.findChildren(QWidget)
    inside = {id(panel), *(id(part) for part in panel.findChildren(QWidget))}
    place = next((index for index, widget in enumerate(everything) if widget is panel), 0)
    order = everything[place:] + everything[:place]
    for found in order if forward else reversed(order):
        usable = found.isVisible() and found.isEnabled() and found.window() is window and id(found) not in inside
        if usable and found.focusPolicy() & Qt.FocusPolicy.TabFocus and found.focusProxy() is None:
            found.setFocus(_reason(forward))
            return True
    return False


def _reason(forward: bool) -> Qt.FocusReason:
    return Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason


def _stops(widget: QWidget) -> Iterator[QWidget]:
    inner = widget.widget() if isinstance(widget, QScrollArea) else None
    if inner is not None:
        yield from _stops(inner)
        return
    if not widget.isVisible():
        return
    can_stop = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus) and widget.isEnabled()
    if can_stop and widget.focusProxy() is None:
        yield widget
        return
    layout = widget.layout()
    if layout is not None:
        yield from _stops_of_layout(layout)


def _stops_of_layout(layout: QLayout) -> Iterator[QWidget]:
    for index in range(layout.count()):
        item = layout.itemAt(index)
        assert item is not None
        inner, widget = item.layout(), item.widget()
        if widget is not None:
            yield from _stops(widget)
        elif inner is not None:
            yield from _stops_of_layout(inner)
