"""Options one by one: what QEMU says of them, and what they make of a machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyqom import release as releases
from pyqom.system import table

from .started import Start, started

NONE = ("-M", "none", "-nodefaults", "-display", "none")
Q35 = ("-M", "q35", "-nodefaults", "-display", "none", "-S", "-m", "16")
IDENTIFIERS = "Identifiers consist of letters, digits, '-', '.', '_', starting with a letter."
MON = "'-mon' is deprecated, use '-object' with 'monitor-hmp' or 'monitor-qmp' types instead"

# what is given behind -M none, and what live QEMU 11.1.3 prints before it exits with status 1
REFUSED: list[tuple[tuple[str, ...], list[str]]] = [
    (("-bogus",), ["-bogus: invalid option"]),
    (("--bogus",), ["--bogus: invalid option"]),
    (("-cpu",), ["-cpu: requires an argument"]),
    (("-",), ["-: invalid option"]),
    (("-M", "nosuch"), ['unsupported machine type: "nosuch"', "Use -machine help to list"]),
    (("-M", "q35,bogus=1"), ["Property 'pc-q35-11.1-machine.bogus' not found"]),
    (("-M", "q35,usb=maybe"), ["Parameter 'usb' expects 'on' or 'off'"]),
    (("-M", "q35,usb"), ["-M q35,usb: Expected '=' after parameter 'usb'"]),
    (("-M", ","), ["-M ,: Invalid parameter ''"]),
    (("-M", "type.x=3"), ["-M type.x=3: Parameters 'type.*' used inconsistently"]),
    (("-M", "memory=1G"), ["Parameter 'memory' used inconsistently"]),
    (("-M", "memory=1G", "-m", "1"), ["-m 1: Parameter 'memory' used inconsistently"]),
    (("-M", "type="), ['unsupported machine type: ""', "Use -machine help to list"]),
    (
        ("-M", "smp.cpus=1", "-M", "smp=3"),
        ["-M smp=3: Parameters 'smp.*' used inconsistently"],
    ),
    (("-M", "smp=2", "-smp", "3"), ["-smp 3: Parameter 'smp' used inconsistently"]),
    (
        ("-M", "q35,max_ram_below_4g=1G,max-ram-below-4g=2G"),
        ["Conflict between 'max_ram_below_4g' and 'max-ram-below-4g'"],
    ),
    (("-display", "bogus"), ["-display bogus: Parameter 'type' does not accept value 'bogus'"]),
    (
        ("-qmp", "bogus"),
        [
            "-qmp bogus: 'bogus' is not a valid char driver",
            "-qmp bogus: parse error: bogus",
        ],
    ),
    (("-qmp", "chardev:x"), ['-qmp chardev:x: chardev "x" not found']),
    (
        ("-qmp", "stdio", "-qmp", "stdio"),
        ["-qmp stdio: cannot use stdio by multiple character devices"],
    ),
    (
        ("-mon", "chardev=a,mode=control"),
        [
            f"-mon chardev=a,mode=control: warning: {MON}",
            '-mon chardev=a,mode=control: chardev "a" not found',
        ],
    ),
    (
        ("-mon", "chardev=b,bogus=1"),
        [
            f"-mon chardev=b,bogus=1: warning: {MON}",
            "-mon chardev=b,bogus=1: Invalid parameter 'bogus'",
        ],
    ),
    (
        ("-mon", "a,mode=control", "-mon", "a,mode=control", "-chardev", "null,id=a"),
        [
            f"-mon a,mode=control: warning: {MON}",
            "-mon a,mode=control: chardev 'a' is already in use",
        ],
    ),
    (("-chardev", "mux,id=a,chardev=x"), ["-chardev mux,id=a,chardev=x: mux: base chardev x not"]),
    (
        ("-chardev", "hub,id=a,chardevs.0=x"),
        ["-chardev hub,id=a,chardevs.0=x: hub: chardev can't be found by id 'x'"],
    ),
    (
        ("-chardev", "socket,id=a,path=/x,server=on,wait=off,tls-creds=t"),
        [
            "-chardev socket,id=a,path=/x,server=on,wait=off,tls-creds=t:"
            " No TLS credentials with id 't'"
        ],
    ),
    (
        ("-chardev", "socket,id=a,host=10.99.99.99,port=1,server=on,wait=off"),
        [
            "-chardev socket,id=a,host=10.99.99.99,port=1,server=on,wait=off:"
            " Failed to bind socket: Cannot assign requested address"
        ],
    ),
    (
        ("-chardev", "null,id=a,logfile=/nonexist/x"),
        ["-chardev null,id=a,logfile=/nonexist/x: Could not create '/nonexist/x': No such file"],
    ),
    (
        ("-chardev", "null,id=a,logfile=/dev/null"),
        ["-chardev null,id=a,logfile=/dev/null: pyqom does not have 'logfile' on a chardev"],
    ),
    (
        ("-chardev", "serial,id=a,path=/nonexist"),
        ["-chardev serial,id=a,path=/nonexist: Could not open '/nonexist': No such file"],
    ),
    (
        ("-chardev", "udp,id=a,port=x"),
        ["-chardev udp,id=a,port=x: address resolution failed for localhost:x: Servname not"],
    ),
    (("-chardev", "null"), ["-chardev null: chardev: no id specified"]),
    (
        ("-chardev", "bogus,id=x"),
        ["-chardev bogus,id=x: 'bogus' is not a valid char driver name"],
    ),
    (
        ("-chardev", "null,id=a", "-chardev", "null,id=a"),
        ["-chardev null,id=a: Duplicate ID 'a' for chardev"],
    ),
    (
        ("-object", "bogus,id=a"),
        ["-object bogus,id=a: Parameter 'qom-type' does not accept value 'bogus'"],
    ),
    (("-object", "id=a"), ["-object id=a: Parameter 'qom-type' is missing"]),
    (("-object", "rng-builtin"), ["-object rng-builtin: Parameter 'id' is missing"]),
    (
        ("-object", "rng-builtin,id=1a"),
        [
            "-object rng-builtin,id=1a: Parameter 'id' expects an identifier",
            IDENTIFIERS,
        ],
    ),
    (
        ("-object", "iothread,id=a,poll-max-ns=x"),
        ["-object iothread,id=a,poll-max-ns=x: Parameter 'poll-max-ns' expects an int64 value"],
    ),
    (
        ("-object", '{"qom-type":"iothread"'),
        ['-object {"qom-type":"iothread": 1:23: JSON parse error, premature end of input'],
    ),
    (("-device", "bogus"), ["-device bogus: 'bogus' is not a valid device model name"]),
    (("-device", "id=a"), ["-device id=a: Parameter 'driver' is missing"]),
    (("-device", "{}"), ["-device {}: Parameter 'driver' is missing"]),
    (("-device", "{}}"), ["-device {}}: Expecting at most one JSON value"]),
    (("-device", '{"a'), ["-device {\"a: 1:2: JSON parse error, stray '\"a'"]),
    (
        ("-device", '{"driver":tru'),
        ["-device {\"driver\":tru: 1:11: JSON parse error, invalid keyword 'tru'"],
    ),
    (("-cpu", "qemu64"), ["apic-id property was not initialized properly"]),
    (("-g", "800x600"), ["-g 800x600: Option not supported for this target"]),
    (("-append", "x"), ["-append only allowed with -kernel option"]),
    (("-initrd", "x"), ["-initrd only allowed with -kernel option"]),
    (("-seed", "x"), ["-seed x: Invalid seed number: x"]),
    (
        ("-overcommit", "mem-lock=x"),
        ["-overcommit mem-lock=x: parameter 'mem-lock' expects one of 'on', 'off', 'on-fault'"],
    ),
    (("-rtc", "clock=x"), ["invalid option value 'x'"]),
    (("-set", "x"), ['-set x: can\'t parse: "x"']),
    (("-set", "bogus.a.b=x"), ["-set bogus.a.b=x: There is no option group 'bogus'"]),
    (("-set", "machine.a.b=x"), ["-set machine.a.b=x: -set is not supported with machine"]),
    (
        ("-set", "chardev.a.path=x"),
        ['-set chardev.a.path=x: there is no chardev "a" defined'],
    ),
    (("-name", "a,id=x"), ["-name a,id=x: Invalid parameter 'id'"]),
    (
        ("-action", "panic=none,shutdown=x"),
        ["-action panic=none,shutdown=x: Parameter 'shutdown' does not accept value 'x'"],
    ),
    (("-readconfig", "/nosuch"), ["-readconfig /nosuch: Could not open '/nosuch'"]),
    (("-m", "8G,maxmem=x"), ["-m 8G,maxmem=x: Parameter 'maxmem' expects a non-negative"]),
    (("-preconfig", "-incoming", "tcp:0:1"), ["'preconfig' supports '-incoming defer' only"]),
    (("-drive", "file=x"), ["-drive file=x: Option not supported in this build"]),
    (("-vga", "ega"), ["unknown vga type: ega"]),
    (("disk.img",), ["disk.img: Could not open 'disk.img': No such file or directory"]),
    (("/dev",), ["/dev: 'file' driver requires '/dev' to be a regular file"]),
    ((__file__,), [f"{__file__}: pyqom has no disks"]),
    (("disk.img", "-M", "nope"), ['unsupported machine type: "nope"', "Use -machine"]),
    (("-M", "-qmp", "stdio"), ['unsupported machine type: "-qmp"', "Use -machine"]),
    (("-chardev", "-qmp", "stdio"), ["-chardev -qmp: chardev: no id specified"]),
    (("disk.img", "-M", "q35,bogus=1"), ["disk.img: Could not open 'disk.img': No such"]),
    (("--release", "6.0"), ["unknown release '6.0'"]),
    (
        ("-accel", "tcg,tb-size=-1"),
        ["-accel tcg,tb-size=-1: Parameter 'tb-size' expects uint32_t"],
    ),
    (
        ("-accel", "mshv"),
        [
            "-accel mshv: Failed to open /dev/mshv: No such file or directory",
            "-accel mshv: failed to initialize mshv: Operation not permitted",
        ],
    ),
    (("-M", "none,accel="), ["no accelerator found"]),
    (
        ("-accel", ",tcg"),
        [
            "-accel ,tcg: warning: short-form boolean option 'tcg' deprecated",
            "Please use tcg=on instead",
            "-accel ,tcg: invalid accelerator ",
        ],
    ),
    (
        ("-kernel", "/x"),
        ["The -kernel parameter is not supported (use the generic 'loader' device instead)."],
    ),
    (
        ("-M", "q35", "-kernel", "/nonexist"),
        ["qemu: could not open kernel file '/nonexist': No such file or directory"],
    ),
    (
        ("-M", "microvm", "-kernel", "/dev/null"),
        ["qemu: could not load kernel '/dev/null': No such file or directory"],
    ),
    (("-M", "pc", "-bios", "/nonexist"), ["qemu: could not load PC BIOS '/nonexist'"]),
    (("-M", "q35", "-bios", __file__), [f"qemu: could not load PC BIOS '{__file__}'"]),
    (
        ("-M", "none,memory-backend=x", "-mem-path", "/tmp"),
        ["'-mem-path' can't be used together with'-machine memory-backend'"],
    ),
    (
        ("-M", "q35", "-mem-path", "/nonexist/x"),
        ["can't open backing store /nonexist/x for guest RAM: No such file or directory"],
    ),
    (("-vga", "bogus"), ["unknown vga type: bogus"]),
    (
        ("-serial", "foo"),
        [
            "-serial foo: 'foo' is not a valid char driver",
            "-serial foo: could not connect serial device to character backend 'foo'",
        ],
    ),
    (
        ("-debugcon", "foo"),
        [
            "-debugcon foo: 'foo' is not a valid char driver",
            "-debugcon foo: invalid character backend 'foo'",
        ],
    ),
    (("-run-with", "foo=1"), ["-run-with foo=1: Invalid parameter 'foo'"]),
    (("-run-with", "user=a"), ["-run-with user=a: Option not supported in this build"]),
    (
        ("-incoming", "foo"),
        ["-incoming foo: Parameter 'channel-type' does not accept value 'foo'"],
    ),
    (("-incoming", ""), ["-incoming : Parameter 'channel-type' is missing"]),
    (("-incoming", "tcp:0:1"), ["-incoming tcp:0:1: pyqom cannot migrate"]),
    (("--release", "7.2", "-incoming", "foo"), ["-incoming foo: unknown migration protocol: foo"]),
    (("-D", "/nonexist/x"), ["Error opening logfile /nonexist/x: No such file or directory"]),
    (("-D", "/tmp/%s"), ["Bad logfile template: /tmp/%s"]),
    (("-D", "/tmp/%d%d"), ["Bad logfile template: /tmp/%d%d"]),
    (("-d", "tid"), ["Filename template with '%d' required for 'tid'"]),
    (("-d", "tid", "-D", "/tmp/x"), ["Filename template with '%d' required for 'tid'"]),
    (("-d", "all", "-D", "/tmp/x"), ["Filename template with '%d' required for 'tid'"]),
    (("-d", "foo"), []),
    (("-d", "int,help"), []),
    (("-d", ""), []),
    (("-dfilter", "x"), ["-dfilter x: Bad range specifier"]),
    (("-dfilter", "0x1000..x"), ["-dfilter 0x1000..x: Invalid number to the right of .."]),
    (("-dfilter", "10x+1"), ["-dfilter 10x+1: Invalid number to the left of +"]),
    (("-dfilter", "0x2000..0x1000"), ["-dfilter 0x2000..0x1000: Invalid range"]),
    (("-trace", "bogus=1"), ["-trace bogus=1: Invalid parameter 'bogus'"]),
    (("-trace", "help"), ["-trace help: Option not supported in this build: there are no"]),
    (
        ("-trace", "file=/nonexist/x"),
        ["Error opening logfile /nonexist/x: No such file or directory"],
    ),
]


@pytest.mark.parametrize(("arguments", "lines"), REFUSED, ids=lambda value: " ".join(value)[:50])
def test_refused(arguments: tuple[str, ...], lines: list[str]) -> None:
    start = Start([*NONE, *arguments])
    assert start.vm is None
    assert start.status == 1
    told = [line.removeprefix("{prog}: ") for line in start.lines]
    assert len(told) >= len(lines)
    assert sum("'-mon' is deprecated" in line for line in told) <= 1
    for line, wanted in zip(told, lines, strict=False):
        assert line.startswith(wanted)


WARNED: list[tuple[tuple[str, ...], list[str]]] = [
    (
        ("-object", "memory-backend-ram,id=m,size=4k,noshare"),
        [
            "{prog}: -object memory-backend-ram,id=m,size=4k,noshare: warning:"
            " short-form boolean option 'noshare' deprecated",
            "Please use share=off instead",
        ],
    ),
    (
        ("-global", "a.b.c=1"),
        ["{prog}: warning: global a.b.c has invalid class name"],
    ),
    (("-trace", "foo"), ["{prog}: -trace foo: warning: trace event 'foo' does not exist"]),
    (("-trace", "-f"), ["{prog}: -trace -f: warning: trace event 'f' does not exist"]),
    (
        ("-chardev", "socket,id=a,path=/nonexist/s,reconnect-ms=100"),
        [
            "{prog}: Unable to connect character device a:"
            " Failed to connect to '/nonexist/s': No such file or directory"
        ],
    ),
    (("-trace", "enable=*"), []),
    (("-run-with", "async-teardown=on"), []),
    (("-d", "int,trace:foo"), ["{prog}: warning: trace event 'foo' does not exist"]),
    (("-d", "int,cpu"), []),
    (("-dfilter", "0x1000+0x10,1..2,5-1"), []),
    (
        ("-M", "none,accel=nope:tcg"),
        ["{prog}: invalid accelerator nope", "{prog}: falling back to tcg"],
    ),
]


@pytest.mark.parametrize(("arguments", "lines"), WARNED, ids=lambda value: " ".join(value)[:50])
def test_warned(arguments: tuple[str, ...], lines: list[str]) -> None:
    start = Start([*NONE, *arguments])
    assert start.vm is not None
    assert start.lines == lines


@pytest.mark.parametrize("release", ["7.2", "11.1"])
def test_poor_performance_is_told_once(release: str) -> None:
    start = Start(["--release", release, *Q35, "-m", "128", "-M", "q35,max-ram-below-4g=1M"])
    assert start.vm is not None
    (line,) = start.lines
    assert line.startswith("{prog}: warning: There is possibly poor performance as the ram size")


def test_memory_in_a_file(tmp_path: Path) -> None:
    vm = started(*Q35, "-mem-path", str(tmp_path), "-bios", "bios.bin", "-kernel", __file__)
    assert vm.qmp("qom-get", path="/objects/pc.ram", property="type") == "memory-backend-file"
    assert vm.qmp("qom-get", path="/objects/pc.ram", property="mem-path") == str(tmp_path)
    assert vm.machine.get("kernel") == __file__


SILENT = {
    "ringbuf": "ringbuf",
    "memory,size=1k": "memory",
    "udp,host=127.0.0.1,port=1": "udp",
    "vc": "vc",
    "msmouse": "msmouse",
    "wctablet": "wctablet",
    "testdev": "testdev",
    "qemu-vdagent": "qemu-vdagent",
    "serial,path=/dev/null": "serial",
}
"""Chardevs that nobody speaks through, and what ``query-chardev`` calls them."""


@pytest.mark.parametrize("release", ["7.2", "11.1"])
@pytest.mark.parametrize("text", SILENT)
def test_silent_chardevs(text: str, release: str) -> None:
    vm = started("--release", release, *NONE, "-chardev", f"{text},id=a")
    assert vm.qmp("query-chardev") == [
        {"label": "a", "filename": SILENT[text], "frontend-open": False}
    ]
    kind = f"child<chardev-{SILENT[text]}>"
    assert {"name": "a", "type": kind} in vm.qmp("qom-list", path="/chardevs")


def test_older_names_of_chardevs() -> None:
    vm = started("--release", "7.2", *NONE, "-chardev", "tty,path=/dev/null,id=a")
    assert {"name": "a", "type": "child<chardev-serial>"} in vm.qmp("qom-list", path="/chardevs")


def test_both_spellings_of_a_device() -> None:
    one = "driver=qemu64-x86_64-cpu,socket-id=0,core-id=1,thread-id=0,id=c1"
    other = (
        '{"driver": "qemu64-x86_64-cpu", "socket-id": 0, "core-id": 2, "thread-id": 0, "id": "c2"}'
    )
    vm = started(*Q35, "-smp", "1,sockets=1,cores=3,maxcpus=3", "-device", other, "-device", one)
    assert [cpu.canonical_path() for cpu in vm.cpus or ()] == [
        "/machine/unattached/device[0]",
        "/machine/peripheral/c1",
        "/machine/peripheral/c2",
    ]


def test_what_was_said_is_there() -> None:
    vm = started(
        *("-name", "guest=one,debug-threads=on", "-uuid", "324E6EAF-d1d1-4bf6-bf41-b9bb6c91fb87"),
        *("-M", "q35,smm=off", "-smp", "cpus=2,cores=2,sockets=1", "-m", "64,slots=1,maxmem=1G"),
        *("-machine", "hpet=off", "-boot", "order=cd,menu=on", "-action", "panic=none"),
        *("-object", '{"qom-type": "iothread", "id": "io0", "poll-max-ns": 5}'),
        *("-nodefaults", "-nographic", "-no-reboot", "-no-user-config"),
    )
    assert vm.qmp("query-name") == {"name": "one"}
    assert vm.qmp("query-uuid") == {"UUID": "324e6eaf-d1d1-4bf6-bf41-b9bb6c91fb87"}
    assert vm.qmp("query-status") == {"status": "running", "running": True}
    machine = vm.machine
    assert machine.get("smm") == "off"
    assert machine.get("hpet") is False
    assert machine.get("graphics") is False
    assert machine.get("smp")["cores"] == 2
    assert machine.get("memory") == {"size": 64 << 20, "max-size": 1 << 30, "slots": 1}
    assert machine.get("boot")["menu"] is True
    assert vm.qmp("qom-get", path="/objects/io0", property="poll-max-ns") == 5
    assert vm.actions == {"panic": "none", "reboot": "shutdown"}


def test_preconfig_waits_for_the_cpus() -> None:
    vm = started(*Q35, "-preconfig", "-smp", "2", "-object", "memory-backend-ram,id=r,size=16M")
    assert vm.qmp("query-status")["status"] == "prelaunch"
    vm.qmp("set-numa-node", type="node", nodeid=0, memdev="r")
    vm.qmp("x-exit-preconfig")
    assert [entry["props"]["node-id"] for entry in vm.qmp("query-cpus-fast")] == [0, 0]


def test_incoming_waits() -> None:
    vm = started(*NONE, "-incoming", "defer")
    assert vm.qmp("query-status") == {"status": "inmigrate", "running": False}


def test_a_configuration_file(tmp_path: Path) -> None:
    path = tmp_path / "vm.conf"
    path.write_text(
        '# a comment\n[machine]\n  type = "q35"\n  smm = "off"\n\n[memory]\n  size = "64"\n'
        '[object "r0"]\n  qom-type = "rng-builtin"\n[smp-opts]\n  cpus = "2"\n'
    )
    vm = started("-S", "-nodefaults", "-display", "none", "-readconfig", str(path))
    assert vm.machine.get("smm") == "off"
    assert vm.machine.memory_size == 64 << 20
    assert next(child.path_component for child in vm.objects.children()) == "r0"
    assert len(vm.qmp("query-cpus-fast")) == 2
    path.write_text('[name]\nguest = "a"\n[bogus]\nx = "y"\n')


def test_an_events_file_that_is_not_there() -> None:
    start = Start([*NONE, "-trace", "events=/nonexist"])
    assert (start.status, start.lines) == (1, ["{prog}:/nonexist: No such file or directory"])


def test_a_log_is_there_and_empty(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("old")
    started(*NONE, "-d", "int", "-D", str(log))
    assert log.read_text() == ""


@pytest.mark.parametrize("release", ["7.2", "11.1"])
def test_every_option_is_modelled_or_has_a_reason(release: str) -> None:
    from pyqom.system.handlers import HANDLERS

    for option in table.options(releases.get(release)).values():
        assert (option.fate == "modelled") == (option.name in HANDLERS)


def test_options_of_one_release_only() -> None:
    assert Start(["-M", "q35", "-no-hpet"]).lines == ["{prog}: -no-hpet: invalid option"]
    vm = started("--release", "7.2", "-S", "-M", "q35", "-display", "none", "-no-hpet")
    assert vm.machine.get("hpet") is False
    assert vm.qmp("query-version")["qemu"] == {"major": 7, "minor": 2, "micro": 22}
