"""Access keys and addresses: who may use the API."""
