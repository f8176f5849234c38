"""What can be asked of desks, and what can be done with the map, as actions for menus, buttons and keys."""

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from gui.models.seat_words import ACTION_WORDS
from gui.widgets.theme import Theme

__all__ = ["ASK_KEYS", "ASK_TIPS", "SeatActions"]

ASK_KEYS: Final = {"identify": "I", "reload": "R", "fullscreen": "Shift+F", "home": "H", "begin": "B"}
ASK_TIPS: Final = {
    "identify": "Show each desk's name large on its screen for a few seconds",
    "reload": "Load the pages again",
    "fullscreen": "Ask the pages to fill their screens; the browser may want a click at the desk first",
    "home": "Send the pages back to the desk's own address, out of the session",
    "begin": "Let the pages that wait at home take part now",
}
_ASK_ICONS: Final = {
    "identify": "identify",
    "reload": "refresh",
    "fullscreen": "fullscreen",
    "home": "home",
    "begin": "play",
}


class SeatActions(QObject):
    """The actions of the Seats page. Keys of a letter work only while the page has the keyboard, never in a text.

    Attributes:
        ask: What is asked of desks, by identify, reload, fullscreen, home, begin.
        add_desks, add_desk, rename, remove, select_all, fit: Of the map.
        test, copy_table: Of the connections.
        open_here, close_here: Browsers on this machine.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme, home: QWidget, do: dict[str, Callable[[], object]], ask: Callable[[str], object]):
        super().__init__(home)
        self._theme, self._home = theme, home
        self._icons: list[tuple[QAction, str]] = []
        self.ask = {
            what: self._make(word, ASK_KEYS[what], partial(ask, what), _ASK_ICONS[what], ASK_TIPS[what])
            for what, word in ACTION_WORDS.items()
        }
        # The keys behind a tab are the map's own: they are shown, and work where the map has the keyboard.
        self.add_desks = self._make("&Add desks…", "Ctrl+Shift+A", do["add_desks"], "plus")
        self.add_desk = self._make("Add &one desk", "", do["add_desk"], "monitor")
        self.rename = self._make("Re&name…\tF2", "", do["rename"], "pencil")
        self.remove = self._make("Remo&ve\tDel", "", do["remove"], "entry-delete")
        self.select_all = self._make("Select &all\tCtrl+A", "", do["select_all"], "")
        self.fit = self._make("&See the whole room\tF", "", do["fit"], "fit")
        self.test = self._make("&Test connections", "T", do["test"], "network")
        self.copy_table = self._make("&Copy the table of connections", "", do["copy_table"], "copy")
        self.open_here = self._make("&Open seats here…", "", do["open_here"], "external")
        self.close_here = self._make("C&lose the seats opened here", "", do["close_here"], "close")
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def _make(self, text: str, keys: str, do: Callable[[], object], icon: str, tip: str = "") -> QAction:
        action = QAction(text, self)
        if keys:
            action.setShortcut(QKeySequence(keys))
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        if tip:
            action.setToolTip(f"{tip} ({keys})" if keys else tip)
        self._home.addAction(action)
        action.triggered.connect(lambda _checked=False: do())
        if icon:
            self._icons.append((action, icon))
        return action

    @Slot()
    def _on_theme_changed(self) -> None:
        for action, icon in self._icons:
            action.setIcon(self._theme.icon(icon, "muted"))
