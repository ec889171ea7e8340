"""Configuration files: what live QEMU makes of their lines, and where it sees a fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from .started import Start, started

OLD, NEW = "7.2", "11.1"
IDENTIFIERS = "Identifiers consist of letters, digits, '-', '.', '_', starting with a letter."
MACHINE_HINT = "Use -machine help to list supported machines"

# a file, and what is printed: with F for its path, and O for the option that names it
REFUSED: list[tuple[str, list[str], list[str]]] = [
    (
        "[bogus]\n",
        ["{prog}: There is no option group 'bogus'"],
        ["{prog}: O: There is no option group 'bogus'"],
    ),
    (
        '[name]\nguest = "a"\n[bogus]\nx = "y"\n',
        ["{prog}:F:4: There is no option group 'bogus'"],
        ["{prog}: O: There is no option group 'bogus'"],
    ),
    (
        "[machine\n",
        ["{prog}: There is no option group 'machine", "'"],
        ["{prog}: O: There is no option group 'machine", "'"],
    ),
    (
        '[a"b]\n',
        ["{prog}: There is no option group 'a\"b'"],
        ["{prog}: O: There is no option group 'a\"b'"],
    ),
    (
        '[rtc]\nbase="utc"\n',
        ["{prog}:F:2: Invalid parameter 'base=\"utc\"'"],
        ["{prog}: O: Invalid parameter 'base=\"utc\"'"],
    ),
    (
        "[machine]\n  a = b\n",
        ["{prog}: Property 'pc-i440fx-7.2-machine.a' not found"],
        ["{prog}: Property 'pc-i440fx-11.1-machine.a' not found"],
    ),
    (
        '[machine]\ntype="q35"\n',
        ["{prog}: Property 'pc-i440fx-7.2-machine.type=\"q35\"' not found"],
        ["{prog}: Property 'pc-i440fx-11.1-machine.type=\"q35\"' not found"],
    ),
    (
        '[machine]\ntype = "q35\n',
        ["{prog}: unsupported machine type", MACHINE_HINT],
        ['{prog}: unsupported machine type: "q35', '"', MACHINE_HINT],
    ),
    ("[machine]\n   \n", ["{prog}:F:2: parse error"], ["{prog}: O: parse error"]),
    ('x = "1"\n', ["{prog}:F:1: no group defined"], ["{prog}: O: no group defined"]),
    ("[]\n", ["{prog}:F:1: no group defined"], ["{prog}: O: no group defined"]),
    (
        '[device "1a"]\ndriver = "x"\n',
        ["{prog}:F:2: Parameter 'id' expects an identifier"],
        ["{prog}: O: Parameter 'id' expects an identifier", IDENTIFIERS],
    ),
    (
        '[device "1a"]\ndriver = "x"\n[memory]\n',
        ["{prog}:F:2: Parameter 'id' expects an identifier", IDENTIFIERS],
        ["{prog}: O: Parameter 'id' expects an identifier", IDENTIFIERS],
    ),
    (
        '[machine]\nfoo.bar = "1"\nfoo = "2"\n',
        ["{prog}:F:3: Cannot mix scalar and non-scalar keys"],
        ["{prog}: O: Cannot mix scalar and non-scalar keys"],
    ),
    (
        '[machine]\n0 = "1"\n',
        ["{prog}:F:2: Lists cannot be at top level of a configuration section"],
        ["{prog}: O: Lists cannot be at top level of a configuration section"],
    ),
    (
        '[machine]\nfoo.0 = "1"\nfoo.a = "2"\n',
        ["{prog}:F:3: Cannot mix list and non-list keys"],
        ["{prog}: O: Cannot mix list and non-list keys"],
    ),
    (
        '[machine]\nfoo.0 = "1"\nfoo.2 = "2"\n',
        ["{prog}:F:3: List indices are not contiguous, saw 2 elements but 2 largest index"],
        ["{prog}: O: List indices are not contiguous, saw 2 elements but 2 largest index"],
    ),
]

# what is wrong when the options are used, which is told alike in both releases
LATER = [
    ('[device]\ndriver = "nosuch"\n', ":F:2: 'nosuch' is not a valid device model name"),
    ("[device]\n", ": Parameter 'driver' is missing"),
    ('[object]\nqom-type = "iothread"\n', ":F:2: Parameter 'id' is missing"),
    ('[object "r0"]\n', ": Parameter 'qom-type' is missing"),
    ('[chardev]\nbackend = "null"\n', ":F:2: chardev: no id specified"),
    ('[chardev "c"]\nbackend = "bogus"\n', ":F:2: 'bogus' is not a valid char driver name"),
    ('[mon]\nchardev = "x"\n', ':F:2: chardev "x" not found'),
    ('[smp-opts]\ncpus = "2"\n[smp-opts]\ncpus.x = "2"\n', ":F:4: Parameter 'smp.cpus' used"),
    ('[drive]\nfile = "x"\n', ":F:2: Option not supported in this build"),
]


def _lines(release: str, path: Path, text: str) -> list[str]:
    path.write_text(text)
    start = Start(["--release", release, "-display", "none", "-readconfig", str(path)])
    assert start.vm is None
    assert start.status == 1
    option = f"-readconfig {path}"
    return [line.replace(option, "O").replace(str(path), "F") for line in start.lines]


@pytest.mark.parametrize(("text", "old", "new"), REFUSED, ids=lambda value: repr(value)[:30])
def test_refused(text: str, old: list[str], new: list[str], tmp_path: Path) -> None:
    path = tmp_path / "vm.conf"
    assert _lines(OLD, path, text) == old
    assert _lines(NEW, path, text) == new


@pytest.mark.parametrize("release", [OLD, NEW])
@pytest.mark.parametrize(("text", "wanted"), LATER, ids=lambda value: repr(value)[:30])
def test_refused_later(text: str, wanted: str, release: str, tmp_path: Path) -> None:
    (line,) = _lines(release, tmp_path / "vm.conf", text)
    assert line.startswith(f"{{prog}}{wanted}")


def test_no_file(tmp_path: Path) -> None:
    option = f"-readconfig {tmp_path}"
    assert Start(option.split()).lines == [
        f"{{prog}}: {option}: Cannot read config file: Is a directory"
    ]


def test_warned(tmp_path: Path) -> None:
    path = tmp_path / "vm.conf"
    path.write_text('[global]\ndriver = "a"\n')
    start = Start(["-M", "none", "-display", "none", "-readconfig", str(path)])
    assert start.lines == ["{prog}: warning: global a.(null) has invalid class name"]


def test_monitors(tmp_path: Path) -> None:
    path = tmp_path / "vm.conf"
    path.write_text('[chardev "c"]\nbackend = "null"\n[mon "m"]\nmode = "control"\nchardev = "c"\n')
    vm = started("-M", "none", "-display", "none", "-readconfig", str(path))
    assert [entry["label"] for entry in vm.qmp("query-chardev")] == ["c"]
    assert [child.path_component for child in vm.objects.children()] == ["m"]
