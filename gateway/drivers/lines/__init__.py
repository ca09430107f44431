"""Sketches that exist already and print lines on a serial port."""
