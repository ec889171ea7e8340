"""Chardev options: what they mean, and live QEMU's words where they are wrong."""

from __future__ import annotations

import pytest

from pyqom import release as releases
from pyqom.monitor.chardev import (
    ChardevError,
    FdAddress,
    InetAddress,
    UnixAddress,
    parse_chardev,
    parse_compat,
)

HINT = "\nIdentifiers consist of letters, digits, '-', '.', '_', starting with a letter."
NEW, OLD = releases.get("11.1"), releases.get("7.2")


@pytest.mark.parametrize(
    ("text", "backend", "address", "server", "wait"),
    [
        ("unix:/a/b,server=on,wait=off", "socket", "unix:/a/b", True, False),
        ("unix:/a/b,server,nowait", "socket", "unix:/a/b", True, False),
        ("unix:/a/b,server", "socket", "unix:/a/b", True, True),
        ("unix:/a/b,server=yes,wait=n", "socket", "unix:/a/b", True, False),
        ("unix:path=/a/b", "socket", "unix:/a/b", False, False),
        ("unix:/a,,b", "socket", "unix:/a,b", False, False),
        ("unix:/a,backend=null,id=x", "socket", "unix:/a", False, False),
        ("unix:/a,path=/b", "socket", "unix:/b", False, False),
        ("tcp:localhost:4444,server=on", "socket", "tcp:localhost:4444", True, True),
        ("tcp::4444,server=on,wait=off", "socket", "tcp::4444", True, False),
        ("tcp:localhost:qmp", "socket", "tcp:localhost:qmp", False, False),
        ("stdio", "stdio", "None", False, False),
        ("mon:stdio", "stdio", "None", False, False),
        ("null", "null", "None", False, False),
        ("pty", "pty", "None", False, False),
        ("vc", "vc", "None", False, False),
        ("vc:80Cx24C", "vc", "None", False, False),
    ],
)
def test_compat(text: str, backend: str, address: str, server: bool, wait: bool) -> None:
    chardev = parse_compat(text, "compat_monitor0")
    assert (chardev.id, chardev.backend) == ("compat_monitor0", backend)
    assert (str(chardev.address), chardev.server, chardev.wait) == (address, server, wait)


@pytest.mark.parametrize(
    ("text", "desc"),
    [
        ("foo", "'foo' is not a valid char driver"),
        ("", "'' is not a valid char driver"),
        ("unix", "'unix' is not a valid char driver"),
        ("none", "'none' is not a valid char driver"),
        ("stdio,foo=1", "'stdio,foo=1' is not a valid char driver"),
        ("stdio:", "'stdio:' is not a valid char driver"),
        ("mon:foo", "'foo' is not a valid char driver"),
        ("unix:/a,server=maybe", "Parameter 'server' expects 'on' or 'off'"),
        ("unix:/a,server=on,wait=off,foo=1", "Invalid parameter 'foo'"),
        ("unix:/a,b.sock", "Invalid parameter 'b.sock'"),
        ("tcp::4444,server=on,ipv4=maybe", "Parameter 'ipv4' expects 'on' or 'off'"),
        ("unix:/a,reconnect-ms=x", "Parameter 'reconnect-ms' expects a number"),
        ("tcp:", None),
        ("tcp:localhost", None),
        ("tcp:localhost:", None),
        ("udp:1.2.3.4", None),
        ("vc:80x", None),
    ],
)
def test_compat_that_is_no_chardev(text: str, desc: str | None) -> None:
    """Each has a message of its own, if any, and one that repeats the option."""
    with pytest.raises(ChardevError) as caught:
        parse_compat(text, "a")
    last = f"parse error: {text}"
    assert caught.value.messages == ((desc, last) if desc else (last,))


@pytest.mark.parametrize(
    ("text", "desc"),
    [
        ("unix:/a,wait=off", "'wait' option is incompatible with socket in client connect mode"),
        ("unix:/a,host=x", "None or one of 'path', 'fd' or 'host' option required."),
        (
            "unix:/a,reconnect-ms=100,server=on",
            "'reconnect-ms' option is incompatible with socket in server listen mode",
        ),
        ("con:", "'console' is not a valid char driver name"),
        ("unix:/a,telnet=on", "pyqom does not have 'telnet' on a chardev"),
        ("websocket:127.0.0.1:1", "Websocket client is not implemented"),
        ("websocket:127.0.0.1:1,server=on", "pyqom does not have 'websocket' on a chardev"),
    ],
)
def test_compat_that_cannot_be(text: str, desc: str) -> None:
    with pytest.raises(ChardevError) as caught:
        parse_compat(text, "a")
    assert caught.value.messages == (desc,)


