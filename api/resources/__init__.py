"""What can be asked for: a folder for each resource, with `routes` and `document`.

A module that is named in `api.app`, or by a part of the gateway, has `resource` at module level.
"""
