"""Secrets: passwords and keys that other objects name (``crypto/secret*.c``)."""

from __future__ import annotations

from pyqom.devices.backends import base64, hostfile
from pyqom.devices.backends.fields import Field, text
from pyqom.devices.backends.objects import Backend
from pyqom.errors import InvalidParameterValue, ObjectRefused
from pyqom.types import Computed, Enum, Int32, Object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.devices.backends.surroundings import Surroundings

KEY_LENGTH = 32
BLOCK = 16


def lookup(surroundings: Surroundings, identifier: str) -> bytes:
    """qcrypto_secret_lookup(): what a secret hides.  Raises ObjectRefused."""
    secret = surroundings.object(identifier)
    if secret is None:
        raise ObjectRefused(f"No secret with id '{identifier}'")
    if not secret.cast("secret_common"):
        raise ObjectRefused(f"Object with id '{identifier}' is not a secret")
    if secret.rawdata is None:
        raise ObjectRefused(f"Secret with id '{identifier}' has no data")
    return secret.rawdata  # type: ignore[no-any-return]


def lookup_text(surroundings: Surroundings, identifier: str) -> str:
    """qcrypto_secret_lookup_as_utf8(): the same as text.  Raises ObjectRefused."""
    try:
        return lookup(surroundings, identifier).decode()
    except UnicodeDecodeError:
        raise ObjectRefused(f"Data from secret {identifier} is not valid UTF-8") from None


class SecretCommon(Object, Backend, typename="secret_common", abstract=True):
    """A secret, perhaps enciphered with another one.

    ``rawdata`` is what it hides, once the object is complete; what is set later does not count.
    """

    rawdata: bytes | None = None

    format = Field(Enum(("raw", "base64"), "QCryptoSecretFormat"))
    keyid = text()
    iv = text()
    loaded = Computed("bool", lambda obj: obj.rawdata is not None, until="11.1")

    def load(self) -> bytes:
        """Hook: what was given, enciphered or not."""
        raise NotImplementedError

    def complete(self) -> None:
        """Load, then decipher or decode."""
        data = self.load()
        if self.keyid is not None:
            data = self._decipher(data)
        elif self.format == "base64":
            data = base64.decode(data)
        self.rawdata = data

    def _decipher(self, data: bytes) -> bytes:
        """AES-256-CBC with the key that ``keyid`` names, padding taken off."""
        key = lookup(self.surroundings, self.keyid)
        if len(key) != KEY_LENGTH:
            raise ObjectRefused("Key should be 32 bytes in length")
        if self.iv is None:
            raise ObjectRefused("IV is required to decrypt secret")
        vector = base64.decode(hostfile.as_bytes(self.iv))
        if len(vector) != BLOCK:
            raise ObjectRefused(f"IV should be 16 bytes in length not {len(vector)}")
        if self.format == "base64":
            data = base64.decode(data)
        if len(data) % BLOCK:
            raise ObjectRefused(f"Length {len(data)} must be a multiple of block size {BLOCK}")
        if not data:
            return data
        from pyqom.devices.backends import aes

        plain = aes.decipher(data, key, vector)
        padding = plain[-1]
        if padding > BLOCK:
            raise ObjectRefused(
                f"Incorrect number of padding bytes ({padding}) found on decrypted data"
            )
        return plain[: len(plain) - padding]


class Secret(SecretCommon, typename="secret"):
    """A secret that is given here, or stands in a file."""

    data = text()
    file = text()

    def load(self) -> bytes:
        """One of ``file`` and ``data``.  Raises ObjectRefused."""
        if self.file is not None:
            if self.data is not None:
                raise ObjectRefused("'file' and 'data' are mutually exclusive")
            try:
                return hostfile.read_file(self.file)
            except ObjectRefused as error:
                raise ObjectRefused(f"Unable to read {self.file}: {error}") from None
        if self.data is None:
            raise ObjectRefused("Either 'file' or 'data' must be provided")
        return hostfile.as_bytes(self.data)


def _serial(obj: Any, value: int, name: str) -> int:
    if not value:
        raise InvalidParameterValue("'serial' should not be equal to 0")
    return value


class SecretKeyring(SecretCommon, typename="secret_keyring"):
    """A secret in the kernel's keyring: pyqom holds no key there."""

    serial = Field(Int32(), "int32_t", accept=_serial)

    def load(self) -> bytes:
        """There is none.  Raises ObjectRefused."""
        if not self.serial:
            raise ObjectRefused("'serial' parameter must be provided")
        serial = self.serial & 0xFFFFFFFF
        raise ObjectRefused(f"Unable to read serial key {serial:08x}: Required key not available")
