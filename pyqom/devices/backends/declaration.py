"""The types of this package, by name: no module of theirs is imported before one is asked for.

A row says what the class statement says; a test compares them.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pyqom.types import Registry

CREATABLE = ("user-creatable",)
GENERATOR = "fw_cfg-data-generator"


class Row:
    """A type: its parent, and ``module.Class``, or ``module.function`` that makes the class.

    ``interfaces`` are those that it adds to its parent's; ``since`` and ``until`` its lifetime.
    """

    __slots__ = ("abstract", "interfaces", "name", "parent", "since", "until", "where")

    def __init__(
        self,
        name: str,
        parent: str,
        where: str,
        interfaces: tuple[str, ...] = (),
        *,
        abstract: bool = False,
        since: str | None = None,
        until: str | None = None,
    ) -> None:
        self.name, self.parent, self.where = name, parent, where
        self.interfaces, self.abstract = interfaces, abstract
        self.since, self.until = since, until


TYPES = (
    Row("memory-backend", "object", "hostmem.MemoryBackend", CREATABLE, abstract=True),
    Row("memory-backend-ram", "memory-backend", "hostmem.MemoryBackendRam"),
    Row("memory-backend-file", "memory-backend", "hostmem_file.MemoryBackendFile"),
    Row("memory-backend-memfd", "memory-backend", "hostmem_file.MemoryBackendMemfd"),
    Row("memory-backend-shm", "memory-backend", "hostmem_file.MemoryBackendShm", since="11.1"),
    Row("event-loop-base", "object", "event_loop.EventLoopBase", CREATABLE, abstract=True),
    Row("iothread", "event-loop-base", "event_loop.IOThread"),
    Row("main-loop", "event-loop-base", "event_loop.MainLoop"),
    Row("thread-context", "object", "thread_context.ThreadContext", CREATABLE),
    Row("throttle-group", "object", "throttle.ThrottleGroup", CREATABLE),
    Row("rng-backend", "object", "rng.RngBackend", CREATABLE, abstract=True),
    Row("rng-builtin", "rng-backend", "rng.RngBuiltin"),
    Row("rng-random", "rng-backend", "rng.RngRandom"),
    Row("rng-egd", "rng-backend", "rng.RngEgd"),
    Row("secret_common", "object", "secret.SecretCommon", CREATABLE, abstract=True),
    Row("secret", "secret_common", "secret.Secret"),
    Row("secret_keyring", "secret_common", "secret.SecretKeyring"),
    Row("tls-creds", "object", "tls.TLSCreds", abstract=True),
    Row("tls-creds-anon", "tls-creds", "tls.TLSCredsAnon", CREATABLE),
    Row("tls-creds-psk", "tls-creds", "tls.TLSCredsPSK", CREATABLE),
    Row("tls-creds-x509", "tls-creds", "tls.TLSCredsX509", CREATABLE),
    Row("tls-cipher-suites", "tls-creds", "tls.TLSCipherSuites", (*CREATABLE, GENERATOR)),
    Row("authz", "object", "authz.Authz", abstract=True),
    Row("authz-simple", "authz", "authz.AuthzSimple", CREATABLE),
    Row("authz-list", "authz", "authz.AuthzList", CREATABLE),
    Row("authz-list-file", "authz", "authz.AuthzListFile", CREATABLE),
    Row("can-bus", "object", "can.CanBus", CREATABLE),
    Row("can-host", "object", "can.CanHost", CREATABLE, abstract=True),
    Row("can-host-socketcan", "can-host", "can.CanHostSocketCAN"),
    Row("cryptodev-backend", "object", "cryptodev.CryptoDevBackend", CREATABLE),
    Row("cryptodev-backend-builtin", "cryptodev-backend", "cryptodev.CryptoDevBackendBuiltin"),
    Row("cryptodev-vhost-user", "cryptodev-backend", "cryptodev.CryptoDevVhostUser"),
    Row("netfilter", "object", "netfilter.NetFilter", CREATABLE, abstract=True),
    Row("filter-buffer", "netfilter", "netfilter.FilterBuffer"),
    Row("filter-dump", "netfilter", "netfilter.FilterDump"),
    Row("filter-mirror", "netfilter", "netfilter.FilterMirror"),
    Row("filter-redirector", "netfilter", "netfilter.FilterRedirector"),
    Row("filter-replay", "netfilter", "netfilter.FilterReplay"),
    Row("filter-rewriter", "netfilter", "netfilter.FilterRewriter"),
    Row("colo-compare", "object", "colo.ColoCompare", CREATABLE),
    Row("input-barrier", "object", "inputs.InputBarrier", CREATABLE),
    Row("input-linux", "object", "inputs.InputLinux", CREATABLE),
    Row("dbus-vmstate", "object", "helpers.DBusVMState", (*CREATABLE, "vmstate-if")),
    Row("pr-manager", "object", "helpers.PRManager", CREATABLE, abstract=True),
    Row("pr-manager-helper", "pr-manager", "helpers.PRManagerHelper"),
    Row("qtest", "object", "qtest.QTest", CREATABLE),
    Row("x-remote-object", "object", "descriptors.RemoteObject", CREATABLE),
    Row("iommufd", "object", "descriptors.IOMMUFDBackend", CREATABLE, since="11.1"),
    Row(
        "confidential-guest-support",
        "object",
        "confidential.ConfidentialGuest",
        abstract=True,
    ),
    Row(
        "x86-confidential-guest",
        "confidential-guest-support",
        "confidential.X86ConfidentialGuest",
        abstract=True,
        since="11.1",
    ),
    Row(
        "sev-common",
        "x86-confidential-guest",
        "confidential.SevCommon",
        (*CREATABLE, "resettable"),
        abstract=True,
        since="11.1",
    ),
    Row("sev-guest", "sev-common", "confidential.SevGuest", since="11.1"),
    Row(
        "sev-guest",
        "confidential-guest-support",
        "confidential.older_sev_guest",
        CREATABLE,
        until="11.1",
    ),
    Row("sev-snp-guest", "sev-common", "confidential.SevSnpGuest", since="11.1"),
    Row(
        "tdx-guest",
        "x86-confidential-guest",
        "confidential.TdxGuest",
        (*CREATABLE, "resettable"),
        since="11.1",
    ),
    Row("acpi-generic-initiator", "object", "acpi.AcpiGenericInitiator", CREATABLE, since="11.1"),
    Row("acpi-generic-port", "object", "acpi.AcpiGenericPort", CREATABLE, since="11.1"),
    Row("monitor", "object", "monitors.Monitor", CREATABLE, abstract=True, since="11.1"),
    Row("monitor-qmp", "monitor", "monitors.MonitorQMP", since="11.1"),
    Row("monitor-hmp", "monitor", "monitors.MonitorHMP", since="11.1"),
)


def declare(registry: Registry) -> None:
    """Enter the types that the registry's release has, when one of them is first asked for."""
    registry.later(_declare_now)


def _declare_now(registry: Registry) -> None:
    if GENERATOR not in registry:
        registry.declare(GENERATOR, "interface", _generator, abstract=True)
    for row in TYPES:
        if registry.knows(row):
            registry.declare(
                row.name,
                row.parent,
                _maker(registry, row),
                abstract=row.abstract,
                interfaces=row.interfaces,
            )


def _generator() -> Any:
    return found("tls.FWCfgDataGenerator")


def found(where: str) -> Any:
    """What a row's ``where`` names."""
    module, _, name = where.partition(".")
    # the package importlib would cost more than all that is imported here
    return getattr(__import__(f"pyqom.devices.backends.{module}", fromlist=(name,)), name)


def _maker(registry: Registry, row: Row) -> Callable[[], Any]:
    def make() -> Any:
        template = found(row.where)
        if hasattr(template, "typename"):
            return registry.adopt(template)
        return template(registry)

    return make
