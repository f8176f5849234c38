"""What a page has shown, however short: for words that come and go while a test is busy elsewhere."""

from tests.drivers.browser_driver import ParticipantDriver

__all__ = ["MATCH_WORDS", "PageMemory"]

MATCH_WORDS = '[data-mug="match-words"]:not([data-mug-kind="none"])'
"""What is said over the picture of a game of several people."""

_KEEP = """(selectors) => {
    const kept = (window.mugTestKept = Object.fromEntries(selectors.map((selector) => [selector, []])));
    const before = {};
    window.mugTestLastFrame = null;
    const look = () => {
        const game = document.querySelector('[data-mug="game"]');
        if (game?.dataset.mugFrame) window.mugTestLastFrame = Number(game.dataset.mugFrame);
        for (const selector of selectors) {
            const text = document.querySelector(selector)?.textContent ?? "";
            if (text && text !== before[selector]) kept[selector].push(text);
            before[selector] = text;
        }
    };
    const what = { attributes: true, childList: true, characterData: true, subtree: true };
    new MutationObserver(look).observe(document, what);
}"""


class PageMemory:
    """Keeps every text of some elements of a page, each time it comes; a page that is loaded again begins anew."""

    def __init__(self, person: ParticipantDriver, *selectors: str) -> None:
        self._person = person
        person.observe(f"({_KEEP})({list(selectors)!r})")

    def texts(self, selector: str) -> list[str]:
        """Everything that an element has said, in order."""
        found: list[str] = self._person.page.evaluate("(selector) => window.mugTestKept[selector]", selector)
        return found

    def wait_for(self, selector: str, words: str) -> None:
        """Wait until an element has said these words, even if it says something else by now."""
        try:
            self._person.page.wait_for_function(
                "([selector, words]) => window.mugTestKept[selector].some((text) => text.includes(words))",
                arg=[selector, words],
            )
        except Exception as error:
            raise AssertionError(f"{words!r} did not come; {self._person.state()}") from error

    @property
    def last_frame(self) -> int:
        """The last frame of a game that the page has shown, also when the game is gone by now."""
        return int(self._person.page.evaluate("() => window.mugTestLastFrame ?? -1"))
