"""A server on a port of its own, and schemathesis in front of it; exit code 1 if it finds something.

Two of its checks are left out. `positive_data_acceptance`: which names a person or a room may have does not fit into a
schema, so some of what the schema allows is refused. `ignored_auth`: a token is nobody's duty here, without one a request is a
nameless guest's.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
import tempfile
from pathlib import Path

from tests.support.server_process import ServerProcess

ROOT = Path(__file__).parent.parent
SCHEMATHESIS = ROOT / ".venv-fuzz" / "bin" / "schemathesis"
LEFT_OUT = "positive_data_acceptance,ignored_auth"
ROWS = 15


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="?", type=int, default=5_000, help="how many requests at the least")
    sys.exit(asyncio.run(fuzz(parser.parse_args().cases)))


async def fuzz(cases: int) -> int:
    """Start the server, try, stop it; the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        server = ServerProcess(Path(folder) / "data")
        await server.start()
        try:
            code, tried = await tries(f"http://{server.host}:{server.port}", cases, Path(folder))
        finally:
            await server.end()
        bugs = server.said().count("Traceback")
    print(f"{tried} cases, {bugs} bugs in the server's log")
    return 1 if code or bugs or tried < cases else 0


async def tries(url: str, cases: int, folder: Path) -> tuple[int, int]:
    """The exit code of schemathesis, and how many cases it has made; what it says is shown."""
    process = await asyncio.create_subprocess_exec(
        *(str(SCHEMATHESIS), "run", f"{url}/api/openapi.json", "--no-color", "--continue-on-failure"),
        *("--phases", "coverage,fuzzing,stateful", "--exclude-checks", LEFT_OUT, "--request-timeout", "10"),
        *("--max-examples", str(cases // ROWS), "--warnings", "off"),
        stdout=asyncio.subprocess.PIPE,
        cwd=folder,
        env={**os.environ, "SCHEMATHESIS_HOOKS": "fuzz_rest_hooks", "PYTHONPATH": str(Path(__file__).parent)},
    )
    assert process.stdout is not None
    tried = 0
    async for line in process.stdout:
        print(line.decode(), end="", flush=True)
        if found := re.search(rb"^\s+([\d,]+) generated", line):
            tried = int(found[1].replace(b",", b""))
    return await process.wait(), tried


if __name__ == "__main__":
    main()
