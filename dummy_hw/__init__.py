"""Simulated Arduinos that speak the real frames on simulated buses."""
