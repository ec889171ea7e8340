"""TLS credentials (``crypto/tlscreds*.c``): which files there must be, and what stands in them.

No TLS is spoken.  Files are looked for and their outer form is read; whether a certificate is
valid, and a key belongs to it, is not checked.
"""

from __future__ import annotations

from pyqom.devices.backends import hostfile
from pyqom.devices.backends.fields import Fact, Field, flag, text
from pyqom.devices.backends.objects import Backend
from pyqom.devices.backends.secret import lookup_text
from pyqom.errors import ObjectRefused
from pyqom.types import Computed, Enum, Interface, Object

CA_CERT = "ca-cert.pem"
CA_CRL = "ca-crl.pem"
DH_PARAMS = "dh-params.pem"
PSK_FILE = "keys.psk"
PSK_KEY_MIN = 4
"""Bytes that GnuTLS wants a pre-shared key to have."""

CERTIFICATES_ARE_READ_ONE_BY_ONE = Fact(since="11.1")
MISSING_DIR_IS_TOLD_FIRST = Fact(since="11.1")


class FWCfgDataGenerator(Interface, typename="fw_cfg-data-generator"):
    """What makes the content of a firmware file (``include/hw/nvram/fw_cfg.h``)."""


class TLSCreds(Object, typename="tls-creds", abstract=True):
    """What all credentials have: a directory, and the end of a connection they are for."""

    verify_peer = flag(True)
    dir = text()
    endpoint = Field(Enum(("client", "server"), "QCryptoTLSCredsEndpoint"))
    priority = text()

    @property
    def is_server(self) -> bool:
        """Are they for a server?"""
        return self.endpoint == "server"  # type: ignore[no-any-return]

    def path(self, name: str, required: bool) -> str | None:
        """The path of a file in the directory; None for one that need not be there.

        Raises ObjectRefused (``qcrypto_tls_creds_get_path()``).
        """
        if self.dir is None:
            if required:
                raise _missing_dir()
            return None
        path = f"{self.dir}/{name}"
        error = hostfile.readable(path)
        if error is None:
            return path
        if isinstance(error, FileNotFoundError) and not required:
            return None
        raise ObjectRefused(f"Unable to access credentials {path}: {hostfile.reason(error)}")

    def check_dh_params(self) -> None:
        """Parameters for the Diffie-Hellman exchange, where there are some."""
        path = self.path(DH_PARAMS, False)
        if path is not None and b"-----BEGIN DH PARAMETERS-----" not in hostfile.read_file(path):
            raise ObjectRefused(
                f"Unable to load DH parameters from {path}: Base64 unexpected header error."
            )


def _missing_dir() -> ObjectRefused:
    return ObjectRefused("Missing 'dir' property value")


class TLSCredsAnon(TLSCreds, Backend, typename="tls-creds-anon"):
    """Credentials without identity."""

    is_loaded = False

    loaded = Computed("bool", lambda obj: obj.is_loaded, until="11.1")

    def complete(self) -> None:
        """A server may have parameters in a file."""
        if self.is_server:
            self.check_dh_params()
        self.is_loaded = True


class TLSCredsPSK(TLSCreds, Backend, typename="tls-creds-psk"):
    """Keys that both sides know."""

    is_loaded = False

    loaded = Computed("bool", lambda obj: obj.is_loaded, until="11.1")
    username = text()

    def complete(self) -> None:
        """Find the file of keys, and in it the client's own."""
        if self.dir is None and MISSING_DIR_IS_TOLD_FIRST.holds(self.registry):
            raise _missing_dir()
        if self.is_server:
            if self.username is not None:
                raise ObjectRefused("username should not be set when endpoint=server")
            self.path(DH_PARAMS, False)
            self.path(PSK_FILE, True)
            self.check_dh_params()
        else:
            path = self.path(PSK_FILE, True)
            assert path is not None
            self._check_key(path, "qemu" if self.username is None else self.username)
        self.is_loaded = True

    def _check_key(self, path: str, username: str) -> None:
        """The user's key: hexadecimal, and not too short."""
        try:
            lines = hostfile.read_file(path).decode(errors="surrogateescape").split("\n")
        except ObjectRefused as error:
            raise ObjectRefused(f"Cannot read PSK file {path}: {error}") from None
        for line in lines:
            if line.startswith(f"{username}:"):
                break
        else:
            raise ObjectRefused(f"Username {username} not found in PSK file {path}")
        try:
            key = bytes.fromhex(line[len(username) + 1 :])
        except ValueError:
            raise _bad_key("Error in parsing.") from None
        if len(key) < PSK_KEY_MIN:
            raise _bad_key("The request is invalid.")


