"""The file with the keys: hashes only, for its owner alone, changed whole, read again when it changes."""

import json
import threading
from pathlib import Path

import pytest

from gateway.access.keys import KEYS_MAX, KeyProblem, KeyRing, KeyStore, Scope, digest_of

NOW_MS = 1_795_158_000_000


@pytest.fixture
def store(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "state" / "keys.json")


def test_a_new_store_has_no_keys_and_makes_no_file(store: KeyStore) -> None:
    assert store.ring() == KeyRing()
    assert not store.ring().required
    assert not store.path.parent.exists()


def test_a_key_is_found_by_its_secret_and_by_nothing_else(store: KeyStore) -> None:
    secret = store.create("dashboard", Scope.COMMAND, NOW_MS)
    ring = store.ring()
    assert ring.required
    key = ring.find(secret)
    assert key is not None
    assert (key.name, key.scope, key.created_ms) == ("dashboard", Scope.COMMAND, NOW_MS)
    for wrong in ("", secret[:-1], secret + "x", secret.upper(), key.digest, "\ud800", "x" * 10**6):
        assert ring.find(wrong) is None


def test_secrets_are_long_and_never_the_same(store: KeyStore) -> None:
    secrets = {store.create(f"k{number}", Scope.READ, NOW_MS) for number in range(10)}
    assert len(secrets) == 10
    assert all(len(secret) >= 43 + len("gwk_") for secret in secrets)  # 256 bits in base64


def test_the_file_is_for_its_owner_and_has_no_secret(store: KeyStore) -> None:
    secret = store.create("dashboard", Scope.ADMIN, NOW_MS)
    text = store.path.read_text()
    assert secret not in text
    assert digest_of(secret) in text
    assert store.path.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in store.path.parent.iterdir() if path.name.startswith(".")] == []


def test_another_process_sees_what_was_changed(store: KeyStore) -> None:
    gateway = KeyStore(store.path)
    assert not gateway.ring().required
    secret = store.create("a", Scope.READ, NOW_MS)
    assert gateway.ring().find(secret) is not None
    store.create("b", Scope.READ, NOW_MS)
    store.revoke("a")
    assert gateway.ring().find(secret) is None
    assert gateway.ring().required
    store.path.unlink()
    assert not gateway.ring().required


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"version": 2, "keys": []}',
        b'{"version": 1}',
        b'{"version": 1, "keys": [{"name": "a"}]}',
        b'{"version": 1, "keys": [{"name": "a", "scope": "all", "sha256": "00", "created_ms": 1}]}',
        b'{"version": 1, "keys": [{"name": "a", "scope": "read", "sha256": "00", "created_ms": 1}]}',
        b'{"version": 1, "keys": [{"name": 1, "scope": "read", "sha256": "00", "created_ms": 1}]}',
        b" " * (1 << 20) + b"{}",
    ],
)
def test_a_damaged_file_lets_nobody_in(store: KeyStore, content: bytes) -> None:
    secret = store.create("a", Scope.ADMIN, NOW_MS)
    good = store.path.read_bytes()
    assert store.ring().find(secret) is not None
    store.path.write_bytes(content)
    ring = store.ring()
    assert ring.required
    assert ring.find(secret) is None
    with pytest.raises(KeyProblem, match="damaged"):
        store.create("b", Scope.READ, NOW_MS)
    assert store.path.read_bytes() == content
    store.path.write_bytes(good)
    assert store.ring().find(secret) is not None


def test_a_name_is_used_once_and_must_be_a_name(store: KeyStore) -> None:
    store.create("a", Scope.READ, NOW_MS)
    with pytest.raises(KeyProblem, match="already"):
        store.create("a", Scope.ADMIN, NOW_MS)
    for name in ("", "a b", "ü", "x" * 64, "a\n"):
        with pytest.raises(KeyProblem, match="name"):
            store.create(name, Scope.READ, NOW_MS)
    with pytest.raises(KeyProblem, match="there are: a"):
        store.revoke("b")


def test_there_is_a_bound(store: KeyStore) -> None:
    key = {"scope": "read", "sha256": "00" * 32, "created_ms": 1}
    keys = [{"name": f"k{number}", **key} for number in range(KEYS_MAX)]
    store.path.parent.mkdir()
    store.path.write_text(json.dumps({"version": 1, "keys": keys}))
    with pytest.raises(KeyProblem, match="the maximum"):
        store.create("one-more", Scope.READ, NOW_MS)


def test_keys_made_at_the_same_time_are_all_kept(store: KeyStore) -> None:
    def make(number: int) -> None:
        KeyStore(store.path).create(f"k{number}", Scope.READ, NOW_MS)

    threads = [threading.Thread(target=make, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert {key.name for key in store.read()} == {f"k{number}" for number in range(8)}


def test_scopes_include_the_ones_before() -> None:
    assert Scope.ADMIN.includes(Scope.READ)
    assert Scope.COMMAND.includes(Scope.COMMAND)
    assert not Scope.READ.includes(Scope.COMMAND)
    assert not Scope.COMMAND.includes(Scope.ADMIN)
