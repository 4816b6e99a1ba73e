"""Floor 1: bytes ⇄ words. Pure: no socket, no clock, no await."""
