"""Keys and addresses: who may call."""
