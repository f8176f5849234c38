"""Runs inside Pyodide: puts compiled modules into a wheel. The same input gives the same bytes, on every machine."""

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


def _compile_all(files: dict[str, bytes], keep_sources: bool) -> int:
    count = 0
    for name in [name for name in files if name.endswith(".py") and ".data/" not in name and ".dist-info/" not in name]:
        compiled = _compiled(name, files[name])
        if compiled is None:
            continue
        count += 1
        if keep_sources:
            files[importlib.util.cache_from_source(name)] = compiled
        else:
            del files[name]
            files[name + "c"] = compiled
    return count


def rebuild(source: str, target: str, keep_sources: bool) -> int:
    """Copy a wheel with its modules compiled; returns how many were.

    With `keep_sources` the compiled modules come beside the sources, as Python itself would put them. Without, they
    stand in for them, as in Pyodide's own compiled distribution, and type stubs are left out: there is less to unpack.
    """
    files: dict[str, bytes] = {}
    with zipfile.ZipFile(source) as wheel:
        for member in wheel.infolist():
            if not member.is_dir():
                files[member.filename] = wheel.read(member)
    reads_stubs = any(b"attach_stub" in data for name, data in files.items() if name.endswith(".py"))
    count = _compile_all(files, keep_sources)
    if not keep_sources and not reads_stubs:
        files = {name: data for name, data in files.items() if not name.endswith(".pyi")}
    record = next((name for name in files if name.endswith(".dist-info/RECORD")), None)
    if record is not None:
        lines = [_record_line(name, data) for name, data in sorted(files.items()) if name != record]
        files[record] = "".join(f"{line}\n" for line in [*lines, f"{record},,"]).encode()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, data in sorted(files.items()):
            wheel.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return count
