"""The whole log: real files, the real thread."""

import json
import logging
import os
import re
import stat
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import pytest

from gateway import __version__
from gateway.config import ConfigError, LogFormat, LoggingSettings
from gateway.log import set_up
from gateway.log.handlers import RECENT_MAX
from tests.log.conftest import Begin
from tests.support.clock import FakeClock

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


class Unprintable:
    def __str__(self) -> str:
        raise RuntimeError("no")


def test_the_line_of_the_contract(begin: Begin) -> None:
    logged = begin()
    extra = {"device": "greenhouse", "bus": "i2c1"}
    work = threading.Thread(
        target=lambda: logged.logger.info("the %s is back", "board", extra=extra), name="collection"
    )
    work.start()
    work.join()
    (line,) = logged.lines()
    expected = rf"{TIME} INFO  collection device=greenhouse bus=i2c1 the board is back"
    assert re.fullmatch(expected, line)


def test_files_begin_with_a_header_and_are_not_for_everybody(begin: Begin) -> None:
    logged = begin({"facts": {"mongo": "mongodb://u:hunter22@h", "n": 1}})
    logged.logger.info("x")
    logged.lines()
    path = logged.folder / "gateway.log"
    header = path.read_text().splitlines()[0]
    expected = rf"{TIME} INFO  log version={re.escape(__version__)} pid={os.getpid()}"
    assert re.match(expected, header)
    assert "mongo=mongodb://***@h n=1 log file opened" in header
    for name in ("gateway.log", "commands.log"):
        assert stat.S_IMODE((logged.folder / name).stat().st_mode) & 0o137 == 0


def test_a_device_cannot_forge_a_line(begin: Begin) -> None:
    logged = begin()
    logged.logger.warning(
        "it says %s", "a\n2026 INFO b\r\x1b[31m\u202e\x85\u2028", extra={"d": "x\ny"}
    )
    (line,) = logged.lines()
    assert line.endswith(r'd="x\ny" it says a\n2026 INFO b\r\x1b[31m\u202e\x85\u2028')
    assert len(logged.console.getvalue().splitlines()) == 1


def test_a_traceback_is_one_line_in_the_file(begin: Begin) -> None:
    logged = begin()
    try:
        raise RuntimeError("broken\nhere")
    except RuntimeError:
        logged.logger.exception("oops")
    (line,) = logged.lines()
    assert re.match(rf"{TIME} ERROR main oops \| Traceback \(most recent call last\):\\n", line)
    assert line.endswith(r"RuntimeError: broken\nhere")
    assert "\n    RuntimeError: broken\n    here\n" in logged.console.getvalue()


def test_json_for_machines(begin: Begin) -> None:
    logged = begin(format=LogFormat.JSON)
    nan = float("nan")
    logged.logger.info("a\nb", extra={"device": "x", "time": 1, "value": nan, "more": {"k": {1}}})
    try:
        raise RuntimeError("broken")
    except RuntimeError:
        logged.logger.exception("oops")
    one, two = (json.loads(line) for line in logged.lines())
    assert re.fullmatch(TIME, one.pop("time"))
    assert one == {
        "level": "INFO",
        "thread": "main",
        "logger": "gateway.test",
        "message": "a\nb",
        "device": "x",
        "time_": 1,
        "value": "nan",
        "more": {"k": [1]},
    }
    assert two["exception"].endswith("RuntimeError: broken")
    header = json.loads((logged.folder / "gateway.log").read_text().splitlines()[0])
    assert header["version"] == __version__
    assert [json.loads(line) for line in logged.console.getvalue().splitlines()]


