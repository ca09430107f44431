"""Delivery to MongoDB."""
