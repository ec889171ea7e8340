"""Guests that the host cannot look into (``target/i386/sev.c``, ``target/i386/kvm/tdx.c``).

Their processors are asked when a machine uses the object; here are only its properties.
"""

from __future__ import annotations

from pyqom.devices.backends import base64
from pyqom.devices.backends.fields import Field, flag, of_instance, text
from pyqom.devices.backends.hostfile import as_bytes
from pyqom.devices.backends.objects import Backend
from pyqom.devices.device import Resettable
from pyqom.errors import InvalidParameterValue, PropertyError
from pyqom.types import Bit, Object, OnOffAuto, String, Struct, UInt32, UInt64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.types import Registry

DEFAULT_GUEST_POLICY = 0x1
DEFAULT_SNP_POLICY = 0x30000
SEPT_VE_DISABLE = 28
"""The bit of a TD's attributes (``TDX_TD_ATTRIBUTES_SEPT_VE_DISABLE``)."""


class ConfidentialGuest(Object, typename="confidential-guest-support", abstract=True):
    """What a machine's ``confidential-guest-support`` must be."""


class X86ConfidentialGuest(ConfidentialGuest, typename="x86-confidential-guest", abstract=True):
    """The same on x86."""


class Encrypted(Object, Backend):
    """What all SEV objects have; no type of its own in older releases."""

    sev_device = text("/dev/sev", description="SEV device to use")
    kernel_hashes = Field(
        flag(), description="add kernel hashes to guest firmware for measured Linux boot"
    )
    cbitpos = of_instance(Field(UInt32()))
    reduced_phys_bits = of_instance(Field(UInt32()))


class Launched(Object):
    """What SEV and SEV-ES add: the owner's certificate, session and policy."""

    dh_cert_file = text(description="guest owners DH certificate (encoded with base64)")
    session_file = text(description="guest owners session parameters (encoded with base64)")
    handle = of_instance(Field(UInt32()))
    policy = of_instance(Field(UInt32(DEFAULT_GUEST_POLICY)))


class SevCommon(
    Encrypted,
    X86ConfidentialGuest,
    typename="sev-common",
    abstract=True,
    interfaces=("user-creatable", Resettable.typename),
):
    """SEV, in any of its generations."""


class SevGuest(Launched, SevCommon, typename="sev-guest"):
    """SEV and SEV-ES."""

    legacy_vm_type = Field(
        OnOffAuto(),
        description="use legacy VM type to maintain measurement compatibility with older QEMU"
        " or kernel versions.",
    )


def older_sev_guest(registry: Registry) -> Any:
    """``sev-guest`` as it was when it was the only kind of SEV object."""
    parent = registry.get(ConfidentialGuest.typename)
    return type(parent)(
        "SevGuest",
        (Launched, Encrypted, parent),
        {
            "__module__": __name__,
            "__doc__": SevGuest.__doc__,
            "instance_order": ("policy", "handle", "cbitpos", "reduced-phys-bits"),
        },
        typename="sev-guest",
        interfaces=("user-creatable",),
        registry=registry,
    )


def blob(size: int, refusal: str, *, at_most: bool = False) -> Field:
    """A text that is Base64 of `size` bytes, or fewer if `at_most`; it is kept even if refused."""

    def check(obj: Any) -> None:
        length = len(base64.decode(as_bytes(getattr(obj, prop.slot))))
        if length > size or (length < size and not at_most):
            raise InvalidParameterValue(refusal.format(length, size))

    prop = Field(String(), changed=check)
    return prop


NOT_EQUAL = "parameter length of {} not equal to {}"
EXCEEDS = "parameter length of {} exceeds max of {}"


class SevSnpGuest(SevCommon, typename="sev-snp-guest"):
    """SEV-SNP."""

    policy = Field(UInt64(DEFAULT_SNP_POLICY))
    guest_visible_workarounds = blob(16, EXCEEDS)
    id_block = blob(96, NOT_EQUAL)
    id_auth = blob(4096, "parameter length:ID_AUTH {} exceeds max of {}", at_most=True)
    author_key_enabled = flag()
    vcek_disabled = flag()
    host_data = blob(32, NOT_EQUAL)


def _shown_socket(obj: Any) -> Any:
    if obj._quote_generation_socket is None:
        raise PropertyError("quote-generation-socket is not set")
    return obj._quote_generation_socket


class TdxGuest(
    X86ConfidentialGuest,
    Backend,
    typename="tdx-guest",
    interfaces=(Resettable.typename,),
):
    """A trust domain of Intel TDX."""

    attributes = Field(UInt64(1 << SEPT_VE_DISABLE))
    sept_ve_disable = Bit("_attributes", SEPT_VE_DISABLE, qdev=False)
    mrconfigid = text()
    mrowner = text()
    mrownerconfig = text()
    quote_generation_socket = Field(Struct("SocketAddress"), shown=_shown_socket)
