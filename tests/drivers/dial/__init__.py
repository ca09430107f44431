"""A fourth driver, as somebody would add it: a dial on I2C that has one register, its position.

Run as a program, this is the gateway with one more line in its table of drivers.
"""
