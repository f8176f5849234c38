"""Runs inside Pyodide: adds compiled modules to a wheel. The same input gives the same bytes, on every machine."""

import base64
import hashlib
import importlib.util
import marshal
import zipfile

_UNCHECKED_HASH_PYC = 0b01  # the interpreter uses it as it is, without looking at the source's time or size


def _compiled(name: str, source: bytes) -> bytes | None:
    try:
        code = compile(source, name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):  # templates and code for other Python versions
        return None
    flags = _UNCHECKED_HASH_PYC.to_bytes(4, "little")
    return importlib.util.MAGIC_NUMBER + flags + importlib.util.source_hash(source) + marshal.dumps(code)


def _record_line(name: str, data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(data)}"


def rebuild(source: str, target: str) -> int:
    """Copy a wheel and add `__pycache__/*.pyc` for its modules; returns how many were added."""
    added: dict[str, bytes] = {}
    files: dict[str, bytes] = {}
    with zipfile.ZipFile(source) as wheel:
        for member in wheel.infolist():
            if not member.is_dir():
                files[member.filename] = wheel.read(member)
    for name, data in files.items():
        if name.endswith(".py") and ".data/" not in name and ".dist-info/" not in name:
            compiled = _compiled(name, data)
            if compiled is not None:
                added[importlib.util.cache_from_source(name)] = compiled
    record = next((name for name in files if name.endswith(".dist-info/RECORD")), None)
    if record is not None:
        lines = files.pop(record).decode().splitlines()
        lines += [_record_line(name, data) for name, data in sorted(added.items())]
        added[record] = "".join(f"{line}\n" for line in lines).encode()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, data in [*sorted(files.items()), *sorted(added.items())]:
            wheel.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return len(added) - (record is not None)
