"""What can be seen of the gateway: status, metrics, checks."""