@pytest.mark.parametrize("kind", list(LogFormat))
def test_no_secret_is_written_anywhere(begin: Begin, kind: LogFormat) -> None:
    secret = 'hun"ter\\22'
    logged = begin({"secrets": [secret, "abc"], "facts": {"x": secret}}, format=kind)
    logged.logger.error("message %s and %r", secret, {"a": [secret]}, extra={"detail": secret})
    logged.logger.error("of another: mongodb://u:other@h/")
    try:
        raise RuntimeError(secret)
    except RuntimeError:
        logged.logger.exception("oops")
    text = "".join(logged.lines()) + logged.console.getvalue()
    text += (logged.folder / "gateway.log").read_text()
    for shown in (secret, json.dumps(secret)[1:-1], "ter\\", "other"):
        assert shown not in text.replace("of another", "")
    assert "***" in text


def test_the_newest_records_can_be_asked_for(begin: Begin) -> None:
    logged = begin({"secrets": ["hunter2"]}, level="DEBUG")
    for number in range(RECENT_MAX):
        logged.logger.debug("number %d", number)
    logged.logger.warning("the password is hunter2", extra={"device": "a", "key": "hunter2"})
    assert logged.system.flush()
    newest, before = logged.system.recent("DEBUG", 2)
    assert (newest.message, newest.extra) == ("the password is ***", {"device": "a", "key": "***"})
    assert before.message == f"number {RECENT_MAX - 1}"
    assert logged.system.recent("WARNING", 10) == [newest]
    assert logged.system.recent("ERROR", 10) == []
    assert len(logged.system.recent("DEBUG", 10**6)) == RECENT_MAX
    with pytest.raises(ValueError, match="loud"):
        logged.system.recent("loud", 1)


def test_a_record_that_cannot_be_formatted_is_not_lost(begin: Begin) -> None:
    logged = begin()
    logged.logger.info("%d apples", "no")
    logged.logger.info("%s", Unprintable())
    logged.logger.info(Unprintable(), extra={"x": Unprintable()})
    one, two, three = logged.lines()
    assert "%d apples (its arguments could not be put in: TypeError)" in one
    assert "%s (its arguments could not be put in: RuntimeError)" in two
    assert "(Unprintable that cannot be shown: RuntimeError)" in three


def test_an_endless_message_is_cut(begin: Begin) -> None:
    logged = begin()
    logged.logger.info("x" * 1_000_000)
    logged.logger.info("y", extra={"one": "z" * 1_000_000, "two": ["z"] * 1_000_000})
    one, two = logged.lines()
    assert one.endswith("xxx... (cut)")
    assert len(one) < 5000
    assert len(two) < 10000


def test_the_level_is_ours_and_libraries_stay_quiet(begin: Begin) -> None:
    logged = begin(level="DEBUG")
    library = logging.getLogger("pymongo.command")
    logged.logger.debug("shown")
    library.debug("hidden")
    library.info("shown too")
    assert [line.split()[-1] for line in logged.lines()] == ["shown", "too"]
    logged.system.set_level("ERROR")
    logged.logger.warning("hidden")
    library.warning("hidden")
    assert len(logged.lines()) == 2
    with pytest.raises(ValueError, match="is not a log level"):
        logged.system.set_level("loud")


def test_warnings_are_logged(begin: Begin) -> None:
    logged = begin()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        warnings.warn("old ways", stacklevel=1)
        logging.captureWarnings(False)
    assert "old ways" in logged.lines()[0]


def test_what_is_logged_before_the_stop_is_written_and_all_is_given_back(begin: Begin) -> None:
    root = logging.getLogger()
    ours = logging.getLogger("gateway")
    before = (root.level, list(root.handlers), ours.level)
    logged = begin()
    for number in range(2000):
        logged.logger.info("line %d", number)
    assert logged.system.stop()
    assert logged.system.stop()
    text = (logged.folder / "gateway.log").read_text().splitlines()
    assert [line.split()[-1] for line in text[1:]] == [str(n) for n in range(2000)]
    assert (root.level, list(root.handlers), ours.level) == before
    assert not {"log", "audit"} & {thread.name for thread in threading.enumerate()}


