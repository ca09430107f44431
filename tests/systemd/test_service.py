"""From the wheel to a service that starts with the machine, is brought back, and is taken away again."""

import re

import pytest

from tests.systemd import wheels
from tests.systemd.container import Container
from tests.systemd.machine import PIP, Installed

# Starting and ending a machine takes most of the time, and a loaded one takes minutes for it.
pytestmark = [pytest.mark.systemd, pytest.mark.timeout(600)]

UNIT = "/etc/systemd/system/gateway.service"
PROBE = """
import ctypes, errno, os
def attempt(what, action):
    try:
        action()
    except OSError as error:
        print(what, errno.errorcode[error.errno])
    else:
        print(what, "allowed")
def adjtimex():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.adjtimex(ctypes.create_string_buffer(256)) < 0:
        raise OSError(ctypes.get_errno(), "")
def set_clock():
    import time
    time.clock_settime(time.CLOCK_REALTIME, 0)
attempt("read the clock's state", adjtimex)
attempt("set the clock", set_clock)
attempt("open a device of the group i2c", lambda: os.close(os.open("/srv/i2c-like", os.O_RDWR)))
attempt("open a file of root", lambda: os.close(os.open("/srv/root-only", os.O_RDWR)))
attempt("write /etc/gateway", lambda: open("/etc/gateway/x", "w"))
attempt("write the program", lambda: open("/opt/gateway/x", "w"))
attempt("write the state", lambda: open("/var/lib/gateway/x", "w"))
attempt("write the log", lambda: open("/var/log/gateway/x", "w"))
attempt("read the machine's start", lambda: open("/proc/sys/kernel/random/boot_id").read())
print("open files", os.sysconf("SC_OPEN_MAX"))
"""


def test_a_dry_run_says_everything_and_changes_nothing(container: Container) -> None:
    before = container.says("find /etc /opt /usr/local /var/lib -newer /proc/1 -type f | sort")
    name = wheels.built().name
    said = container.says(f"python3 /mnt/{name}/gateway service install --dry-run")
    assert "would do         create the user gateway" in said
    assert f"would do         write {UNIT}" in said
    assert said.endswith("nothing was changed")
    assert (
        container.says("find /etc /opt /usr/local /var/lib -newer /proc/1 -type f | sort") == before
    )
    assert container.run("id gateway", check=False).returncode != 0


def test_it_starts_with_the_machine_and_does_nothing_when_installed_again(
    installed: Installed,
) -> None:
    assert installed.show("ActiveState") == "active"
    assert installed.show("StatusText") == "collecting and storing; 0 of 0 devices online"
    again = installed.install()
    assert [line for line in again.splitlines() if line.startswith("  doing")] == [
        "  doing            reload systemd"
    ]
    assert installed.says("stat -c '%a %U %G' /etc/gateway/.env") == "640 root gateway"
    assert installed.says(f"stat -c %U /proc/{installed.show('MainPID')}") == "gateway"
    installed.container.reboot()
    installed.until_ready()
    assert installed.says("gateway service status").splitlines()[2] == "ready     yes"


def test_the_unit_is_right_and_closed(installed: Installed) -> None:
    verified = installed.run(f"systemd-analyze verify {UNIT}")
    assert (verified.stdout, verified.stderr) == ("", "")
    security = installed.says("systemd-analyze security gateway --no-pager")
    exposure = re.search(r"Overall exposure level for gateway.service: ([\d.]+)", security)
    assert exposure is not None
    assert float(exposure[1]) <= 2.0


def test_what_the_gateway_needs_is_open_and_the_rest_is_not(installed: Installed) -> None:
    installed.run("cat >/opt/probe.py", text=PROBE)
    installed.run(
        "touch /srv/i2c-like /srv/root-only; chmod 660 /srv/i2c-like; chmod 600 /srv/root-only;"
        " chgrp i2c /srv/i2c-like;"
        f" sed 's/^Type=.*/Type=oneshot/; s/^Restart=.*/Restart=no/; /^Watchdog/d;"
        " s|^ExecStart=.*|ExecStart=/opt/gateway/current/bin/python /opt/probe.py|;"
        # The state folder is the gateway's, and here it must not be one of the probe's own.
        f" /^ProtectSystem/a ReadWritePaths=/srv' {UNIT} >/etc/systemd/system/probe.service;"
        " systemctl daemon-reload; systemctl start probe"
    )
    said = installed.says("journalctl -u probe -o cat --no-pager | grep -v -i -e probe -e systemd")
    assert said.splitlines() == [
        "read the clock's state allowed",
        "set the clock EPERM",
        "open a device of the group i2c allowed",
        "open a file of root EACCES",
        "write /etc/gateway EACCES",
        "write the program EROFS",
        "write the state allowed",
        "write the log allowed",
        "read the machine's start allowed",
        "open files 1024",
    ]


@pytest.mark.parametrize("number", ["STOP", "KILL"])
def test_a_gateway_that_is_frozen_or_killed_is_brought_back(
    installed: Installed, number: str
) -> None:
    before = installed.show("MainPID")
    installed.run(f"kill -{number} {before}")
    installed.until(lambda: installed.show("NRestarts") == "1", "systemd starts it again")
    installed.until_ready()
    assert installed.show("MainPID") != before


def test_a_wrong_configuration_is_not_started_again_and_again(installed: Installed) -> None:
    installed.run("echo '[nonsense]' >>/etc/gateway/gateway.toml")
    assert installed.run("systemctl restart gateway", check=False).returncode != 0
    assert installed.show("ActiveState") == "failed"
    assert installed.show("ExecMainStatus") == "78"
    assert installed.show("NRestarts") == "0"
    checked = installed.run("gateway check", check=False)
    assert checked.returncode == 78
    assert "etc/gateway/gateway.toml:" in checked.stderr


def test_uninstalling_keeps_the_readings_unless_it_is_told_otherwise(installed: Installed) -> None:
    installed.run("gateway service uninstall")
    assert installed.run("systemctl cat gateway", check=False).returncode != 0
    gone = f"/opt/gateway {UNIT} /usr/local/bin/gateway"
    assert installed.run(f"ls -d {gone}", check=False).stdout == ""
    installed.run("ls /etc/gateway/gateway.toml /var/lib/gateway/journal.db")
    name = wheels.built().name
    installed.run(f"{PIP} python3 /mnt/{name}/gateway service install")
    installed.until_ready()
    installed.run("gateway service uninstall --purge")
    kept = "/etc/gateway /var/lib/gateway /var/log/gateway"
    assert installed.run(f"ls -d {kept}", check=False).stdout == ""
    assert installed.run("id gateway", check=False).returncode != 0


def test_who_may_not_install_is_told_what_to_do(container: Container) -> None:
    name = wheels.built().name
    done = container.run(
        f"setpriv --reuid=65534 --clear-groups python3 /mnt/{name}/gateway service install",
        check=False,
    )
    assert done.returncode == 1
    assert "needs root" in done.stderr
    assert "sudo" in done.stderr
