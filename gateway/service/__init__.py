"""Installs, updates and removes the gateway as a systemd service. Standard library only.

Also runs straight from the wheel, before anything is installed: `python3 X.whl/gateway service install`.
"""
