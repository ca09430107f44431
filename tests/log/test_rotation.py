import logging
import resource
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import LoggingSettings
from gateway.log.handlers import LogFile
from tests.log.conftest import Begin


class Lines(LogFile):
    """The file of a test, which must not fail."""

    def write(self, line: str) -> None:
        self.emit(logging.makeLogRecord({"msg": line}))
        assert self.lost == 0


def _file(path: Path, *, max_bytes: int, backups: int, header: str | None) -> Lines:
    settings = LoggingSettings(folder=path.parent, max_bytes=max_bytes, backups=backups)
    return Lines(
        path.name, settings, pytest.fail, header=None if header is None else lambda: header
    )


@given(
    st.lists(st.text(alphabet="aä€", max_size=30), max_size=40),
    st.integers(100, 200),
    st.integers(1, 3),
)
def test_sizes_are_bounded_and_what_is_kept_is_the_newest(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], max_bytes: int, backups: int
) -> None:
    path = tmp_path_factory.mktemp("rotation") / "x.log"
    file = _file(path, max_bytes=max_bytes, backups=backups, header="header")
    for line in lines:
        file.write(line)
    file.close()
    paths = sorted(path.parent.iterdir(), key=lambda p: -int(p.suffix[1:] if p != path else 0))
    assert len(paths) <= backups + 1
    kept: list[str] = []
    for one in paths:
        assert one.stat().st_size <= max_bytes
        header, *rest = one.read_text().split("\n")[:-1]
        assert header == "header"
        kept += rest
    assert kept == lines[len(lines) - len(kept) :]
    assert len(paths) == backups + 1 or len(kept) == len(lines)


def test_a_line_longer_than_the_bound_is_written_all_the_same(tmp_path: Path) -> None:
    file = _file(tmp_path / "x.log", max_bytes=10, backups=1, header=None)
    for line in ("a" * 50, "b" * 50):
        file.write(line)
    file.close()
    assert (tmp_path / "x.log").read_text() == "b" * 50 + "\n"
    assert (tmp_path / "x.log.1").read_text() == "a" * 50 + "\n"


def test_an_old_file_is_continued(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_text("old\n")
    file = _file(tmp_path / "x.log", max_bytes=1000, backups=1, header="header")
    file.write("new")
    file.close()
    assert (tmp_path / "x.log").read_text() == "old\nheader\nnew\n"


def test_a_file_that_was_moved_away_is_begun_anew(tmp_path: Path) -> None:
    file = _file(tmp_path / "x.log", max_bytes=1000, backups=1, header=None)
    file.write("one")
    (tmp_path / "x.log").rename(tmp_path / "moved")
    file.write("two")
    (tmp_path / "x.log").unlink()
    file.write("three")
    file.close()
    assert (tmp_path / "moved").read_text() == "one\n"
    assert (tmp_path / "x.log").read_text() == "three\n"


def test_a_line_that_fits_half_is_left_out_whole(tmp_path: Path) -> None:
    notices: list[str] = []
    settings = LoggingSettings(folder=tmp_path, max_bytes=1 << 20)
    file = LogFile("x.log", settings, notices.append)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))  # as a disk with so much room
    try:
        for letter in "abcd":
            file.emit(logging.makeLogRecord({"msg": letter * 299}))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    file.close()
    assert (tmp_path / "x.log").read_text() == "".join(f"{c * 299}\n" for c in "abc")
    assert notices == ["x.log cannot be written: File too large; lines are lost"]
    assert file.lost == 1


def test_the_log_rotates(begin: Begin) -> None:
    logged = begin(max_bytes=2000, backups=2)
    for number in range(100):
        logged.logger.info("line %d", number)
    assert logged.lines()[-1].endswith("line 99")
    names = sorted(path.name for path in logged.folder.iterdir())
    assert names == ["commands.log", "gateway.log", "gateway.log.1", "gateway.log.2"]
    for name in names[1:]:
        text = (logged.folder / name).read_text()
        assert "log file opened" in text.splitlines()[0]
        assert len(text) <= 2000
