"""`gateway service update WHEEL`: the new version beside the old one, and back again by itself.

Nothing of the running gateway is touched until the new version is installed and has accepted configuration
and journal. From then on every failure, also Ctrl-C, leads back to the old version.
"""

from dataclasses import dataclass

from gateway.journal.schema_of import journal_schema
from gateway.service.backup import JournalBackup
from gateway.service.errors import ServiceError
from gateway.service.files import has, write
from gateway.service.health import look, wait_healthy
from gateway.service.install import START_TIMEOUT_S
from gateway.service.layout import UNIT, Layout
from gateway.service.machine import Machine
from gateway.service.program import Program
from gateway.service.steps import Say
from gateway.service.wheel import Wheel

_EXIT_CONFIG = 78


@dataclass(frozen=True, slots=True)
class Patience:
    """In seconds: how long the new version may take, and how long it must stay healthy."""

    timeout_s: float = 60.0
    steady_s: float = 5.0


class Update:
    """One update. Made, run once, and thrown away."""

    def __init__(self, machine: Machine, layout: Layout, say: Say, patience: Patience) -> None:
        """Touches nothing."""
        self._machine = machine
        self._layout = layout
        self._say = say
        self._patience = patience
        self._program = Program(machine, layout)

    def run(self, wheel: Wheel) -> bool:
        """True when the new version runs, False when the old one had to be brought back.

        Raises `ServiceError` when the update is refused, with nothing touched, or when even the old version
        does not come back.
        """
        before = self._layout.current_version()
        if before is None or not self._layout.unit.exists():
            raise ServiceError("no gateway is installed here", "gateway service install")
        if before == wheel.name:
            self._say(f"{wheel.name} is the version that runs; nothing to do")
            return True
        self._say(f"from {before} to {wheel.name}")
        migrates = self._migrates(wheel)
        self._install(wheel)
        unit = self._layout.unit.read_text("utf-8")
        backup = JournalBackup(self._layout.journal()) if migrates else None
        try:
            self._switch(wheel, backup)
        except ServiceError as error:
            self._say(f"  failed           {error}")
            self._go_back(before, unit, backup)
            self._program.remove(wheel.name)
            self._say(f"{before} runs again; the update was undone")
            return False
        except BaseException:
            self._say("  interrupted")
            self._go_back(before, unit, backup)
            raise
        if backup is not None:
            backup.drop()
        removed = self._program.keep_only(before, wheel.name)
        self._say(f"{wheel.name} runs; {before} is kept, {len(removed)} older removed")
        return True

    def _migrates(self, wheel: Wheel) -> bool:
        """Whether the new version will change the journal's form. Raises `ServiceError` if it is too old."""
        path = self._layout.journal()
        has_schema, knows = journal_schema(path), wheel.journal_schema()
        if has_schema is None:
            return False
        if has_schema > knows:
            raise ServiceError(
                f"{path} was written by a newer gateway (schema {has_schema}), and {wheel.version} knows"
                f" up to {knows}; nothing was changed",
                "take a newer wheel, or give the older gateway a journal of its own",
            )
        return has_schema < knows

    def _install(self, wheel: Wheel) -> None:
        was_there = self._program.is_complete(wheel.name)
        if not was_there:
            self._say(f"  doing            install it in {self._program.folder(wheel.name)}")
            self._program.install(wheel)
        self._say("  doing            have it check the configuration")
        checked = self._machine.attempt(
            [self._program.folder(wheel.name) / "bin/gateway", "check", "--config-only"],
            environ=self._layout.environ(),
            cwd=self._layout.config.parent,
        )
        if checked.returncode == _EXIT_CONFIG:
            if not was_there:
                self._program.remove(wheel.name)
            raise ServiceError(
                f"the new version does not accept the configuration; nothing was changed:\n"
                f"{checked.stderr.strip()}"
            )

    def _switch(self, wheel: Wheel, backup: JournalBackup | None) -> None:
        if backup is not None:
            self._say("  doing            stop, and copy the journal, whose form will change")
            self._machine.systemctl("stop", UNIT)
            backup.make()
        self._say(f"  doing            switch {self._layout.current}, start, wait for READY")
        write(self._layout.unit, wheel.text("gateway/service/gateway.service"), 0o644)
        self._start(wheel.name)

    def _start(self, name: str) -> None:
        self._program.switch(name)
        self._machine.systemctl("daemon-reload")
        self._machine.systemctl("restart", UNIT, timeout_s=START_TIMEOUT_S)
        self._say("  doing            wait for a healthy /readyz")
        health = wait_healthy(
            lambda: look(self._machine, self._layout),
            timeout_s=self._patience.timeout_s,
            steady_s=self._patience.steady_s,
        )
        self._say(f"  healthy          process {health.pid}: {health.detail}")

    def _go_back(self, before: str, unit: str, backup: JournalBackup | None) -> None:
        self._say(f"  going back       to {before}")
        try:
            if backup is not None:
                self._machine.systemctl("stop", UNIT)
                if aside := backup.restore():
                    self._say(f"  kept             {aside}: what the new version had stored")
            if not has(self._layout.unit, unit):
                write(self._layout.unit, unit, 0o644)
            self._start(before)
        except ServiceError as error:
            raise ServiceError(
                f"the old version {before} does not come back either: {error}",
                f"journalctl -u {UNIT} -n 50",
            ) from error
