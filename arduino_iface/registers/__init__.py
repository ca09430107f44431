"""Existing sketches with a register map on I2C."""
