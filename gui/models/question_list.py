"""A form's questions, one by one, though the form keeps them in several lists.

A form has a list with the texts of its questions, and beside it lists of the same length: names in the data, answers
(one list for all questions, or one for each), pictures (one for each question, or one for each answer). Whatever is
done to a question here is done to all lists, so that they go on fitting each other.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

__all__ = ["QuestionItem", "QuestionList"]

Texts = tuple[str, ...]


class QuestionItem(msgspec.Struct, frozen=True, kw_only=True):
    """One question.

    Attributes:
        text: What is asked.
        question_id: Its name in the data; empty: q1, q2, … by its place.
        answers: Its own answers; None: those that all questions share.
        picture: Its picture, or the pictures of its answers; empty: none.
    """

    text: str
    question_id: str = ""
    answers: Texts | None = None
    picture: str | Texts = ""


class QuestionList(msgspec.Struct, frozen=True, kw_only=True):
    """All questions of a form.

    Attributes:
        items: The questions.
        shared: The answers of all questions; None: each has its own.
        parts: What the form has lists of: what they hold of a question.
        surplus: What the form's lists hold beyond the last question (a mistake in the file); kept.
    """

    items: tuple[QuestionItem, ...]
    shared: Texts | None = ()
    parts: tuple[str, ...] = ()
    surplus: dict[str, tuple[Any, ...]] = {}

    @classmethod
    def of(cls, parts: Iterable[str], read: Callable[[str], Sequence[Any]]) -> "QuestionList":
        """Make it of a form's lists.

        Args:
            parts: What lists the form has ("question", "question_id", "answers", "picture").
            read: Returns the list of such a part.
        """
        known = tuple(parts)
        lists = {part: tuple(read(part)) if part in known else () for part in ("question_id", "answers", "picture")}
        texts = tuple(read("question"))
        answers = lists["answers"]
        shared = answers if all(isinstance(item, str) for item in answers) else None
        items = []
        for index, text in enumerate(texts):
            own = None if shared is not None else _texts(answers[index]) if index < len(answers) else ()
            name = lists["question_id"][index] if index < len(lists["question_id"]) else ""
            picture = lists["picture"][index] if index < len(lists["picture"]) else ""
            items.append(QuestionItem(text=text, question_id=name, answers=own, picture=picture))
        surplus = {
            part: values[len(texts) :]
            for part, values in lists.items()
            if len(values) > len(texts) and not (part == "answers" and shared is not None)
        }
        return cls(items=tuple(items), shared=shared, parts=known, surplus=surplus)

    def values(self) -> dict[str, tuple[Any, ...]]:
        """Return the form's lists, by what they hold of a question."""
        found: dict[str, tuple[Any, ...]] = {"question": tuple(item.text for item in self.items)}
        if "question_id" in self.parts:
            named = any(item.question_id for item in self.items) or "question_id" in self.surplus
            found["question_id"] = self._names() if named else ()
        if "answers" in self.parts:
            own = tuple(item.answers or () for item in self.items)
            found["answers"] = self.shared if self.shared is not None else own
        if "picture" in self.parts:
            found["picture"] = self._pictures()
        for part, rest in self.surplus.items():
            if part != "answers" or self.shared is None:
                found[part] = (*found[part], *rest)
        return found

    def answers_of(self, index: int) -> Texts:
        """Return the answers of a question."""
        return self.shared if self.shared is not None else self.items[index].answers or ()

    def name_of(self, index: int) -> str:
        """Return a question's name in the data."""
        return self._names()[index]

    # --- questions ----------------------------------------------------------------------------------------------------

    def with_question(self, text: str = "") -> "QuestionList":
        """Return the list with a question more, at the end; it has the answers of the last one."""
        answers = None if self.shared is not None else self.items[-1].answers if self.items else ()
        fresh = QuestionItem(text=text, question_id=self._fresh_name(), answers=answers)
        return self._with((*self.items, fresh))

    def duplicated(self, index: int) -> "QuestionList":
        """Return the list with a copy behind a question, under a name of its own."""
        copy = msgspec.structs.replace(self.items[index], question_id=self._fresh_name())
        return self._with((*self.items[: index + 1], copy, *self.items[index + 1 :]))

    def without(self, index: int) -> "QuestionList":
        """Return the list without a question."""
        return self._with((*self.items[:index], *self.items[index + 1 :]))

    def moved(self, index: int, to: int) -> "QuestionList":
        """Return the list with a question at another place."""
        items = list(self.items)
        items.insert(to, items.pop(index))
        return self._with(items)

    def changed(self, index: int, **values: Any) -> "QuestionList":
        """Return the list with a question that has another text, name or picture."""
        items = list(self.items)
        items[index] = msgspec.structs.replace(items[index], **values)
        return self._with(items)

    # --- answers ------------------------------------------------------------------------------------------------------

    def with_shared_answers(self, *, on: bool) -> "QuestionList":
        """Return the list whose questions share their answers, or have their own.

        Shared ones become each question's own. Own ones become one list with all of them, each once, in the order in
        which they come: none is lost.
        """
        if on == (self.shared is not None):
            return self
        if not on:
            return self._with([msgspec.structs.replace(item, answers=self.shared) for item in self.items], shared=None)
        lists = [item.answers or () for item in self.items]
        lists += [_texts(item) for item in self.surplus.get("answers", ())]
        alike = all(answers == lists[0] for answers in lists)
        union = (lists[0] if lists else ()) if alike else tuple(dict.fromkeys(text for own in lists for text in own))
        items = [
            msgspec.structs.replace(item, answers=None, picture=_moved_pictures(item, union)) for item in self.items
        ]
        surplus = {part: rest for part, rest in self.surplus.items() if part != "answers"}
        return msgspec.structs.replace(self, items=tuple(items), shared=union, surplus=surplus)

    def with_answer(self, index: int, text: str = "", at: int | None = None) -> "QuestionList":
        """Return the list with an answer more: of a question, or of all when they share them."""
        count = len(self.answers_of(index))
        place = count if at is None else at
        return self._with_answers(index, lambda texts, fresh: (*texts[:place], fresh, *texts[place:]), text)

    def with_changed_answer(self, index: int, number: int, text: str) -> "QuestionList":
        """Return the list with another text of an answer."""
        return self._with_answers(
            index, lambda texts, fresh: (*texts[:number], fresh, *texts[number + 1 :]), text, pictures=False
        )

    def without_answer(self, index: int, number: int) -> "QuestionList":
        """Return the list without an answer."""
        return self._with_answers(index, lambda texts, _: (*texts[:number], *texts[number + 1 :]))

    def with_moved_answer(self, index: int, number: int, to: int) -> "QuestionList":
        """Return the list with an answer at another place."""

        def move(texts: Texts, _: str) -> Texts:
            moved = list(texts)
            moved.insert(to, moved.pop(number))
            return tuple(moved)

        return self._with_answers(index, move)

    def with_answer_picture(self, index: int, number: int, path: str) -> "QuestionList":
        """Return the list with another picture of a question's answer."""
        count = len(self.answers_of(index))
        before = self.items[index].picture
        pictures = list(before) if isinstance(before, tuple) else []
        pictures += [""] * (count - len(pictures))
        pictures[number] = path
        return self.changed(index, picture=tuple(pictures) if any(pictures) else ())

    # --- how ----------------------------------------------------------------------------------------------------------

    def _with(self, items: Sequence[QuestionItem], **changes: Any) -> "QuestionList":
        return msgspec.structs.replace(self, items=tuple(items), **changes)

    def _with_answers(
        self, index: int, change: Callable[[Texts, str], Texts], fresh: str = "", *, pictures: bool = True
    ) -> "QuestionList":
        """Change a list of answers, and the pictures that belong to them, in the same way."""

        def picture(item: QuestionItem) -> str | Texts:
            if not pictures or not isinstance(item.picture, tuple) or not item.picture:
                return item.picture
            return change(
                _filled(item.picture, len(self.shared if self.shared is not None else item.answers or ())), ""
            )

        items = list(self.items)
        if self.shared is not None:
            items = [msgspec.structs.replace(item, picture=picture(item)) for item in items]
            return self._with(items, shared=change(self.shared, fresh))
        item = items[index]
        items[index] = msgspec.structs.replace(item, answers=change(item.answers or (), fresh), picture=picture(item))
        return self._with(items)

    def _names(self) -> Texts:
        """Return every question's name: its own, or one by its place that no other has."""
        used = {item.question_id for item in self.items}
        names: list[str] = []
        for index, item in enumerate(self.items):
            names.append(item.question_id or _free(f"q{index + 1}", {*used, *names}))
        return tuple(names)

    def _fresh_name(self) -> str:
        if not any(item.question_id for item in self.items):
            return ""
        return _free(f"q{len(self.items) + 1}", set(self._names()))

    def _pictures(self) -> tuple[Any, ...]:
        pictures = [item.picture for item in self.items]
        if not any(pictures) and "picture" not in self.surplus:
            return ()
        if any(isinstance(picture, tuple) and picture for picture in pictures):
            return tuple(picture or () for picture in pictures)
        return tuple(picture or "" for picture in pictures)


def _texts(value: Any) -> Texts:
    return (value,) if isinstance(value, str) else tuple(value)


def _filled(texts: Texts, count: int) -> Texts:
    return (*texts, *("",) * (count - len(texts)))


def _free(wanted: str, used: "set[str] | Mapping[str, Any]") -> str:
    number = int(wanted[1:])
    while f"q{number}" in used:
        number += 1
    return f"q{number}"


def _moved_pictures(item: QuestionItem, union: Texts) -> str | Texts:
    """Return an item's pictures for a longer list of answers."""
    if not isinstance(item.picture, tuple) or not item.picture:
        return item.picture
    by_answer = dict(zip(item.answers or (), item.picture, strict=False))
    return tuple(by_answer.get(answer, "") for answer in union)