def test_many_threads_lose_nothing(begin: Begin) -> None:
    logged = begin()

    def work_of(i: int) -> None:
        for n in range(300):
            logged.logger.info("%d/%d", i, n)

    work = [threading.Thread(target=work_of, args=(i,)) for i in range(8)]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    found = [line.split()[-1] for line in logged.lines()]
    assert len(found) == 2400
    for i in range(8):
        mine = [item for item in found if item.startswith(f"{i}/")]
        assert mine == [f"{i}/{n}" for n in range(300)]


def test_a_flood_is_dropped_counted_and_said_once(begin: Begin, tmp_path: Path) -> None:
    fifo = tmp_path / "logs" / "gateway.log"
    fifo.parent.mkdir()
    os.mkfifo(fifo)
    # A reader that does not read: the writer is held up as by a very slow disk.
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    logged = begin({"queue_max": 10}, max_bytes=1 << 40)
    total = 2000
    for number in range(total):
        logged.logger.info("%d %s", number, "x" * 4000)
    dropped = logged.system.stats.dropped
    assert dropped > 0
    fifo.unlink()  # the next line goes to a new file
    os.set_blocking(reader, True)
    drain = threading.Thread(target=_drain, args=(reader,))
    drain.start()
    assert logged.system.flush()
    assert logged.system.stop()
    drain.join()
    os.close(reader)
    said = [line for line in logged.console.getvalue().splitlines() if "were dropped" in line]
    assert 1 <= len(said) < 10
    assert sum(int(line.split()[3]) for line in said) == dropped
    assert logged.console.getvalue().count(" xxx") == total - dropped


def _drain(reader: int) -> None:
    while os.read(reader, 65536):
        pass


def test_a_full_disk_is_said_once_and_does_no_harm(begin: Begin, tmp_path: Path) -> None:
    clock = FakeClock()
    (tmp_path / "logs").mkdir()
    path = tmp_path / "logs" / "gateway.log"
    path.symlink_to("/dev/full")
    logged = begin({"clock": clock})
    for _ in range(50):
        logged.logger.info("lost")
    assert logged.system.flush()
    console = logged.console.getvalue()
    assert console.count("gateway.log cannot be written: No space left on device") == 1
    assert console.count("lost") == 51
    assert logged.system.stats.unwritten == 50
    path.unlink()
    clock.sleep(60.0)
    logged.logger.info("kept")
    assert [line.split()[-1] for line in logged.lines()] == ["kept"]
    assert "gateway.log can be written again; 50 lines were lost" in logged.console.getvalue()


def test_a_folder_that_cannot_be_used_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "logs"):
        with pytest.raises(ConfigError, match="the log files cannot be written"):
            set_up(LoggingSettings(folder=folder))
    (tmp_path / "logs" / "gateway.log").mkdir(parents=True)
    with pytest.raises(ConfigError, match="Is a directory"):
        set_up(LoggingSettings(folder=tmp_path / "logs"))


def test_a_console_nobody_reads_does_no_harm(tmp_path: Path) -> None:
    program = (
        "import logging, sys\n"
        "from pathlib import Path\n"
        "from gateway.config import LoggingSettings\n"
        "from gateway.log import set_up\n"
        "system = set_up(LoggingSettings(folder=Path(sys.argv[1])))\n"
        "sys.stdin.readline()\n"
        "for n in range(100): logging.getLogger('gateway').info('line %d', n)\n"
        "assert system.stop()\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        process.stderr.close()
        process.communicate(b"go\n", timeout=30)
    assert len((tmp_path / "gateway.log").read_text().splitlines()) == 101


def test_a_disk_that_hangs_does_not_hold_up_the_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gateway.log")
    reader = os.open(tmp_path / "gateway.log", os.O_RDONLY | os.O_NONBLOCK)
    program = (
        "import logging, sys\n"
        "from pathlib import Path\n"
        "from gateway.config import LoggingSettings\n"
        "from gateway.log import set_up\n"
        "system = set_up(LoggingSettings(folder=Path(sys.argv[1])))\n"
        "for n in range(100): logging.getLogger('gateway').info('line %d %s', n, 'x' * 4000)\n"
        "assert not system.stop(0.2)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL, timeout=30)
    os.close(reader)
