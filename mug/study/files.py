"""Reading and writing ``study.toml``: order and comments of a file stay when it is written again."""

import os
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit import items
from tomlkit.exceptions import TOMLKitError

from mug.study.decoding import decode_study, encode_study
from mug.study.errors import StudyFileError, StudyLoadError
from mug.study.model import Study

__all__ = ["STUDY_FILE", "dump_study", "parse_study", "read_study", "replace_text", "write_study"]

STUDY_FILE = "study.toml"
_MOST_DEPTH = 200


def read_study(path: Path) -> Study:
    """Read a study file.

    Raises:
        StudyLoadError: When it cannot be read, is not TOML (with the line), or is not a study (with all problems).
    """
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors put a mark before UTF-8
    except OSError as error:
        raise StudyLoadError(path, f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise StudyLoadError(path, f"{path} is not UTF-8 text: save it as UTF-8") from error
    return parse_study(text, path)


def parse_study(text: str, path: Path) -> Study:
    """Make a study of a study file's text; `path` is for the messages.

    Raises:
        StudyLoadError: As `read_study`.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = _line_of(str(error), text)
        place = f"{path}, line {line}" if line is not None else str(path)
        shown = text.splitlines()[line - 1].strip() if line is not None and line <= len(text.splitlines()) else ""
        what = f"{place} is not valid TOML: {error}"
        raise StudyLoadError(path, f"{what}\n    {shown}" if shown else what, line=line) from error
    except RecursionError as error:
        raise StudyLoadError(path, f"{path} is nested too deep") from error
    except ValueError as error:  # a number of more digits than Python reads
        raise StudyLoadError(path, f"{path} holds a value that cannot be read: {error}") from error
    if _depth(raw) > _MOST_DEPTH:
        raise StudyLoadError(path, f"{path} is nested too deep: at most {_MOST_DEPTH} tables and lists in each other")
    study, problems = decode_study(raw)
    if study is None:
        count = len(problems)
        lines = "\n".join(f"  - {problem}" for problem in problems)
        raise StudyLoadError(
            path, f"{path} is not a study MUG can run ({count} problem{'s'[: count > 1]}):\n{lines}", problems=problems
        )
    return study


def _depth(raw: Mapping[str, Any]) -> int:
    """Count how deep tables and lists are in each other; what goes on with a study calls itself for each level."""
    depth = 0
    level: list[Any] = [raw]
    while level:
        depth += 1
        inner = (value for item in level for value in (item.values() if isinstance(item, Mapping) else item))
        level = [value for value in inner if isinstance(value, Mapping | list)]
    return depth


def _line_of(message: str, text: str) -> int | None:
    if "(at end of document)" in message:
        return max(1, len(text.splitlines()))
    _, found, rest = message.partition("(at line ")
    number = rest.partition(",")[0]
    return int(number) if found and number.isdigit() else None


def dump_study(study: Study, before: str | None = None) -> str:
    """Return the text of a study file.

    Args:
        study: What to write.
        before: The text of the file as it is, whose comments and order are kept where it says the same.

    Raises:
        StudyFileError: When the study holds something that TOML cannot (None inside a table, another type).
    """
    plain = encode_study(study)
    _refuse_null(plain, "")
    if before is not None:
        try:
            document = tomlkit.parse(before)
            _merge(document, plain, encode_study(study, defaults=True))
            text = tomlkit.dumps(document)
            if _same(text, plain):
                return _encodable(text)
        except (TOMLKitError, tomllib.TOMLDecodeError, LookupError, TypeError, ValueError):
            pass  # a file whose comments cannot be kept is written anew: never a wrong study
    text = tomlkit.dumps(_fresh(plain))
    if not _same(text, plain):
        raise StudyFileError(STUDY_FILE, "the study holds values that do not survive being written as TOML")
    return _encodable(text)


def _encodable(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        line = text[: error.start].rpartition("\n")[2] + "…"
        raise StudyFileError(
            STUDY_FILE, f"the study cannot be written: it holds half of a character, after {line[-60:]!r}"
        ) from error
    return text


def write_study(study: Study, path: Path, check: Callable[[], object] | None = None) -> str:
    """Write a study file; the old one is replaced in one step, its comments and order stay.

    Args:
        study: The study.
        path: The file.
        check: As in `replace_text`.

    Returns:
        The text of the file.

    Raises:
        StudyFileError: When it cannot be written; the old file is then as it was.
    """
    try:
        before = path.read_bytes().decode("utf-8-sig") if path.exists() else None
    except (OSError, UnicodeDecodeError):
        before = None
    text = dump_study(study, before.replace("\r\n", "\n") if before is not None else None)
    if before is not None and "\r\n" in before:
        text = text.replace("\n", "\r\n")
    replace_text(path, text, check)
    return text


def replace_text(path: Path, text: str, check: Callable[[], object] | None = None) -> None:
    """Let a text take the place of a file, in one step; the file keeps its permissions. A link leads to its file.

    Args:
        path: The file.
        text: What it is to hold.
        check: Called when the text is on the disk, right before it takes the file's place; raises to stop that.

    Raises:
        StudyFileError: When it cannot be written; the old file is then as it was.
    """
    try:
        path = path.resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".study-", suffix=path.suffix, dir=path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
            if check is not None:
                check()
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except (OSError, UnicodeEncodeError, RuntimeError) as error:  # RuntimeError: links that lead to each other
        reason = getattr(error, "strerror", None) or error
        raise StudyFileError(path, f"{path} cannot be written: {reason}") from error


def _refuse_null(value: Any, place: str) -> None:
    if value is None:
        raise StudyFileError(
            STUDY_FILE, f"{place or 'the study'} holds None, which TOML has no word for: leave the entry out"
        )
    if isinstance(value, Mapping):
        for name, item in value.items():
            if not isinstance(name, str):
                raise StudyFileError(STUDY_FILE, f"{place} has the key {name!r}: keys must be texts")
            _refuse_null(item, f"{place}.{name}" if place else name)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _refuse_null(item, f"{place}[{index}]")


def _same(text: str, plain: Mapping[str, Any]) -> bool:
    again, _ = decode_study(tomllib.loads(text))
    return again is not None and repr(_sorted(encode_study(again))) == repr(_sorted(plain))


def _sorted(value: Any) -> Any:
    """Order tables, so that two equal studies have one repr (== would call nan unequal, and 1 equal to True)."""
    if isinstance(value, Mapping):
        ordered = {str(name): _sorted(value[name]) for name in sorted(value)}
        mappings = [(name, _humans(value[name])) for name in ordered if _is_ordered(name)]
        return (mappings, ordered) if mappings else ordered
    if isinstance(value, list):
        return [_sorted(item) for item in value]
    if isinstance(value, str):
        return str(value)
    return value


_ORDERED = "policy_mapping"
"""The one table in which order counts: people get their agents in it."""


def _is_ordered(name: str) -> bool:
    """Whether a table is that one; a treatment names it with its section."""
    return name.rpartition(".")[2] == _ORDERED


def _humans(mapping: Any) -> list[str]:
    return [str(name) for name, who in mapping.items() if who == "human"] if isinstance(mapping, Mapping) else []


# --- writing anew -------------------------------------------------------------------------------------------------

_TABLE_LISTS = frozenset({"chain", "scenes"})


def _fresh(plain: Mapping[str, Any]) -> tomlkit.TOMLDocument:
    document = tomlkit.document()
    _fill(document, plain)
    return document


def _fill(target: tomlkit.TOMLDocument | items.Table, plain: Mapping[str, Any]) -> None:
    """Put values first, then tables, then lists of tables: the order that TOML can express without surprises."""

    def rank(entry: tuple[str, Any]) -> int:
        name, value = entry
        return 2 if name in _TABLE_LISTS and isinstance(value, list) else 1 if isinstance(value, Mapping) else 0

    for name, value in sorted(plain.items(), key=rank):
        target.add(name, _item(name, value))


def _item(name: str, value: Any) -> items.Item:
    if isinstance(value, Mapping):
        table = tomlkit.table()
        _fill(table, value)
        return table
    if isinstance(value, list):
        if name in _TABLE_LISTS and value and all(isinstance(item, Mapping) for item in value):
            tables = tomlkit.aot()
            for item in value:
                table = tomlkit.table()
                _fill(table, item)
                tables.append(table)
            return tables
        array = tomlkit.array()
        for item in value:
            array.append(_inline(item))
        if any(isinstance(item, Mapping | list) for item in value) or len(array.as_string()) > 100:
            array.multiline(True)
        return array
    if isinstance(value, str) and "\n" in value:
        return _text(value)
    written: items.Item = tomlkit.item(value)
    return written


def _text(value: str) -> items.Item:
    """Write a text of several lines as several lines, where TOML can hold it so exactly."""
    printable = all(character in "\n\t" or character.isprintable() for character in value)
    if not printable or '"""' in value or "\\" in value or value.endswith('"'):
        return tomlkit.item(value)
    written = tomlkit.value(f'"""\n{value}"""')
    assert isinstance(written, items.Item)
    return written


def _inline(value: Any) -> Any:
    if isinstance(value, Mapping):
        table = tomlkit.inline_table()
        for name, item in value.items():
            table.append(name, _inline(item))
        return table
    if isinstance(value, list):
        array = tomlkit.array()
        for item in value:
            array.append(_inline(item))
        return array
    return tomlkit.item(value)


# --- writing into a file that is there ------------------------------------------------------------------------------


def _merge(target: Any, plain: Mapping[str, Any], full: Mapping[str, Any]) -> None:
    """Change `target` (a document or table) so that it says `plain`, touching only what differs.

    Args:
        target: What the file says.
        plain: What it is to say, without defaults.
        full: The same with defaults: an entry of the file that says a default is kept.
    """
    for name in list(target):
        if name in plain or name in full:
            whole = full.get(name)
            _merge_entry(target, name, plain.get(name, {} if isinstance(whole, Mapping) else whole), whole)
        else:
            del target[name]
    for name, value in plain.items():
        if name not in target and name != "format":
            target[name] = _item(name, value)


def _merge_entry(target: Any, name: str, value: Any, full: Any) -> None:
    current = target[name]
    if _is_ordered(name) and isinstance(current, items.Table) and _humans(_plain(current)) != _humans(value):
        for agent in list(current):
            del current[agent]
    said = repr(_sorted(_plain(current)))
    same_order = not _is_ordered(name) or _humans(_plain(current)) == _humans(value)
    if same_order and said in (repr(_sorted(value)), repr(_sorted(full))):
        return
    if isinstance(current, items.Table) and isinstance(value, Mapping):
        _merge(current, value, full if isinstance(full, Mapping) else value)
    elif isinstance(current, items.AoT) and isinstance(value, list) and value:
        _merge_tables(current, value, full if isinstance(full, list) else value)
    else:
        target[name] = _item(name, value)


def _plain(value: Any) -> Any:
    return value.unwrap() if hasattr(value, "unwrap") else value


def _merge_tables(current: items.AoT, plain: list[Any], full: list[Any]) -> None:
    """Match the nodes by their scene id (wrappers by their place), so that a moved node takes its comments along."""
    old = list(current)
    free = list(range(len(old)))

    def take(item: Mapping[str, Any], index: int) -> int | None:
        def fits(place: int) -> bool:
            return bool(_key(old[place]) == _key(item))

        found = index if index in free and fits(index) else next((place for place in free if fits(place)), None)
        if found is not None:
            free.remove(found)
        return found

    chosen = [take(item, index) for index, item in enumerate(plain)]
    in_place = chosen == list(range(len(plain)))
    if in_place:
        for place in range(len(old) - 1, len(plain) - 1, -1):
            del current[place]
        for table, item, whole in zip(current, plain, full, strict=True):
            _merge(table, item, whole)
        return
    tables = []
    for source, item, whole in zip(chosen, plain, full, strict=True):
        if source is None:
            table = tomlkit.table()
            _fill(table, item)
        else:
            table = old[source]
            _merge(table, item, whole)
        tables.append(table)
    current.clear()
    for table in tables:
        current.append(table)


def _key(table: Mapping[str, Any]) -> tuple[str, str]:
    return str(table.get("kind", "")), str(table.get("scene_id", ""))
