import pytest
from flask.testing import FlaskClient

from api.app import create_app
from tests.api.doubles import Gateway, Settings


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
def client(gateway: Gateway) -> FlaskClient:
    return create_app(gateway.ports, Settings()).test_client()
