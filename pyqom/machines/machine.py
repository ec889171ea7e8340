"""A machine type of one release."""

from __future__ import annotations

from pyqom.machines.compat import own_list

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from pyqom.machines.compat import CompatEntry, CompatList
    from pyqom.release import Release

SUFFIX = "-machine"


class MachineType:
    """What QEMU's MachineClass says of one machine type in one release; immutable.

    ``name`` is what ``-machine`` takes, ``family`` the name without the version ("pc-q35"),
    ``version`` that version (None for a machine type without versions).  ``ancestors`` are the QOM
    types above it, nearest first, up to "machine".  ``fields`` holds everything that is no compat
    property, by QEMU's C names with dashes ("cpu-max", "prefer-sockets", "enforce-amd-1tb-hole",
    "hw-version"; None is a C NULL); a field that the release lacks is absent.  The fields most
    asked for are properties here.  Two fields hold what an old machine type does only when it
    starts under KVM: "kvm-defaults", the defaults of CPU features that it overrides (None: the
    default is dropped), and "kvm-machine-props", the machine properties that it sets.
    """

    __slots__ = (
        "_flat",
        "_lists",
        "alias",
        "ancestors",
        "deprecation_reason",
        "family",
        "fields",
        "interfaces",
        "is_default",
        "name",
        "release",
        "version",
    )

    def __init__(
        self,
        name: str,
        release: Release,
        family: str,
        version: str | None,
        ancestors: tuple[str, ...],
        interfaces: tuple[str, ...],
        fields: Mapping[str, Any],
        lists: Callable[[], tuple[CompatList, ...]],
        alias: str | None = None,
        is_default: bool = False,
        deprecation_reason: str | None = None,
    ) -> None:
        self.name = name
        self.release = release
        self.family = family
        self.version = version
        self.ancestors = ancestors
        self.interfaces = interfaces
        self.fields = fields
        self.alias = alias
        self.is_default = is_default
        self.deprecation_reason = deprecation_reason
        # Called when first asked for: most questions about machine types need no compat list.
        self._lists: Callable[[], tuple[CompatList, ...]] | tuple[CompatList, ...] = lists
        self._flat: tuple[CompatEntry, ...] | None = None

    @property
    def typename(self) -> str:
        """The name of the QOM type: "pc-q35-7.2-machine"."""
        return self.name + SUFFIX

    @property
    def parent(self) -> str:
        """The QOM type it inherits from: "generic-pc-machine"."""
        return self.ancestors[0]

    @property
    def deprecated(self) -> bool:
        """Whether QEMU warns when the machine type is used."""
        return self.deprecation_reason is not None

    @property
    def deprecation_warning(self) -> str | None:
        """QEMU's start-up warning, without "warning: " before it; None if not deprecated."""
        if self.deprecation_reason is None:
            return None
        return f"Machine type '{self.name}' is deprecated: {self.deprecation_reason}"

    @property
    def cpu_max(self) -> int:
        """The highest number of vCPUs (MachineClass.max_cpus)."""
        return int(self.fields["cpu-max"])

    @property
    def default_cpu_type(self) -> str | None:
        """The QOM type of its vCPUs without ``-cpu``; None where the machine has no default."""
        return self.fields.get("default-cpu-type")

    @property
    def default_cpu_version(self) -> int | str:
        """Which version a CPU model without one means: a number, "latest" or "legacy"."""
        version: int | str = self.fields["default-cpu-version"]
        return version

    @property
    def default_ram_id(self) -> str | None:
        """The id of the memory backend that QEMU makes itself; None where it makes none."""
        return self.fields.get("default-ram-id")

    @property
    def hotpluggable_cpus(self) -> bool:
        """Whether vCPUs can be plugged (MachineClass.has_hotpluggable_cpus)."""
        return bool(self.fields["hotpluggable-cpus"])

    @property
    def numa_mem_supported(self) -> bool:
        """Whether ``-numa node,mem=`` is allowed."""
        return bool(self.fields["numa-mem-supported"])

    @property
    def acpi(self) -> bool:
        """Whether the machine type has the property "acpi"."""
        return bool(self.fields["acpi"])

    @property
    def description(self) -> str:
        """What ``-machine help`` says beside the name."""
        return str(self.fields["desc"])

    @property
    def compat_lists(self) -> tuple[CompatList, ...]:
        """Its compat lists in QEMU's order: the newest first."""
        if not isinstance(self._lists, tuple):
            self._lists = self._lists()
        return self._lists

    @property
    def compat_props(self) -> tuple[CompatEntry, ...]:
        """Its compat properties in the order in which QEMU applies them: the last word wins."""
        if self._flat is None:
            self._flat = tuple(entry for each in self.compat_lists for entry in each.entries)
        return self._flat

    def info(self, compat_props: bool = False) -> dict[str, Any]:
        """What ``query-machines`` answers for it (QAPI MachineInfo), as its release does.

        Members that a release's MachineInfo lacks are left out, compat-props also if not asked
        for.  Each call makes a new dict.
        """
        info: dict[str, Any] = {"name": self.name}
        if self.alias is not None:
            info["alias"] = self.alias
        if self.is_default:
            info["is-default"] = True
        info["cpu-max"] = self.cpu_max
        info["hotpluggable-cpus"] = self.hotpluggable_cpus
        info["numa-mem-supported"] = self.numa_mem_supported
        info["deprecated"] = self.deprecated
        for name in ("default-cpu-type", "default-ram-id"):
            if self.fields.get(name) is not None:
                info[name] = self.fields[name]
        if "machine-info-tells-acpi" in self.release.rules:
            info["acpi"] = self.acpi
        if compat_props and "machine-info-tells-compat-props" in self.release.rules:
            info["compat-props"] = [
                {"qom-type": entry.driver, "property": entry.property, "value": entry.value}
                for entry in self.compat_props
            ]
        return info

    def derive(
        self,
        name: str,
        compat: Iterable[tuple[str, str, str] | CompatEntry] = (),
        fields: Mapping[str, Any] | None = None,
    ) -> MachineType:
        """A machine type of one's own: this one, with more to say.

        `compat` are (driver, property, value) in the order of application; they come after all of
        this machine type's, so they have the last word, and stand in a list named for the new
        machine type.  `fields` override fields.  The result has no alias and is not the default::

            mine = machines.find("pc-q35-11.1").derive(
                "lab-q35", compat=[("x86_64-cpu", "pmu", "on")], fields={"cpu-max": 64}
            )
        """
        own = own_list(name, name, compat)
        return MachineType(
            name,
            self.release,
            self.family,
            self.version,
            self.ancestors,
            self.interfaces,
            {**self.fields, **(fields or {})},
            lambda: (*self.compat_lists, own),
            deprecation_reason=self.deprecation_reason,
        )

    def __repr__(self) -> str:
        return f"<MachineType {self.name} of {self.release.name}>"
