"""Which addresses are private, and whom a client counts with."""

from __future__ import annotations

import pytest

from teahouse.server import addresses


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost", "10.1.2.3", "192.168.0.7", "172.16.0.1",
                                  "fe80::1", "fd00::1", "::ffff:10.0.0.1"])  # fmt: skip
def test_loopback_and_local_networks_are_private(host: str) -> None:
    assert addresses.is_private(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "8.8.8.8", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8",
                                  "no such name"])  # fmt: skip
def test_every_address_and_the_internet_are_not(host: str) -> None:
    assert not addresses.is_private(host)


def test_an_ipv4_client_counts_alone_and_an_ipv6_client_with_its_network() -> None:
    assert addresses.neighbourhood("192.0.2.7") == "192.0.2.7"
    assert addresses.neighbourhood("::ffff:192.0.2.7") == "192.0.2.7"
    assert addresses.neighbourhood("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64"
    assert addresses.neighbourhood("2001:db8:1:2::9") == addresses.neighbourhood("2001:db8:1:2:3:4:5:6")
    assert addresses.neighbourhood("2001:db8:1:3::9") != addresses.neighbourhood("2001:db8:1:2::9")
    assert addresses.neighbourhood("fe80::1%eth0") == "fe80::/64"
    assert addresses.neighbourhood("") == ""


def test_the_address_for_the_neighbours_is_one_of_a_local_network() -> None:
    ours = addresses.lan_address()
    assert ours is None or addresses.is_neighbourly(ours)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "169.254.1.1", "0.0.0.0", "8.8.8.8", "a-name"])
def test_neighbours_do_not_reach_the_machine_itself_nor_one_link(host: str) -> None:
    assert not addresses.is_neighbourly(host)
