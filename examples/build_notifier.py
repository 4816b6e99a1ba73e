"""Runs a command and says how it ended.  python examples/build_notifier.py HOST:PORT ROOM make test"""

import subprocess
import sys

from teahouse.client import connect_sync


def main(server: str, room: str, command: list[str]) -> int:
    ended = subprocess.run(command, check=False)
    how = "passed ✅" if ended.returncode == 0 else f"failed with {ended.returncode} ❌"
    with connect_sync(server, name="builds", outbox=".builds.outbox") as me:
        me.join(room).say(f"{' '.join(command)} {how}")
    return ended.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
