"""A connection that dies at any byte: the message that was under way is sent again with its key, and is there once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from tests.support.canary import Canary, bearable_ms
from tests.support.inbox import Ended
from tests.support.json_client import JsonClient, granted
from tests.support.load import Connect
from tests.support.proxy import Proxy
from tests.support.server_process import ServerProcess
from tests.support.wires import Hung

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])

ROOM = "tea"
DOORS = {"frames": JsonClient.by_frames, "websocket": JsonClient.by_websocket}
STEP = 11
"""Every so many bytes the connection is cut once; coprime to what frames and headers measure."""


@pytest.fixture
async def proxy(server: ServerProcess) -> AsyncIterator[Proxy]:
    proxy = Proxy(server.port)
    await proxy.start()
    yield proxy
    await proxy.stop()


def _cut_to_server(proxy: Proxy, after: int) -> None:
    proxy.to_server, proxy.to_client = after, None


def _cut_to_client(proxy: Proxy, after: int) -> None:
    proxy.to_server, proxy.to_client = None, after


@pytest.mark.parametrize("cut", [_cut_to_server, _cut_to_client], ids=["to the server", "to the client"])
@pytest.mark.parametrize("door", DOORS)
async def test_a_message_whose_connection_died_is_there_once_after_a_retry(
    server: ServerProcess, proxy: Proxy, door: str, cut: Callable[[Proxy, int], None]
) -> None:
    connect = DOORS[door]
    client = await connect(server.host, server.port)
    token = (await client.hello("ana"))["token"]
    await client.join(ROOM)
    keys: list[str] = []
    through = False
    async with Canary(server.host, server.port) as canary:
        calm = await canary.watch(1.0)
        async with canary.during(f"connections that are cut ({door})") as gaps:
            while not through:
                keys.append(f"cut-{len(keys)}")
                cut(proxy, len(keys) * STEP)
                through = await _post(connect, server.host, proxy.port, token, keys[-1])
                assert await _post(connect, server.host, server.port, token, keys[-1])
    assert gaps.worst_ms <= bearable_ms(calm)
    assert len(keys) > 10, "the cuts were too far apart to tell anything"

    reader = await connect(server.host, server.port)
    await reader.hello()
    await reader.join(ROOM, after=0)
    assert [(await _next_posted(reader)) for _ in keys] == keys
    assert (await reader.ask("history", room=ROOM, limit=1))["as_of"] == len(keys)
    for each in (client, reader):
        await each.close()
        assert not each.wrong


async def _post(connect: Connect, host: str, port: int, token: str, key: str) -> bool:
    """Come with the token and say it; whether it was acknowledged."""
    client: JsonClient | None = None
    try:
        client = await connect(host, port)
        await client.hello(token=token)
        await client.join(ROOM)
        granted(await client.ask("post", room=ROOM, text=f"this is {key}", key=key))
    except (OSError, Hung, Ended):
        return False
    finally:
        if client is not None:
            await client.vanish()
    return True


async def _next_posted(client: JsonClient) -> str:
    while (word := await client.heard.next())["type"] != "posted":
        pass
    key: str = word["key"]
    return key
