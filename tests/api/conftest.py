from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.api.gateway import Gateway, reading


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Gateway]:
    """A gateway that has stored nothing."""
    with Gateway(tmp_path) as gateway:
        yield gateway


@pytest.fixture
def gateway(bare: Gateway) -> Gateway:
    """A gateway with five readings of the greenhouse, numbered by their age in seconds."""
    bare.store([reading(seq) for seq in range(1, 6)])
    return bare


@pytest.fixture
def client(gateway: Gateway) -> FlaskClient:
    return gateway.client()


@pytest.fixture
def bare_client(bare: Gateway) -> FlaskClient:
    return bare.client()
