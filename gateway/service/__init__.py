"""The gateway as a service of this machine: installed, updated, taken away. Needs the standard library only.

It also runs straight from the wheel, before anything is installed: `python3 X.whl/gateway service install`.
"""
