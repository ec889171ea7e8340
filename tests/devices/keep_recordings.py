"""Make ``tests/data/devices`` from whole recordings; run as it is, without arguments.

Needs the recordings beside the checkout; takes one or a few types of each family.
"""

from __future__ import annotations

import json
import lzma
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.devices.recordings import KEPT, RELEASES, SHARED_QMP, recorded

TYPES = (
    *("object", "interface", "resettable", "device", "bus", "PCIE", "pxb-bus", "virtio-pci-bus"),
    *("memory-region", "irq", "qio-channel-socket", "chardev-vc", "tpm-emulator", "legacy-reset"),
    *("accel", "kvm-accel", "nitro-accel", "pci-device", "edu", "e1000", "AC97", "VGA", "rocker"),
    *("pcie-port", "pcie-root-port", "pxb-cxl", "pci-bridge-seat", "ICH9-LPC", "PIIX3", "mch"),
    *("nvme", "nvme-ns", "sdhci-pci", "imx-usdhc", "floppy", "ide-hd", "scsi-hd", "scsi-generic"),
    *("usb-device", "usb-storage", "usb-kbd", "usb-host", "qemu-xhci", "sysbus-xhci", "usb-ccid"),
    *("virtio-device", "virtio-pci", "virtio-rng-device", "virtio-rng-pci", "virtio-blk-pci"),
    *("virtio-net-pci-transitional", "virtio-mem-pci", "virtio-iommu-pci", "vhost-user-gpu-pci"),
    *("vhost-user-input-pci", "virtio-gpu-gl-pci", "virtio-balloon-pci-non-transitional"),
    *("isa-serial", "i8042", "isa-ipmi-bt", "hpet", "q35-pcihost", "i440FX-pcihost", "acpi-ged"),
    *("fw_cfg_io", "ioapic", "apic", "intel-iommu", "pc-dimm", "nvdimm", "ipmi-bmc-sim"),
    *(
        "migration",
        "vfio-pci",
        "vfio-pci-nohotplug",
        "kvaser_pci",
        "qxl",
        "pci-qxl",
        "x-remote-iommu",
    ),
    *("xen-disk", "hv-balloon", "sp-mem", "machine", "none-machine", "EPYC-x86_64-cpu"),
    *("colo-compare", "microvm-machine"),  # QEMU 7.2 died on these, which unloads its modules
)
IMPLEMENTS = ("hotplug-handler", "pci-device", "vmstate-if", "acpi-dev-aml-interface", "bus")


def keep(release: str) -> None:
    """Write the part of a release's recordings that is kept."""
    whole = recorded(release, "shared")
    part = {
        "types": {name: whole["types"][name] for name in sorted(TYPES) if name in whole["types"]},
        "implements": {name: whole["implements"][name] for name in IMPLEMENTS},
        "help": (SHARED_QMP / RELEASES[release] / "help-device.txt").read_text(),
    }
    content = json.dumps(part, sort_keys=False, separators=(",", ":"))
    (KEPT / f"{release}.json.xz").write_bytes(lzma.compress(content.encode()))


if __name__ == "__main__":
    for each in RELEASES:
        keep(each)
