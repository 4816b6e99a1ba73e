"""The public client library: join a house from a program, lose nothing.

    from teahouse.client import Posted, connect

    async with connect("host:7256", name="ana") as me:
        lobby = await me.join("lobby")
        await lobby.say("hi")
        async for event in lobby:
            if isinstance(event, Posted) and event.author != me.you:
                print(event.author.name, event.text)

What is said is sent once and stored once, whatever happens to the connection; what is heard comes once, in order.
Scripts without asyncio have `connect_sync`. Other events are in `events`, the server's refusals and this side's
errors in `errors`, each with its `code` (docs/clients.md).
"""

from teahouse.client import errors
from teahouse.client.client import Client
from teahouse.client.connect import connect
from teahouse.client.link import Patience
from teahouse.client.outbox import Sending
from teahouse.client.room import Room
from teahouse.client.sync import SyncClient, connect_sync
from teahouse.core import events
from teahouse.core.events import Posted
from teahouse.core.message import Message, Person

__all__ = [
    "Client",
    "Message",
    "Patience",
    "Person",
    "Posted",
    "Room",
    "Sending",
    "SyncClient",
    "connect",
    "connect_sync",
    "errors",
    "events",
]
