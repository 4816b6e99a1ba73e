"""Floor 3: asyncio. Sockets, timers and tasks; the one place where words meet the machine."""
