"""Character devices as the command line describes them (``chardev/char.c``, ``char-socket.c``).

``-qmp`` and ``-monitor`` have the older form (``unix:PATH,server=on``), ``-chardev`` the one of
options (``socket,id=ID,path=PATH,server=on``).  Both end as a `Chardev`, which
`pyqom.monitor.backends` opens.
"""

from __future__ import annotations

import re

from pyqom import release as releases
from pyqom.errors import ParameterError
from pyqom.monitor import opts as qemu_opts
from pyqom.monitor.opts import BOOL, NUMBER, STRING, Opts
from pyqom.types.visitor import strtosz

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pyqom.release import Release

# Every option of -chardev, with its type and the carried releases that have it (since, until).
_OPTIONS: tuple[tuple[str, str, str | None, str | None], ...] = (
    ("backend", STRING, None, None),
    ("path", STRING, None, None),
    ("input-path", STRING, "11.1", None),
    ("host", STRING, None, None),
    ("port", STRING, None, None),
    ("fd", STRING, None, None),
    ("localaddr", STRING, None, None),
    ("localport", STRING, None, None),
    ("to", NUMBER, None, None),
    ("ipv4", BOOL, None, None),
    ("ipv6", BOOL, None, None),
    ("wait", BOOL, None, None),
    ("server", BOOL, None, None),
    ("delay", BOOL, None, None),
    ("nodelay", BOOL, None, None),
    ("reconnect", NUMBER, None, "11.1"),
    ("reconnect-ms", NUMBER, "11.1", None),
    ("telnet", BOOL, None, None),
    ("tn3270", BOOL, None, None),
    ("tls-creds", STRING, None, None),
    ("tls-authz", STRING, None, None),
    ("websocket", BOOL, None, None),
    ("width", NUMBER, None, None),
    ("height", NUMBER, None, None),
    ("cols", NUMBER, None, None),
    ("rows", NUMBER, None, None),
    ("encoding", STRING, "11.1", None),
    ("mux", BOOL, None, None),
    ("signal", BOOL, None, None),
    ("name", STRING, None, None),
    ("debug", NUMBER, None, None),
    ("size", STRING, None, None),
    ("chardev", STRING, None, None),
    ("chardevs.0", STRING, "11.1", None),
    ("chardevs.1", STRING, "11.1", None),
    ("chardevs.2", STRING, "11.1", None),
    ("chardevs.3", STRING, "11.1", None),
    ("append", BOOL, None, None),
    ("logfile", STRING, None, None),
    ("logappend", BOOL, None, None),
    ("logtimestamp", BOOL, "11.1", None),
    ("mouse", BOOL, None, None),
    ("clipboard", BOOL, None, None),
    ("tight", BOOL, None, None),
    ("abstract", BOOL, None, None),
)

# The backends that QEMU knows; which of them pyqom has, `pyqom.monitor.backends` says.
BACKENDS = (
    frozenset(("braille", "file", "memory", "msmouse", "mux", "null", "parallel", "parport"))
    | frozenset(("pipe", "pty", "qemu-vdagent", "ringbuf", "serial", "socket", "stdio", "testdev"))
    | frozenset(("tty", "udp", "vc", "wctablet", "hub"))
)
# Backends that not all carried releases have: since which, and until which.
_LIFETIMES: dict[str, tuple[str | None, str | None]] = {
    "hub": ("11.1", None),
    "parport": (None, "11.1"),
    "tty": (None, "11.1"),
}
# Older names of backends.
_ALIASES = {"parport": "parallel", "tty": "serial"}
# What a list of backends leaves out: older names, and what is in a module.
UNLISTED = frozenset((*_ALIASES, "braille"))
# What must be given for a backend, and what QEMU says where it is not.
_NEEDED = {
    "file": ("path", "chardev: file: no filename given"),
    "pipe": ("path", "chardev: pipe: no device path given"),
    "serial": ("path", "chardev: serial/tty: no device path given"),
    "parallel": ("path", "chardev: parallel: no device path given"),
    "hub": ("chardevs.0", "hub: 'chardevs' list is not defined"),
    "mux": ("chardev", "chardev: mux: no chardev given"),
}
# Backends whose old form is KIND:PATH, and since which carried release.
_WITH_PATH = {"file": None, "pipe": None, "pty": "11.1"}
# Backends whose old form is their bare name.
_BARE = ("null", "pty", "msmouse", "wctablet", "braille", "testdev", "stdio")
# What asks for a protocol on top of the socket that pyqom does not speak.
_UNSPOKEN = ("telnet", "tn3270", "websocket")

