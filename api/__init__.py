"""The HTTP interface: REST, live events, dashboard and metrics."""
