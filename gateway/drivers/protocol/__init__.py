"""Boards that speak the device protocol."""
