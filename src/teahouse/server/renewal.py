"""Whoever is here keeps their token: it ends a day after they went, not a day after they came.

`hello` makes a token valid for `limits.token_ms`, and a connection may last for longer than that. So once an hour the
tokens of everybody who has a session are extended, all in one statement; no command waits for it. The hour until the
next time is added: whenever somebody goes, and however the server ends, a whole `token_ms` is left.
"""

from __future__ import annotations

import asyncio

import structlog

from teahouse.core.errors import StoreError
from teahouse.core.state import State
from teahouse.server.clock import Clock
from teahouse.store.base import Store

log = structlog.get_logger("teahouse.renewal")

EVERY_S = 3_600


class Renewal:
    """Extends the tokens of those who are here."""

    def __init__(self, state: State, store: Store, clock: Clock) -> None:
        self._state = state
        self._store = store
        self._clock = clock

    async def run(self) -> None:
        """Each hour, until it is cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.renew()
            except Exception as error:  # the next hour is a new one
                log.error("tokens-not-extended", exc_info=error)

    async def renew(self) -> None:
        """Now. A disk that takes nothing is tried again in an hour: by then a token has 23 left."""
        ends = self._clock.now_ms() + self._state.limits.token_ms + EVERY_S * 1_000
        try:
            await self._store.extend_tokens(list(self._state.sessions_by_person), ends)
        except StoreError as error:
            log.warning("tokens-not-extended", code=error.code, error=error.message)
