"""OpenSSL 1.1 for programs built against it, taken from Debian without installing it.

Debian 12 and later ship OpenSSL 3 only. A private apt root, with its own list file and caches,
fetches the old package from the mirror that this machine uses anyway and verifies it with the
archive's key; the libraries are then unpacked into a folder of ours. dpkg and the system's sources
never hear of it.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from tools.testservers.cache import FetchError, run

APT = Path("/etc/apt")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# The last release with OpenSSL 1.1.
RELEASE = "bullseye"
PACKAGE = "libssl1.1"
LIBRARIES = ("libssl.so.1.1", "libcrypto.so.1.1")

ADVICE = (
    f"The tests' MongoDB server needs OpenSSL 1.1 ({', '.join(LIBRARIES)}).\n"
    f"It could not be fetched from Debian {RELEASE}. Install {PACKAGE} by hand, or copy\n"
    "the two files from another machine of this kind into {folder}"
)


def fetch_libssl(folder: Path) -> None:
    """Put the OpenSSL 1.1 libraries into `folder`.

    Raises FetchError if no Debian mirror of this machine has them.
    """
    advice = ADVICE.format(folder=folder)
    mirrors = debian_mirrors(APT)
    if not mirrors:
        raise FetchError(f"{advice}\nNo Debian mirror is named in {APT}.")
    failures = []
    for mirror in mirrors:
        try:
            with tempfile.TemporaryDirectory(prefix="apt-root-") as root:
                _fetch_from(mirror, Path(root), folder)
        except FetchError as failure:
            failures.append(f"{mirror}: {failure}")
        else:
            return
    raise FetchError("\n".join([advice, *failures]))


def debian_mirrors(apt: Path) -> list[str]:
    """Return the addresses of Debian archives that the machine's apt uses, in order, each once.

    Both ways of writing sources are read: `*.sources` (deb822) and one-line `*.list` files.
    """
    found: list[str] = []
    for path in sorted(apt.glob("sources.list.d/*.sources")):
        for line in _lines(path):
            if match := re.match(r"URIs:\s*(.+)", line, re.IGNORECASE):
                found += match[1].split()
    for path in [apt / "sources.list", *sorted(apt.glob("sources.list.d/*.list"))]:
        for line in _lines(path):
            if match := re.match(r"deb\s+(?:\[[^]]*\]\s*)?(\S+)", line):
                found.append(match[1])
    # By convention an archive of Debian proper ends so; debian-security and other vendors' do not.
    debian = [uri for uri in found if uri.rstrip("/").endswith("/debian")]
    return list(dict.fromkeys(debian))


def _lines(path: Path) -> list[str]:
    return path.read_text(errors="replace").splitlines() if path.is_file() else []


def _fetch_from(mirror: str, root: Path, folder: Path) -> None:
    for name in ("lists/partial", "archives/partial", "empty"):
        (root / name).mkdir(parents=True)
    sources = root / "sources.list"
    sources.write_text(f"deb [signed-by={KEYRING}] {mirror} {RELEASE} main\n")
    options = {
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": root / "empty",
        "Dir::State::lists": root / "lists",
        "Dir::Cache::archives": root / "archives",
        "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "",
        "Acquire::Languages": "none",
        # Without a user of its own, apt can write into our private folder whoever we are.
        "APT::Sandbox::User": "",
    }
    apt = ["apt-get", "-qq"]
    for option, value in options.items():
        apt += ["-o", f"{option}={value}"]
    run([*apt, "update"], "apt-get update failed.", cwd=root)
    run([*apt, "download", PACKAGE], f"apt-get download {PACKAGE} failed.", cwd=root)
    for package in root.glob(f"{PACKAGE}_*.deb"):
        run(["dpkg-deb", "-x", package, root / "unpacked"], "unpacking failed.")
    _copy_libraries(root / "unpacked", folder)


def _copy_libraries(unpacked: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for library in LIBRARIES:
        found = next(unpacked.glob(f"usr/lib/*/{library}"), None)
        if found is None:
            raise FetchError(f"{PACKAGE} has no {library}.")
        shutil.copy2(found, folder / library)
