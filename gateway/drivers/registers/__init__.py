"""Sketches that exist already and have a register map on I2C."""