@pytest.mark.parametrize(
    ("text", "desc"),
    [
        ("socket", "chardev: no id specified"),
        ("", "chardev: no id specified"),
        ("id=a", 'chardev: "a" missing backend'),
        ("foo,id=a", "'foo' is not a valid char driver name"),
        ("stdio,id=1a", "Parameter 'id' expects an identifier" + HINT),
        ("null,id=a,,b", "Parameter 'id' expects an identifier" + HINT),
        ("file,id=a", "chardev: file: no filename given"),
        ("pipe,id=a", "chardev: pipe: no device path given"),
        ("mux,id=a", "chardev: mux: no chardev given"),
        ("hub,id=a", "hub: 'chardevs' list is not defined"),
        ("ringbuf,id=a,size=3", "size of ringbuf chardev must be power of two"),
        ("memory,id=a,size=0", "size of ringbuf chardev must be power of two"),
        ("udp,id=a", "chardev: udp: remote port not specified"),
        ("serial,id=a", "chardev: serial/tty: no device path given"),
        ("parallel,id=a", "chardev: parallel: no device path given"),
        ("tty,id=a,path=/dev/null", "'tty' is not a valid char driver name"),
        ("file,id=a,path=/x,append=x", "Parameter 'append' expects 'on' or 'off'"),
        ("stdio,id=a,mux=x", "Parameter 'mux' expects 'on' or 'off'"),
        ("socket,id=a,path=/a,backend=x", "'x' is not a valid char driver name"),
        (
            "socket,id=a,path=/a,host=x,port=1,server=on",
            "None or one of 'path', 'fd' or 'host' option required.",
        ),
        ("socket,id=a,host=localhost,server=on", "chardev: socket: no port given"),
        (
            "socket,id=a,path=/a,server=off,wait=on",
            "'wait' option is incompatible with socket in client connect mode",
        ),
        ("socket,id=a,host=h,port=1,server=on,to=x", "Parameter 'to' expects a number"),
        (
            "socket,id=a,host=h,port=1,ipv4=off,ipv6=off",
            "Cannot disable IPv4 and IPv6 at same time",
        ),
        ("socket,id=a,host=h,port=1,tls-authz=x", "'tls_authz' option requires 'tls_creds' option"),
        (
            f"socket,id=a,path={'x' * 120},server=on",
            f"UNIX socket path '{'x' * 120}' is too long\nPath must be less than 108 bytes",
        ),
    ],
)
def test_wrong_options(text: str, desc: str) -> None:
    with pytest.raises(ChardevError) as caught:
        parse_chardev(text)
    assert caught.value.messages == (desc,)


def test_options() -> None:
    chardev = parse_chardev("socket,id=a,path=x,abstract=on,tight=off,server=on,wait=off")
    assert isinstance(chardev.address, UnixAddress)
    assert chardev.address.name == "\0x" + "\0" * 106
    chardev = parse_chardev("socket,id=a,host=::1,port=0x10,to=0x20,ipv6=on,reconnect-ms=0x64")
    assert isinstance(chardev.address, InetAddress)
    assert str(chardev.address) == "tcp:[::1]:0x10"
    assert (chardev.address.to, chardev.address.ipv6, chardev.address.ipv4) == (32, True, None)
    assert (chardev.id, chardev.reconnect_ms) == ("a", 100)
    chardev = parse_chardev("socket,id=a,fd=5,server=on")
    assert isinstance(chardev.address, FdAddress)
    assert chardev.address.fd == "5"
    chardev = parse_chardev("backend=file,id=f,path=/o,input-path=/i,append=on")
    assert (chardev.path, chardev.input_path, chardev.append) == ("/o", "/i", True)


@pytest.mark.parametrize(("value", "number"), [("0", 0), ("010", 8), ("+5", 5), (" 7", 7)])
def test_numbers_are_those_of_c(value: str, number: int) -> None:
    assert parse_chardev(f"socket,id=a,fd=1,reconnect-ms={value}").reconnect_ms == number


@pytest.mark.parametrize("value", ["", "x", "08", "1x", "0x"])
def test_what_is_no_number(value: str) -> None:
    with pytest.raises(ChardevError, match="expects a number"):
        parse_chardev(f"socket,id=a,fd=1,reconnect-ms={value}")
    with pytest.raises(ChardevError, match="is too large for parameter 'to'"):
        parse_chardev("socket,id=a,fd=1,to=18446744073709551616")


def test_short_forms_are_deprecated() -> None:
    chardev = parse_chardev("socket,id=a,path=/a,server,nowait")
    assert chardev.warnings == [
        "short-form boolean option 'server' deprecated\nPlease use server=on instead",
        "short-form boolean option 'nowait' deprecated\nPlease use wait=off instead",
    ]


def test_releases_have_their_options() -> None:
    assert parse_compat("unix:/a,reconnect=2", "a", OLD).reconnect_ms == 2000
    with pytest.raises(ChardevError, match="Invalid parameter 'reconnect'"):
        parse_compat("unix:/a,reconnect=2", "a", NEW)
    with pytest.raises(ChardevError, match="Invalid parameter 'reconnect-ms'"):
        parse_compat("unix:/a,reconnect-ms=2", "a", OLD)
    with pytest.raises(ChardevError, match="'hub' is not a valid char driver name"):
        parse_chardev("hub,id=a", OLD)
    assert parse_compat("pty:/a", "a", NEW).path == "/a"
    with pytest.raises(ChardevError, match="'pty:/a' is not a valid char driver"):
        parse_compat("pty:/a", "a", OLD)