def _bad_key(why: str) -> ObjectRefused:
    return ObjectRefused(f"Cannot set PSK client credentials: {why}")


class TLSCredsX509(TLSCreds, Backend, typename="tls-creds-x509"):
    """Certificates."""

    is_loaded = False

    loaded = Computed("bool", lambda obj: obj.is_loaded, until="11.1")
    sanity_check = flag(True)
    passwordid = text()

    def complete(self) -> None:
        """Find the files that there must be."""
        if self.dir is None:
            raise _missing_dir()
        ca = self.path(CA_CERT, True)
        assert ca is not None
        if CERTIFICATES_ARE_READ_ONE_BY_ONE.holds(self.registry):
            self._check_certificate(ca, "Unable to import certificate {}: {}")
            self._check_identity()
            self._check_optional()
        else:
            self._check_together(ca)
        if self.passwordid is not None:
            lookup_text(self.surroundings, self.passwordid)
        self.is_loaded = True

    def _check_optional(self) -> None:
        if self.is_server:
            self.path(CA_CRL, False)
            self.check_dh_params()

    def _check_identity(self) -> None:
        """Own certificate and key: both or, for a client, none."""
        cert_name, key_name = f"{self.endpoint}-cert.pem", f"{self.endpoint}-key.pem"
        cert, key = self.path(cert_name, False), self.path(key_name, False)
        cert_path, key_path = f"{self.dir}/{cert_name}", f"{self.dir}/{key_name}"
        if cert and not key:
            raise ObjectRefused(f"Cert '{cert_path}' without corresponding key '{key_path}'")
        if key and not cert:
            raise ObjectRefused(f"Key '{key_path}' without corresponding cert '{cert_path}'")
        if cert:
            self._check_certificate(cert, "Unable to import certificate {}: {}")
        elif self.is_server:
            raise ObjectRefused(f"Missing server cert '{cert_path}' & key '{key_path}'")

    def _check_together(self, ca: str) -> None:
        """The older order: first all files, then what is in the certificates."""
        server = self.is_server
        if server:
            self.path(CA_CRL, False)
        cert = self.path(f"{self.endpoint}-cert.pem", server)
        self.path(f"{self.endpoint}-key.pem", server)
        if server:
            self.check_dh_params()
        if self.sanity_check:
            if cert is not None:
                refusal = f"Unable to import {self.endpoint} certificate {{}}: {{}}"
                self._check_certificate(cert, refusal)
            self._check_certificate(ca, "Unable to import CA certificate list {}")

    def _check_certificate(self, path: str, refusal: str) -> None:
        """Whether a file has a certificate at all."""
        if b"-----BEGIN CERTIFICATE-----" not in hostfile.read_file(path):
            raise ObjectRefused(refusal.format(path, "No certificate was found."))


class TLSCipherSuites(
    TLSCreds,
    Backend,
    typename="tls-cipher-suites",
    interfaces=("fw_cfg-data-generator",),
):
    """The cipher suites that firmware may use."""

    def complete(self) -> None:
        """There must be a priority string."""
        if self.priority is None:
            raise ObjectRefused("'priority' property is not set")
