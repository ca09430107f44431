"""Everything that touches a wire: frames, buses, transports and device drivers."""
