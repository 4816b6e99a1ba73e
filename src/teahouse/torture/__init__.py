"""Torture: a server of one's own under kills, cuts, stops, a full disk, a wrong clock and everything strangers send.

    run        the whole of it: what happens when, and what it came to
    bird       the canary's own process: two connections that talk through everything, and a probe of the disk
    canary     how others keep one and read what it measured
    wires      bytes of the doors as programs write and read them

Written against docs/protocol.md, like any other program: it knows nothing of the server's insides.
"""