_HOST_PORT = re.compile(r"(?:([^:]{1,64})|):([^,]{1,32})")
_SIZE = re.compile(r"[0-9]{1,7}x[0-9]{1,7}|[0-9]{1,7}Cx[0-9]{1,7}C")
SUN_PATH = 108


class ChardevError(ParameterError):
    """A chardev is described wrongly or cannot be opened.

    `messages` are QEMU's, each of which it prints with program name and location; what follows
    a line end within one is printed without.
    """

    def __init__(self, *messages: str) -> None:
        super().__init__(messages[0] if messages else "")
        self.messages = messages


class UnixAddress:
    """A unix socket: a path, or an abstract name, padded to the full length unless `tight`."""

    __slots__ = ("abstract", "path", "tight")

    def __init__(self, path: str, *, abstract: bool = False, tight: bool = True) -> None:
        self.path = path
        self.abstract = abstract
        self.tight = tight

    @property
    def name(self) -> str:
        """What the socket is bound or connected to."""
        if not self.abstract:
            return self.path
        name = "\0" + self.path
        return name if self.tight else name.ljust(SUN_PATH, "\0")

    def __str__(self) -> str:
        return f"unix:{self.path}"


class InetAddress:
    """A TCP port, or the first free one from `port` to `to`; None leaves a protocol open."""

    __slots__ = ("host", "ipv4", "ipv6", "port", "to")

    def __init__(
        self,
        host: str,
        port: str,
        *,
        to: int | None = None,
        ipv4: bool | None = None,
        ipv6: bool | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.to = to
        self.ipv4 = ipv4
        self.ipv6 = ipv6

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"tcp:{host}:{self.port}"


class FdAddress:
    """A socket that the program was started with."""

    __slots__ = ("fd",)

    def __init__(self, fd: str) -> None:
        self.fd = fd

    def __str__(self) -> str:
        return f"fd:{self.fd}"


class Chardev:
    """One character device, not open yet.

    `backend` is QEMU's name of the kind, `id` the label.  Of a socket: `address`, whether it
    listens (`server`) and then waits for a client at start (`wait`), or after how many
    milliseconds it connects anew (`reconnect_ms`, 0 for never), and the id of its TLS credentials
    (`tls_creds`).  Of a file or pipe: `path`, `input_path`, `append`.  Of one that passes on what
    others bring: their labels (`bases`).  `logfile` keeps a copy of what is written.
    """

    __slots__ = (
        "address",
        "append",
        "backend",
        "bases",
        "id",
        "input_path",
        "logfile",
        "path",
        "reconnect_ms",
        "server",
        "tls_creds",
        "wait",
        "warnings",
    )

    def __init__(
        self,
        backend: str,
        id: str = "",
        *,
        address: UnixAddress | InetAddress | FdAddress | None = None,
        server: bool = False,
        wait: bool = False,
        reconnect_ms: int = 0,
        path: str = "",
        input_path: str = "",
        append: bool = False,
    ) -> None:
        self.backend = backend
        self.id = id
        self.address = address
        self.server = server
        self.wait = wait
        self.reconnect_ms = reconnect_ms
        self.path = path
        self.input_path = input_path
        self.append = append
        self.warnings: list[str] = []
        self.bases: list[str] = []
        self.logfile: str | None = None
        self.tls_creds: str | None = None


def option_types(release: Release | None = None) -> dict[str, str]:
    """The options of ``-chardev`` that the release has, and their types."""
    release = release or releases.get()
    return {name: kind for name, kind, since, until in _OPTIONS if release.knows(since, until)}


def parse_compat(text: str, id: str, release: Release | None = None) -> Chardev:
    """The chardev of ``-qmp TEXT`` or ``-monitor TEXT``, which gets the label `id`.

    ``chardev:ID``, which names one that there is, is the caller's.  Raises ChardevError.
    """
    release = release or releases.get()
    return _chardev(_compat_opts(text, release), id, release)


def parse_chardev(text: str, release: Release | None = None) -> Chardev:
    """The chardev of ``-chardev TEXT``; `warnings` of it are what QEMU warns of.

    Raises ChardevError.
    """
    release = release or releases.get()
    try:
        opts = qemu_opts.parse(text, option_types(release), "backend")
    except ParameterError as error:
        raise ChardevError(str(error)) from None
    chardev = _identified(opts, release)
    chardev.warnings = opts.warnings
    return chardev


def make_chardev(id: str | None, pairs: Iterable[tuple[str, str]], release: Release) -> Chardev:
    """The chardev of options as texts, which have been checked.  Raises ChardevError."""
    return _identified(qemu_opts.typed(id, pairs, option_types(release)), release)


def _identified(opts: Opts, release: Release) -> Chardev:
    if opts.id is None:
        raise ChardevError("chardev: no id specified")
    return _chardev(opts, opts.id, release)


# --- the old form --------------------------------------------------------------------------------


def _compat_opts(text: str, release: Release) -> Opts:
    """qemu_chr_parse_compat(): the options that the old form stands for."""
    types = option_types(release)
    plain = text.removeprefix("mon:")
    opts = Opts(None)
    prefix, colon, rest = plain.partition(":")
    if plain in _BARE:
        opts.values["backend"] = plain
    elif plain == "vc" or (prefix == "vc" and _SIZE.match(rest)):
        opts.values["backend"] = "vc"
    elif plain == "con:":
        opts.values["backend"] = "console"
    elif colon and prefix in _WITH_PATH and release.knows(_WITH_PATH[prefix], None):
        opts.values.update(backend=prefix, path=rest)
    elif colon and prefix == "unix":
        opts.values["backend"] = "socket"
        _add(opts, rest, "path", text, types)
    elif colon and prefix in ("tcp", "telnet", "tn3270", "websocket", "udp"):
        _host_and_port(opts, prefix, rest, text, types)
    elif plain.startswith(("/dev/parport", "/dev/ppi")):
        opts.values.update(backend="parallel", path=plain)
    elif plain.startswith("/dev/"):
        opts.values.update(backend="serial", path=plain)
    elif prefix == "vc" and colon:
        raise ChardevError(_parse_error(text))
    else:
        raise ChardevError(f"'{plain}' is not a valid char driver", _parse_error(text))
    return opts


def _parse_error(text: str) -> str:
    return f"parse error: {text}"


def _host_and_port(opts: Opts, prefix: str, rest: str, text: str, types: Mapping[str, str]) -> None:
    """``HOST:PORT,options``."""
    match = _HOST_PORT.match(rest)
    if not match:
        raise ChardevError(_parse_error(text))
    end = match.end()
    opts.values.update(backend="udp" if prefix == "udp" else "socket")
    opts.values.update(host=match[1] or "", port=match[2])
    if rest[end : end + 1] == "," and prefix != "udp":
        _add(opts, rest[end + 1 :], None, text, types)
    if prefix not in ("tcp", "udp"):
        opts.values[prefix] = True


def _add(opts: Opts, rest: str, implied: str | None, text: str, types: Mapping[str, str]) -> None:
    """Add options in QEMU's common form."""
    try:
        more = qemu_opts.parse(rest, types, implied, ids=False)
    except ParameterError as error:
        raise ChardevError(str(error), _parse_error(text)) from None
    # What kind it is has been said.
    opts.values = more.values | opts.values


# --- options to a chardev ------------------------------------------------------------------------


def _chardev(opts: Opts, id: str, release: Release) -> Chardev:
    backend = opts.text("backend")
    if not backend:
        raise ChardevError(f'chardev: "{id}" missing backend')
    if backend not in backends(release):
        raise ChardevError(f"'{backend}' is not a valid char driver name")
    needed, text = _NEEDED.get(_ALIASES.get(backend, backend), ("backend", ""))
    if needed not in opts.values:
        raise ChardevError(text)
    if backend == "socket":
        chardev = _socket(opts, id)
    elif backend == "udp":
        chardev = _udp(opts, id)
    else:
        chardev = _plain(_ALIASES.get(backend, backend), id, opts)
    for name in _UNSPOKEN:
        if opts.values.get(name, False) is not False:
            raise ChardevError(f"pyqom does not have '{name}' on a chardev")
    chardev.logfile = opts.text("logfile")
    return chardev


def backends(release: Release) -> set[str]:
    """The names of the backends that the release has."""
    return {name for name in BACKENDS if release.knows(*_LIFETIMES.get(name, (None, None)))}


def _plain(backend: str, id: str, opts: Opts) -> Chardev:
    """One that needs no more than a path, or other chardevs."""
    size = opts.text("size")
    if backend in ("ringbuf", "memory") and size is not None and strtosz(size).bit_count() != 1:
        raise ChardevError("size of ringbuf chardev must be power of two")
    chardev = Chardev(
        backend,
        id,
        path=opts.text("path") or "",
        input_path=opts.text("input-path") or "",
        append=opts.flag("append"),
    )
    base = "chardev" if backend == "mux" else "chardevs."
    chardev.bases = [str(opts.values[name]) for name in opts.values if name.startswith(base)]
    return chardev


def _udp(opts: Opts, id: str) -> Chardev:
    """qemu_chr_parse_udp()."""
    port = opts.text("port")
    if not port:
        raise ChardevError("chardev: udp: remote port not specified")
    return Chardev("udp", id, address=InetAddress(opts.text("host") or "localhost", port))


def _socket(opts: Opts, id: str) -> Chardev:
    """qemu_chr_parse_socket() and qmp_chardev_validate_socket()."""
    given = opts.values
    server = opts.flag("server")
    if sum(name in given for name in ("path", "fd", "host")) > 1:
        raise ChardevError("None or one of 'path', 'fd' or 'host' option required.")
    if "host" in given and "port" not in given:
        raise ChardevError("chardev: socket: no port given")
    reconnect = "reconnect" if "reconnect" in given else "reconnect-ms"
    if server and reconnect in given:
        raise ChardevError(
            f"'{reconnect}' option is incompatible with socket in server listen mode"
        )
    if not server and "wait" in given:
        raise ChardevError("'wait' option is incompatible with socket in client connect mode")
    if "tls-authz" in given and "tls-creds" not in given:
        raise ChardevError("'tls_authz' option requires 'tls_creds' option")
    if opts.flag("websocket") and not server:
        raise ChardevError("Websocket client is not implemented")
    chardev = Chardev(
        "socket",
        id,
        address=_address(opts),
        server=server,
        wait=server and opts.flag("wait", True),
        reconnect_ms=opts.number(reconnect) * (1000 if reconnect == "reconnect" else 1),
    )
    chardev.tls_creds = opts.text("tls-creds")
    return chardev


def _address(opts: Opts) -> UnixAddress | InetAddress | FdAddress:
    path, host = opts.text("path"), opts.text("host")
    if path is not None:
        if len(path.encode(errors="surrogateescape")) > SUN_PATH:
            raise ChardevError(
                f"UNIX socket path '{path}' is too long\nPath must be less than {SUN_PATH} bytes"
            )
        return UnixAddress(path, abstract=opts.flag("abstract"), tight=opts.flag("tight", True))
    if host is None:
        return FdAddress(opts.text("fd") or "")
    given = opts.values
    ipv4 = opts.flag("ipv4") if "ipv4" in given else None
    ipv6 = opts.flag("ipv6") if "ipv6" in given else None
    if ipv4 is False and ipv6 is False:
        raise ChardevError("Cannot disable IPv4 and IPv6 at same time")
    to = opts.number("to") if "to" in given else None
    return InetAddress(host, opts.text("port") or "", to=to, ipv4=ipv4, ipv6=ipv6)
