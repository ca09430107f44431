"""What gateway.toml can say of a board that speaks the protocol: no more than of every device."""

from gateway.config.driver import DriverConfig

CONFIG = DriverConfig()
