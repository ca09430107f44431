"""The documents of the API, one file per resource: what is sent, made from what the gateway has.

Plain functions, because thousands of readings go through them; the schemas beside describe the same
documents, and the tests hold the two together.
"""
