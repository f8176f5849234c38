"""Views of a game that the server steps, as what changed since the view before.

A view goes to its page as the JSON of a `ViewDelta`:

- ``episode``, ``frame``: steps made in the episode so far. ``at_ms``: when that was, on the match's clock; pages show
  views evenly by it.
- ``base``: the number (`ServerView.n`) of the view that this one changes, always one that the page was sent; -1: none,
  it is whole.
- ``keys_n``: the newest ServerKeys of this page that the frame has taken in, -1 none.
- ``hud`` (text or null), ``score``: only when they changed, or in a whole view.
- ``new``: draw objects (wire form) that were not there before; ``changed``: ``{"uuid": …, field: value}`` with the
  fields that differ; ``gone``: uuids. ``order``: all uuids in drawing order, only where the order that
  follows from appending ``new`` is another one.
- ``image``: ``{"width", "height", "kind"}`` of the picture beside it (`ServerView.image`), where the environment gives
  pixels; then there are no objects. ``kind``: png, jpeg, webp; "same": the picture before still holds, none is sent.
"""

__all__: list[str] = []
