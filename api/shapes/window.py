"""A window as a document."""

from api.times import format_ms
from gateway.model.windows import Window


def window_document(window: Window) -> dict[str, object]:
    """One window; aggregates by channel."""
    return {
        "time": format_ms(window.start_ms),
        "values": {
            channel: {aggregate.value: value for aggregate, value in summary.items()}
            for channel, summary in window.values.items()
        },
    }
