"""`gateway service update WHEEL`: installs the new version beside the old one, with automatic rollback.

The running gateway is not touched until the new version is installed and has accepted configuration and
journal. From then on every failure, also Ctrl-C, is rolled back to the old version.
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
    """Seconds: how long the new version may take, and how long it must stay healthy."""

    timeout_s: float = 60.0
    steady_s: float = 5.0


class Update:
    """One update; for a single `run`."""

    def __init__(self, machine: Machine, layout: Layout, say: Say, patience: Patience) -> None:
        self._machine = machine
        self._layout = layout
        self._say = say
        self._patience = patience
        self._program = Program(machine, layout)

    def run(self, wheel: Wheel) -> bool:
        """True when the new version runs, False when the update was rolled back.

        Raises `ServiceError` when the update is refused, with nothing changed, or when the rollback fails.
        """
        before = self._layout.current_version()
        if before is None or not self._layout.unit.exists():
            raise ServiceError("no gateway is installed here", "gateway service install")
        if before == wheel.name:
            self._say(f"{wheel.name} is installed already; nothing to do")
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
        """Whether the new version will migrate the journal. Raises `ServiceError` if it is too old for it."""
        path = self._layout.journal()
        has_schema, knows = journal_schema(path), wheel.journal_schema()
        if has_schema is None:
            return False
        if has_schema > knows:
            raise ServiceError(
                f"{path} was written by a newer gateway (schema {has_schema}); {wheel.version} supports"
                f" up to {knows}; nothing was changed",
                "use a newer wheel, or another journal for the older gateway",
            )
        return has_schema < knows

    def _install(self, wheel: Wheel) -> None:
        was_there = self._program.is_complete(wheel.name)
        if not was_there:
            self._say(f"  doing            install it in {self._program.folder(wheel.name)}")
            self._program.install(wheel)
        self._say("  doing            check the configuration with it")
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
            self._say("  doing            stop, and copy the journal, which will be migrated")
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
        self._say(f"  rolling back     to {before}")
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
                f"the rollback to {before} failed too: {error}",
                f"journalctl -u {UNIT} -n 50",
            ) from error
