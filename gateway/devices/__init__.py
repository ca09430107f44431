"""The devices of this gateway: who they are, where, and what people call them."""
