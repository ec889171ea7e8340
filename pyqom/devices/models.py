"""Which declared types have behaviour of their own.

A type's declaration is data (`pyqom.devices.catalog`); what it does is a class below `Device`
whose body has hooks and methods and declares no property::

    class Edu(PCIDevice):
        \"\"\"Educational device (QEMU hw/misc/edu.c).\"\"\"

        def do_realize(self) -> None: ...

and a row here: its module in this package, and its name.  The class of the type is then made of
both.  A model inherits from the model of its type's parent, where that has one.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MODELS: dict[str, str] = {
    "bus": "bus.Bus",
    "memory-region": "region.MemoryRegion",
    "sys-bus-device": "sysbus.SysBusDevice",
    "pci-host-bridge": "sysbus.HostBridge",
    "PCI": "pci.PCIBus",
    "pci-device": "pci.PCIDevice",
    "base-pci-bridge": "pci_bridge.PCIBridge",
    "pci-bridge": "pci_bridge.StandardBridge",
    "pcie-pci-bridge": "pci_bridge.ExpressToPCIBridge",
    "pcie-port": "pci_bridge.ExpressPort",
    "pcie-slot": "pci_bridge.ExpressSlot",
    "pcie-root-port-base": "pci_bridge.RootPort",
    "cxl-rp": "pci_bridge.CXLRootPort",
    "virtio-input-device": "virtio_types.VirtIOInput",
    "virtio-rtc-device": "virtio_types.VirtIOClock",
    "virtio-bus": "virtio.VirtIOBus",
    "virtio-device": "virtio.VirtIODevice",
    "virtio-pci": "virtio.VirtIOPCI",
    "usb-bus": "usb.USBBus",
    "usb-device": "usb.USBDevice",
    "usb-hub": "usb.Hub",
    "usb-kbd": "usb.Keyboard",
    "usb-mouse": "usb.Mouse",
    "usb-tablet": "usb.Tablet",
    "usb-wacom-tablet": "usb.Wacom",
    "usb-storage-dev": "usb_storage.MassStorage",
    "usb-storage": "usb_storage.USBStorage",
    "usb-uas": "usb_storage.UAS",
    "usb-serial-dev": "usb.Serial",
    "usb-braille": "usb.Braille",
    "usb-host": "usb.Remote",
    "usb-redir": "usb.Remote",
    "usb-ccid": "usb.CardReader",
    "usb-net": "nic.USBNIC",
    "ne2k_isa": "nic.ISANIC",
    "pxb": "pxb.Expander",
    "pxb-pcie": "pxb.ExpressExpander",
    "pxb-cxl": "pxb.CXLExpander",
    "nvme": "nvme.NVMe",
    "nvme-ns": "nvme.NVMeNamespace",
    "nvdimm": "nvdimm.NVDimm",
    "base-xhci": "usb_host.XHCI",
    "pci-xhci": "usb_host.PCIXHCI",
    "pci-uhci-usb": "usb_host.UHCI",
    "pci-ehci-usb": "usb_host.EHCI",
    "pci-ohci": "usb_host.OHCI",
    "IDE": "ide.IDEBus",
    "ide-device": "ide.IDEDrive",
    "ide-cd": "ide.IDERom",
    "SCSI": "scsi.SCSIBus",
    "scsi-device": "scsi.SCSIDevice",
    "scsi-disk-base": "scsi.SCSIDisk",
    "scsi-hd": "scsi.SCSIHardDisk",
    "scsi-cd": "scsi.SCSIRom",
    "scsi-block": "scsi.SCSIPassthrough",
    "scsi-generic": "scsi.SCSIPassthrough",
    "virtio-mem": "virtio_memory.VirtIOMem",
    "virtio-pmem": "virtio_memory.VirtIOPMem",
    "virtio-mem-pci-base": "virtio_memory.MemoryProxy",
    "virtio-pmem-pci-base": "virtio_memory.MemoryProxy",
    "virtio-rng-device": "virtio_types.VirtIORNG",
    "virtio-balloon-device": "virtio_types.VirtIOBalloon",
    "virtio-scsi-device": "virtio_types.VirtIOSCSI",
    "virtio-serial-device": "virtio_types.VirtIOSerial",
    "virtio-serial-bus": "virtio_types.PortBus",
    "virtio-blk-device": "virtio_types.VirtIOBlock",
    "virtio-net-device": "virtio_types.VirtIONet",
    "virtio-crypto-device": "virtio_types.VirtIOCrypto",
    "vhost-vsock-device": "virtio_types.VHostVSock",
    "virtio-serial-port": "virtio_serial.SerialPort",
    "virtserialport": "virtio_serial.GenericPort",
    "virtconsole": "virtio_serial.Console",
    **dict.fromkeys(
        ("e1000-base", "e1000e", "igb", "ne2k_pci", "pcnet", "rtl8139", "tulip", "vmxnet3"),
        "nic.PCINIC",
    ),
    **dict.fromkeys(
        (
            *("i82550", "i82551", "i82557a", "i82557b", "i82557c", "i82558a", "i82558b"),
            *("i82559a", "i82559b", "i82559c", "i82559er", "i82562", "i82801"),
        ),
        "nic.EEPro100",
    ),
    "isa-device": "isa.ISADevice",
    "isa-serial": "isa.ISASerial",
    "isa-parallel": "isa.ISAParallel",
    "isa-debugcon": "isa.DebugConsole",
    "isa-debug-exit": "isa.DebugExit",
    "i440FX-pcihost": "piix.I440FXHost",
    "i440FX": "piix.I440FX",
    "pci-piix": "piix.PIIX",
    "pci-piix3": "piix.PIIX",
    "PIIX4_PM": "piix.PIIX4PM",
    "q35-pcihost": "ich9.Q35Host",
    "mch": "ich9.MCH",
    "ICH9-LPC": "ich9.ICH9LPC",
    "i8257": "legacy.DMAController",
    "mc146818rtc": "legacy.Clock",
    "i8042": "legacy.KeyboardController",
    "ioapic": "sysbus.IOAPIC",
    "floppy": "legacy.Floppy",
    "fw_cfg": "legacy.FirmwareConfig",
}
"""``module.Class`` by type name."""


def model(typename: str) -> Any:
    """The class with a type's behaviour, None for a type without; its module is imported now."""
    where = MODELS.get(typename)
    if where is None:
        return None
    module, _, name = where.partition(".")
    return getattr(__import__(f"pyqom.devices.{module}", fromlist=(name,)), name)
