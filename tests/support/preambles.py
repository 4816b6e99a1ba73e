"""What other protocols say first, and what the table of first bytes makes of it.

Each is the beginning of a real conversation, cut where its meaning is clear. `TEXT` are those that are legitimately
text by the table: printable lines that a person may type as well; nothing tells them from chat.
"""

from __future__ import annotations

from typing import NamedTuple

from teahouse.wire.sniff import Door


class Preamble(NamedTuple):
    """One protocol's first bytes."""

    name: str
    data: bytes
    door: Door


FOREIGN = (
    Preamble("TLS 1.0", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "tls"),
    Preamble("TLS 1.3", b"\x16\x03\x03\x00\xf4\x01\x00\x00\xf0\x03\x03", "tls"),
    Preamble("SSLv2", b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10\x01\x00\x80", "unknown"),
    Preamble("DTLS", b"\x16\xfe\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x5a", "unknown"),
    Preamble("HTTP/1.1", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "http"),
    Preamble("HTTP/1.0 probe", b"HEAD / HTTP/1.0\r\n\r\n", "http"),
    Preamble("HTTP proxy", b"CONNECT example.org:443 HTTP/1.1\r\n\r\n", "http"),
    Preamble("HTTP absolute", b"GET http://example.org/ HTTP/1.1\r\n\r\n", "http"),
    Preamble("HTTP unknown method", b"BREW tea HTTP/1.1\r\n\r\n", "http"),
    Preamble("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "foreign"),
    Preamble("IPP", b"POST /ipp/print HTTP/1.1\r\n", "http"),
    Preamble("RTSP wildcard", b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n", "http"),
    Preamble("RTSP", b"OPTIONS rtsp://example.org/media RTSP/1.0\r\nCSeq: 1\r\n\r\n", "foreign"),
    Preamble("RTSP DESCRIBE", b"DESCRIBE rtsp://example.org/media RTSP/1.0\r\n", "foreign"),
    Preamble("SIP", b"OPTIONS sip:nm SIP/2.0\r\nVia: SIP/2.0/TCP nm\r\n", "foreign"),
    Preamble("SIP INVITE", b"INVITE sip:bob@example.org SIP/2.0\r\n", "foreign"),
    Preamble("SSH", b"SSH-2.0-OpenSSH_9.2p1\r\n", "foreign"),
    Preamble("SMTP EHLO", b"EHLO example.org\r\n", "foreign"),
    Preamble("SMTP HELO", b"HELO example.org\r\n", "foreign"),
    Preamble("FTP USER", b"USER anonymous\r\n", "foreign"),
    Preamble("POP3 PASS", b"PASS secret\r\n", "irc"),
    Preamble("VNC", b"RFB 003.008\n", "foreign"),
    Preamble("Redis", b"*1\r\n$4\r\nPING\r\n", "foreign"),
    Preamble("XMPP", b"<?xml version='1.0'?><stream:stream to='example.org'>", "foreign"),
    Preamble("XMPP without a prologue", b"<stream:stream to='example.org'>", "foreign"),
    Preamble("NATS", b'CONNECT {"verbose":false}\r\nPING\r\n', "foreign"),
    Preamble("STOMP", b"CONNECT\naccept-version:1.2\nhost:tea\n\n\x00", "foreign"),
    Preamble("STOMP with CRLF", b"CONNECT\r\naccept-version:1.2\r\n\r\n\x00", "foreign"),
    Preamble("STOMP 1.1", b"STOMP\naccept-version:1.1\n\n\x00", "foreign"),
    Preamble("STOMP 1.1 with CRLF", b"STOMP\r\naccept-version:1.1\r\n\r\n\x00", "foreign"),
    Preamble("PROXY v1", b"PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n", "proxy"),
    Preamble("PROXY v1, v6", b"PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n", "proxy"),
    Preamble("PROXY v1 unknown", b"PROXY UNKNOWN \r\n", "proxy"),
    Preamble("PROXY v1 without addresses", b"PROXY UNKNOWN\r\n", "proxy"),
    Preamble("PROXY v1, nothing known", b"PROXY TCP4\r\n", "proxy"),
    Preamble("PROXY v2, all random", b"\r\n\r\n\x00\r\nQUIT\n\xa9\x0a\xff\xfe", "proxy"),
    Preamble("PROXY v2", b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c", "proxy"),
    Preamble("IRC", b"NICK ana\r\nUSER ana 0 * :Ana\r\n", "irc"),
    Preamble("IRC CAP", b"CAP LS 302\r\n", "irc"),
    Preamble("IRC by hand", b"NICK ana\n", "irc"),
    Preamble("IRC tags", b"@label=1 :ana PRIVMSG #tea :hello\r\n", "irc"),
    Preamble("IRC probe", b"QUIT\r\n", "irc"),
    Preamble("RDP", b"\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x03\x00\x00\x00", "foreign"),
    Preamble("MQTT", b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04tea1", "foreign"),
    Preamble("AMQP", b"AMQP\x00\x00\x09\x01", "foreign"),
    Preamble("PostgreSQL", b"\x00\x00\x00\x08\x04\xd2\x16\x2f", "frames"),
    Preamble("Kafka", b"\x00\x00\x00\x14\x00\x12\x00\x03", "frames"),
    Preamble("ZooKeeper", b"\x00\x00\x00\x2d\x00\x00\x00\x00", "frames"),
    Preamble("SMB", b"\x00\x00\x00\x85\xffSMB\x72\x00\x00\x00\x00", "frames"),
    Preamble("MySQL answer", b"\x20\x00\x00\x01\x85\xa6\x03\x00\x00\x00\x00\x01", "foreign"),
    Preamble("MongoDB", b"\x3a\x00\x00\x00\xa7A\x00\x00\x00\x00\x00\x00\xd4\x07\x00\x00", "foreign"),
    Preamble("MS SQL", b"\x12\x01\x00\x34\x00\x00\x00\x00\x00\x00\x15\x00\x06\x01", "foreign"),
    Preamble("Oracle", b"\x00\x5a\x00\x00\x01\x00\x00\x00\x01\x36\x01\x2c\x00\x00", "foreign"),
    Preamble("Cassandra", b"\x04\x00\x00\x01\x05\x00\x00\x00\x00", "foreign"),
    Preamble("memcached, binary", b"\x80\x0b\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "unknown"),
    Preamble("LDAP", b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00", "foreign"),
    Preamble("Kerberos", b"\x00\x00\x00\x71\x6a\x81\x6e\x30\x81\x6b", "frames"),
    Preamble("Bitcoin", b"\xf9\xbe\xb4\xd9version\x00\x00\x00\x00\x00", "unknown"),
    Preamble("BitTorrent", b"\x13BitTorrent protocol\x00\x00\x00\x00\x00\x10\x00\x05", "foreign"),
    Preamble("DNS over TCP", b"\x00\x1e\x00\x06\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07version", "foreign"),
    Preamble("Modbus", b"\x00\x01\x00\x00\x00\x05\x01\x2b\x0e\x01\x00", "foreign"),
    Preamble("ADB", b"CNXN\x00\x00\x00\x01\x00\x10\x00\x00\x07\x00\x00\x00", "foreign"),
    Preamble("Java RMI", b"JRMI\x00\x02\x4b", "foreign"),
    Preamble("Java serialisation", b"\xac\xed\x00\x05", "unknown"),
    Preamble("SOCKS4", b"\x04\x01\x00\x50\xc0\x00\x02\x01\x00", "foreign"),
    Preamble("SOCKS5", b"\x05\x02\x00\x01", "foreign"),
    Preamble("X11", b"\x6c\x00\x0b\x00\x00\x00\x00\x00\x00\x00\x00\x00", "foreign"),
    Preamble("rlogin", b"\x00root\x00root\x00xterm/38400\x00", "foreign"),
    Preamble("BGP", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x1d\x01\x04", "unknown"),
    Preamble("Git", b"0033git-upload-pack /project.git\x00host=example.org\x00", "foreign"),
    Preamble("Git, cut", b"0033git-receive-pack /project.git", "foreign"),
    Preamble("BitTorrent, cut", b"\x13BitTorrent protocol", "foreign"),
    Preamble("IRC PASS first", b"PASS x\r\nNICK ana\r\n", "irc"),
    Preamble("FTP by hand", b"USER ana\r\nPASS x\r\n", "foreign"),
    Preamble("HTTP with a method in lower case", b"get / HTTP/1.1\r\nHost: a\r\n\r\n", "http"),
    Preamble("Minecraft", b"\x0f\x00\x2f\x09localhost\x63\xdd\x01", "foreign"),
    Preamble("Elasticsearch", b"ES\x00\x00\x00\x1b", "foreign"),
    Preamble("Erlang", b"\x00\x15n\x00\x05\x00\x03\x49\x9c", "foreign"),
    Preamble("Latin-1", b"caf\xe9\n", "unknown"),
    Preamble("UTF-16", b"\xff\xfeh\x00i\x00", "unknown"),
)

TEXT = (
    Preamble("PuTTY", b"\xff\xfb\x1f\xff\xfb\x20\xff\xfb\x18\xff\xfb\x27\xff\xfd\x01\xff\xfb\x03\xff\xfd\x03", "lines"),
    Preamble("Ctrl-C in telnet", b"\xff\xf4\xff\xfd\x06", "lines"),
    Preamble("telnet, a subnegotiation", b"\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0", "lines"),
    Preamble("telnet, are you there", b"\xff\xf6", "lines"),
    Preamble("telnet behind a word", b"hel\xff\xfd\x06lo\r\n", "lines"),
    Preamble("STOMP by half", b"CONNECT us\n", "lines"),
    Preamble("Gopher", b"/about\r\n", "lines"),
    Preamble("finger", b"root\r\n", "lines"),
    Preamble("memcached, text", b"stats\r\n", "lines"),
    Preamble("Redis, inline", b"PING\r\n", "lines"),
    Preamble("IMAP", b"a001 CAPABILITY\r\n", "lines"),
    Preamble("LPD", b"\x01default\n", "lines"),
    Preamble("rsync", b"@RSYNCD: 31.0\n", "lines"),
    Preamble("stratum", b'{"id":1,"method":"mining.subscribe","params":[]}\n', "lines"),
    Preamble("HTTP/0.9", b"GET lost\n", "lines"),
    Preamble("IRC, verb alone", b"NICK\r\n", "lines"),
    Preamble("a word that begins like a verb", b"USERS unite\r\n", "lines"),
)
