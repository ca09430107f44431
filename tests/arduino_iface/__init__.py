"""Tests of what touches a wire."""
