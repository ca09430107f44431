"""What is known of devices, and which board is which."""

from gateway.model.registry import DeviceState, DeviceView, Registry


def view(name: str, state: DeviceState = DeviceState.OFFLINE) -> DeviceView:
    return DeviceView(name, "i2c1", 0x12, "protocol", state, 1.0)


def test_views_are_replaced_and_keep_their_order() -> None:
    registry = Registry()
    for name in ("b", "a"):
        registry.publish(view(name))
    before = registry.all()
    registry.publish(view("b", DeviceState.ONLINE))
    assert [one.state for one in before] == [DeviceState.OFFLINE] * 2
    assert [one.id for one in registry.all()] == ["b", "a"]
    found = registry.get("b")
    assert found is not None
    assert found.state is DeviceState.ONLINE
    registry.remove("b")
    registry.remove("b")
    assert registry.get("b") is None


def test_a_board_is_one_device_until_that_is_gone() -> None:
    registry = Registry()
    assert registry.claim("uid", "first") is None
    assert registry.claim("uid", "first") is None
    assert registry.claim("uid", "second") == "first"
    registry.release("second")
    assert registry.claim("uid", "second") == "first"
    registry.release("first")
    assert registry.claim("uid", "second") is None
    assert registry.claim("uid", "first") == "second"
    registry.remove("second")
    assert registry.claim("uid", "first") is None


def test_a_device_is_one_board_at_a_time() -> None:
    registry = Registry()
    registry.claim("one", "first")
    registry.claim("two", "first")
    assert registry.claim("one", "second") is None
