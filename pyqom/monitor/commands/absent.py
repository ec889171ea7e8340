"""Commands about what no machine here has: they answer as QEMU does where it is not there."""

from __future__ import annotations

from pyqom.errors import PyqomError
from pyqom.monitor.command import command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.monitor.command import Args
    from pyqom.monitor.dispatcher import Dispatcher

RESULTS: dict[str, Any] = {
    "query-block-jobs": [],
    "query-blockstats": [],
    "query-display-options": {"type": "none"},
    "query-dump": {"status": "none", "completed": 0, "total": 0},
    "query-fdsets": [],
    "query-jobs": [],
    "query-migrate": {},
    "query-pr-managers": [],
    "query-replay": {"mode": "none", "icount": 0},
    "query-rx-filter": [],
    "query-spice": {"enabled": False, "migrated": False, "mouse-mode": "client"},
    "query-tpm": [],
    "query-tpm-models": ["tpm-crb", "tpm-tis"],
    "query-tpm-types": ["passthrough", "emulator"],
    "query-vcpu-dirty-limit": [],
    "query-vnc": {"enabled": False},
    "query-vnc-servers": [],
    "query-yank": [],
    "rtc-reset-reinjection": {},
}
"""What is answered: there is none, or it is off."""

NO_FD = "No file descriptor supplied via SCM_RIGHTS"
ONLY_PLAY = "is allowed only in play mode"

ERRORS = {
    "add-fd": NO_FD,
    "closefd": "File descriptor named '{fdname}' not found",
    "dump-skeys": "Storage keys information not available for this architecture",
    "getfd": NO_FD,
    "job-cancel": "Job not found",
    "job-complete": "Job not found",
    "job-dismiss": "Job not found",
    "job-finalize": "Job not found",
    "job-pause": "Job not found",
    "job-resume": "Job not found",
    "query-cpu-model-baseline": "CPU model baseline is not supported on this target",
    "query-cpu-model-comparison": "CPU model comparison is not supported on this target",
    "query-firmware-log": "firmware log buffer not found",
    "query-gic-capabilities": "GIC hardware is not available on this target",
    "query-hv-balloon-status-report": "no hv-balloon device present",
    "query-rocker": "rocker {name} not found",
    "query-rocker-ports": "rocker {name} not found",
    "query-s390x-cpu-polarization": "CPU polarization is not supported on this target",
    "query-sev-capabilities": "KVM not enabled",
    "query-sev-launch-measure": "SEV launch measurement is not available",
    "remove-fd": "File descriptor named 'fdset-id:{fdset-id}' not found",
    "replay-break": f"setting the breakpoint {ONLY_PLAY}",
    "replay-delete-break": "replay breakpoints are allowed only in play mode",
    "replay-seek": "replay must be enabled to seek",
    "sev-inject-launch-secret": "SEV not enabled for guest",
    "set-cpu-topology": "CPU topology change is not supported on this target",
}
"""What is refused, with the arguments that the text names."""


def _answer(name: str) -> None:
    @command(name)
    def answer(monitor: Dispatcher, args: Args) -> Any:
        return RESULTS[name]


def _refuse(name: str) -> None:
    @command(name)
    def refuse(monitor: Dispatcher, args: Args) -> Any:
        raise PyqomError(ERRORS[name].format_map(args))


for _name in RESULTS:
    _answer(_name)
for _name in ERRORS:
    _refuse(_name)


def _is_pc(monitor: Dispatcher) -> bool:
    return "generic-pc-machine" in monitor.vm.machine_type.ancestors


@command("system_wakeup")
def system_wakeup(monitor: Dispatcher, args: Args) -> None:
    """Nobody sleeps."""
    if _is_pc(monitor):
        raise PyqomError("Unable to wake up: guest is not in suspended state")
    raise PyqomError("wake-up from suspend is not supported by this guest")


@command("inject-nmi")
def inject_nmi(monitor: Dispatcher, args: Args) -> None:
    """No CPU would feel it."""
    if "nmi" not in monitor.vm.types.interfaces(monitor.vm.machine.typename):
        named = "nmi-errors-name-the-machine" in monitor.vm.release.rules
        what = "machine does not provide NMIs"
        raise PyqomError(what if named else "this feature or command is not currently supported")


@command("query-sev")
def query_sev(monitor: Dispatcher, args: Args) -> Any:
    """SEV is off."""
    info = {
        "enabled": False,
        "api-major": 0,
        "api-minor": 0,
        "build-id": 0,
        "state": "uninit",
        "handle": 0,
        "policy": 0,
    }
    return info | ({"sev-type": "sev"} if "sev-has-types" in monitor.vm.release.rules else {})


@command("query-sgx")
def query_sgx(monitor: Dispatcher, args: Args) -> Any:
    """No memory of enclaves."""
    if _is_pc(monitor):
        raise PyqomError("No EPC regions defined, SGX not available")
    raise PyqomError("SGX is only supported on PC machines")


@command("query-sgx-capabilities")
def query_sgx_capabilities(monitor: Dispatcher, args: Args) -> Any:
    """The host has none."""
    if "sgx-needs-its-device" in monitor.vm.release.rules:
        raise PyqomError("Could not open '/dev/sgx_vepc': No such file or directory")
    raise PyqomError("SGX is not enabled in KVM")


@command("query-mice")
def query_mice(monitor: Dispatcher, args: Args) -> Any:
    """A PC's keyboard controller has a mouse."""
    machine = monitor.vm.machine
    if not _is_pc(monitor) or (machine.has_property("i8042") and not machine.get("i8042")):
        return []
    return [{"index": 2, "name": "QEMU PS/2 Mouse", "absolute": False, "current": True}]


@command("watchdog-set-action")
def watchdog_set_action(monitor: Dispatcher, args: Args) -> None:
    """Choose what a watchdog would do."""
    monitor.vm.actions["watchdog"] = args["action"]
