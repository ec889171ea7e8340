"""Each verb's answer, as JSON and for people."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import pyqom as library
from pyqom.release import releases

GOOD = [
    ("expand", "SandyBridge"),
    ("expand", "SandyBridge", "-M", "pc-i440fx-1.6", "--type", "static"),
    ("expand", "EPYC,+avx512f,-svm,level=7", "--machine=q35"),
    ("expand", "max", "--release", "7.2"),
    ("models",),
    ("models", "-M", "pc-i440fx-1.6"),
    ("models", "EPYC-v2"),
    ("models", "486"),
    ("models", "max"),
    ("machines",),
    ("machines", "--release", "7.2"),
    ("machines", "pc-i440fx-1.6"),
    ("machines", "none"),
    ("types",),
    ("types", "--implements", "cpu", "--list"),
    ("types", "--abstract"),
    ("types", "SandyBridge-x86_64-cpu"),
    ("types", "device"),
    ("diff", "EPYC", "EPYC"),
    ("explain", "SandyBridge", "x2apic"),
    ("explain", "EPYC,-svm", "npt", "-M", "q35"),
]


@pytest.mark.parametrize("argv", GOOD, ids=" ".join)
def test_good(pyqom, argv):
    for more in ((), ("--json",)):
        answer = pyqom(*argv, *more)
        assert (answer.status, answer.err) == (0, "")
        assert answer.out
    assert answer.json is not None


@pytest.mark.parametrize(
    ("argv", "arguments"),
    [
        (("SandyBridge", "-M", "pc-i440fx-1.6"), {"machine": "pc-i440fx-1.6"}),
        (("SandyBridge", "--type", "static"), {"type": "static"}),
        (("SandyBridge", "--release", "7.2"), {"release": "7.2"}),
        (("SandyBridge", "--props", '{"x2apic": false}'), {"props": {"x2apic": False}}),
    ],
)
def test_expand_json_is_the_return_object(pyqom, argv, arguments):
    assert pyqom("expand", *argv, "--json").json == library.expand("SandyBridge", **arguments)


@pytest.mark.parametrize(
    ("argv", "arguments"),
    [
        (("EPYC", "-M", "q35"), {"machine": "q35"}),
        (("max", "--type", "static"), {"type": "static"}),
        (("EPYC", "--props", '{"model-id": "a\\"b\\u00e9"}'), {"props": {"model-id": 'a"b\xe9'}}),
        (("EPYC,+avx512f,level=7",), {}),
    ],
)
def test_expand_json_in_a_pipe_is_one_line_of_json_as_python_writes_it(pyqom, argv, arguments):
    answer = pyqom("expand", *argv, "--json")
    assert answer.out == json.dumps(library.expand(argv[0], **arguments)) + "\n"


def test_expand_for_people(pyqom):
    answer = pyqom("expand", "SandyBridge", "-M", "pc-i440fx-1.6")
    assert answer.out.startswith("SandyBridge on pc-i440fx-1.6 (QEMU 7.2, tcg, full)\n")
    assert "x2apic" in answer.row("1.ECX")
    assert answer.row("check") == ["check", "off", "on"]
    assert answer.row("xlevel") == ["xlevel", "0x8000000a", "0xffffffff"]
    assert not any(row[:1] == ["enforce"] for row in answer.rows)
    assert len(answer.rows) < 60


def test_expand_all_streams_lines(pyqom):
    answer = pyqom("expand", "--all", "--machine", "q35,pc-i440fx-1.6,pc-q35-11.1")
    lines = [json.loads(line) for line in answer.out.splitlines()]
    assert answer.status == 0
    assert list(lines[0]) == ["machine", "model", "type", "return"]
    machines = [line["machine"] for line in lines]
    assert list(dict.fromkeys(machines)) == ["pc-q35-11.1", "pc-i440fx-1.6"]
    assert [machines.count(name) for name in ("pc-q35-11.1", "pc-i440fx-1.6")] == [
        len(library.definitions(machine="q35")),
        len(library.definitions(release="7.2")),
    ]
    for line in lines[:5] + lines[-5:]:
        assert line["return"] == library.expand(line["model"], machine=line["machine"])


def test_expand_all_machines_of_a_release(pyqom):
    answer = pyqom("expand", "--all", "--machine", "all", "--release", "7.2", "--type", "static")
    seen = {line[13 : line.index('"', 13)] for line in answer.out.splitlines()}
    assert seen == {info["name"] for info in library.machines(release="7.2")}


def test_models_json_is_the_definitions(pyqom):
    answer = pyqom("models", "-M", "pc-q35-4.0", "--json")
    assert answer.json == library.definitions(machine="pc-q35-4.0")


def test_models_for_people(pyqom):
    answer = pyqom("models", "-M", "q35")
    assert answer.row("EPYC-IBPB")[:2] == ["EPYC-IBPB", "EPYC-v2"]
    assert "TSX]" in answer.row("Broadwell-v2") or "TSX)" in answer.row("Broadwell-v2")


def test_one_model(pyqom):
    answer = pyqom("models", "EPYC-v2", "--json").json
    assert answer["version"] == 2
    assert answer["scalars"]["vendor"] == "AuthenticAMD"
    assert "svm" in answer["features"]["80000001.ECX"]
    assert answer["caches"]["l3"]["level"] == 3
    assert answer["versions"][1]["alias"] == "EPYC-IBPB"
    assert answer["versions"][1]["props"]["ibpb"] is True
    rows = pyqom("models", "EPYC-v2").rows
    assert ["EPYC-v2", "EPYC-IBPB", "+ibpb,"] in [row[:3] for row in rows]


def test_machines_json_is_query_machines(pyqom):
    assert pyqom("machines", "--json").json == library.machines()
    assert pyqom("machines", "--release", "7.2", "--json").json == library.machines(release="7.2")


def test_machines_for_people(pyqom):
    answer = pyqom("machines")
    assert answer.row("pc-i440fx-11.1")[1:3] == ["pc", "default"]
    assert answer.row("pc-i440fx-6.2")[1] == "deprecated"


def test_one_machine_has_its_lists_in_order(pyqom):
    lists = pyqom("machines", "pc-i440fx-1.6", "--json").json["compat-lists"]
    versions = [each["version"] for each in lists if each["version"] is not None]
    assert versions[-1] == "1.6"
    entries = [entry for each in lists for entry in each["entries"]]
    rows = [row for row in pyqom("machines", "pc-i440fx-1.6").rows if "x86_64-cpu" in row]
    assert len(rows) == sum(entry["driver"] == "x86_64-cpu" for entry in entries) > 10


def test_types_tree_and_list(pyqom):
    tree = pyqom("types", "--implements", "x86_64-cpu").out.splitlines()
    assert tree[1:5] == [
        "object (abstract)",
        "  device (abstract)",
        "    cpu (abstract)",
        "      x86_64-cpu (abstract)",
    ]
    listed = pyqom("types", "--implements", "x86_64-cpu", "--list").out.split()
    assert sorted(listed) == sorted(each["typename"] for each in library.definitions())
    with_abstract = pyqom("types", "--implements", "x86_64-cpu", "--list", "--abstract").out.split()
    assert set(with_abstract) - set(listed) == {"x86_64-cpu"}


def test_one_type(pyqom):
    answer = pyqom("types", "SandyBridge-v1-x86_64-cpu", "--json").json
    assert answer["parents"] == ["x86_64-cpu", "cpu", "device", "object"]
    found = {prop["name"]: prop for prop in answer["properties"]}
    assert found["hv-spinlocks"] == {
        "name": "hv-spinlocks",
        "type": "uint32",
        "default-value": 0xFFFFFFFF,
    }
    page = pyqom("types", "SandyBridge-v1-x86_64-cpu")
    assert page.row("unavailable-features")[1:3] == ["strList", "read-only"]


@pytest.mark.parametrize("form", [(), ("--list",), ("--json",)])
def test_types_are_sorted_as_people_count(pyqom, form):
    answer = pyqom("types", "--implements", "generic-pc-machine", *form)
    at = [answer.out.index(f"pc-q35-{version}-machine") for version in ("6.2", "9.2", "10.0")]
    assert at == sorted(at)


def test_many_children_are_counted(pyqom):
    (children,) = (row for row in pyqom("types", "x86_64-cpu").rows if row[:1] == ["children"])
    named = pyqom("types", "x86_64-cpu", "--json").json["children"]
    assert children[1:5] == named[:4]
    assert " ".join(children[5:]) == f"and {len(named) - 4} more (--json names them)"
    few = next(row for row in pyqom("types", "max-x86_64-cpu").rows if row[:1] == ["children"])
    assert few == ["children", "host-x86_64-cpu"]


@pytest.mark.parametrize(
    ("name", "without"), [("edu", True), ("pc-dimm", False), ("tcg-accel", False)]
)
def test_types_tell_what_has_no_model(pyqom, name, without):
    lines = pyqom("types", name).out.splitlines()
    assert ("there is no model behind it yet: it can be asked about, not made" in lines) is without


def test_no_type_is_a_no(pyqom):
    for target in ("user-creatable", "cpu"):
        answer = pyqom("types", "--implements", target, "--list")
        assert answer.status == (0 if answer.out else 1)


def test_diff_over_releases(pyqom):
    argv = ("diff", "SandyBridge@pc-i440fx-1.6", "SandyBridge@pc-q35-11.1")
    answer = pyqom(*argv)
    assert answer.status == 1
    assert answer.row("x-hv-max-vps")[1:3] == ["64", "-1"]
    assert "pc_compat_2_10" in answer.row("x-hv-max-vps")
    summary = [line for line in answer.out.splitlines() if "only QEMU" in line]
    assert len(summary) == 1
    found = pyqom(*argv, "--json").json
    assert (found["a"]["release"], found["b"]["release"]) == ("7.2", "11.1")
    names = {each["property"]: each for each in found["differences"]}
    assert "b-step" in names["x-consistent-cache"]
    assert names["x-consistent-cache"]["a-step"] is None
    assert len(names) > len(answer.rows)


SIDES = [
    (("diff", "EPYC-v1", "EPYC-v2", "-M", "q35"), "q35", "q35"),
    (("diff", "EPYC", "-M", "pc-q35-4.0", "-M", "q35"), "pc-q35-4.0", "q35"),
    (("diff", "EPYC@pc-q35-4.0@7.2", "EPYC@q35"), "pc-q35-4.0", "q35"),
    (("diff", "EPYC", "EPYC@q35", "-M", "microvm"), "microvm", "q35"),
    (("diff", "EPYC@7.2", "EPYC"), "none", "none"),
    (("diff", "EPYC,model-id=a @ b", "EPYC"), "none", "none"),
]


@pytest.mark.parametrize(("argv", "a", "b"), SIDES)
def test_sides(pyqom, argv, a, b):
    answer = pyqom(*argv, "--json")
    assert answer.status == 1
    of = library.machines
    releases = answer.json["a"]["release"], answer.json["b"]["release"]
    found = answer.json["a"]["machine"], answer.json["b"]["machine"]
    assert found == (of.find(a, releases[0]).name, of.find(b, releases[1]).name)


def test_diff_of_models_with_other_properties(pyqom):
    answer = pyqom("diff", "max", "EPYC")
    assert "that only max has (" in answer.out.splitlines()[-1]


def test_same_is_no_difference(pyqom):
    answer = pyqom("diff", "EPYC", "EPYC-v1", "-M", "q35")
    assert (answer.status, answer.out.splitlines()[-1]) == (0, "no difference")


def test_history(pyqom):
    answer = pyqom("diff", "SandyBridge", "--along", "pc-i440fx")
    assert answer.status == 1
    assert answer.row("pc-i440fx-2.4")[1:4] == ["check", "on", "off"]
    changes = pyqom("diff", "SandyBridge", "--along", "pc-i440fx", "--json").json
    assert [(each["machine"], each["property"]) for each in changes] == [
        (each.machine, each.property) for each in library.history("SandyBridge", "pc-i440fx")
    ]
    assert changes[0]["step"]["layer"] == "machine"


def test_explain(pyqom):
    answer = pyqom("explain", "SandyBridge", "check", "-M", "pc-i440fx-1.6")
    assert answer.row("machine")[1:3] == ["pc_compat_2_4", "2.4"]
    assert answer.out.splitlines()[-1].startswith("check is off because the compat list")
    found = pyqom("explain", "SandyBridge", "check", "-M", "pc-i440fx-1.6", "--json").json
    assert found["value"] is False
    assert found["decided"] == found["steps"][-1]
    assert found["decided"]["machine"] == "2.4"


REASONS = [
    (("EPYC", "svm"), "the model EPYC is defined so"),
    (("EPYC-v2", "ibpb"), "the version EPYC-v2 changed it"),
    (("EPYC", "enforce"), "nobody changed the default of x86_64-cpu"),
    (("EPYC,-svm", "npt"), "of the rule dependency: needs svm, which is off"),
    (("EPYC,level=7", "level"), "a global property asked for it (-cpu)"),
    (("EPYC", "level", "--props", '{"level": 8}'), "it was asked for (props level)"),
]


@pytest.mark.parametrize(("argv", "reason"), REASONS)
def test_the_closing_sentence(pyqom, argv, reason):
    told = pyqom("explain", *argv).out.splitlines()
    assert next(line for line in told if " because " in line).endswith(f"because {reason}.")


@pytest.mark.parametrize(("feature", "withheld"), [("rtm", True), ("avx2", False)])
def test_explain_tells_what_no_guest_gets(pyqom, feature, withheld):
    answer = pyqom("explain", "Haswell", feature, "-M", "q35")
    assert ("A guest does not get it" in answer.out) is withheld
    found = pyqom("explain", "Haswell", feature, "-M", "q35", "--json").json
    assert (found["value"], found["withheld"]) == (True, withheld)


def test_own_models_in_every_verb(pyqom, models):
    more = ("--models", models)
    on = pyqom("expand", "Mine", "-M", "pc-i440fx-1.6", "--json", *more).json
    assert on["model"]["props"]["x2apic"] is True
    assert "x2apic" not in pyqom("expand", "Mine-v2", *more).row("1.ECX")
    assert "[no" in pyqom("models", *more).row("Mine-noX2")
    assert pyqom("types", "Mine-v1-x86_64-cpu", *more).status == 0
    assert "x2apic" in pyqom("diff", "Mine-v1", "Mine-v2", *more).out
    assert pyqom("diff", "Mine", "--along", "pc-q35", "--release", "7.2", *more).status == 1
    along = pyqom("diff", "Mine", "--along", "pc-i440fx", "--json", *more).json
    own = {each.name: library.load_models(models, release=each.name) for each in RELEASES}
    told = library.history("Mine", "pc-i440fx", types=own)
    assert [(each["machine"], each["property"]) for each in along] == [
        (each.machine, each.property) for each in told
    ]
    assert {"10.0", "2.4"} <= {each.machine.removeprefix("pc-i440fx-") for each in told}
    why = pyqom("explain", "Mine-v2", "x2apic", *more).out.splitlines()[-1]
    assert why == "x2apic is off because the version Mine-v2 changed it."
    lines = pyqom("expand", "--all", "-M", "q35,pc-i440fx-1.6", *more).out.splitlines()
    assert sum('"model": "Mine"' in line for line in lines) == 2


def test_ambiguous_model_string_is_warned_of(pyqom):
    answer = pyqom("expand", "EPYC,+svm,svm=off", "--json")
    assert answer.status == 0
    first = answer.err.splitlines()[0]
    assert first.startswith("pyqom: warning: Ambiguous CPU model string. ")


def test_validate(pyqom, models):
    answer = pyqom("validate", models)
    assert (answer.status, answer.out) == (0, f"{models}: good: Mine\n")
    assert pyqom("validate", models, "--json").json == [
        {"file": models, "valid": True, "shape": "cpu-models", "models": ["Mine"]}
    ]


RELEASES = releases()
DATA = sorted(Path(library.__file__).parent.glob("**/data/**/*.json"))


@pytest.mark.parametrize("release", RELEASES, ids=lambda each: each.name)
def test_validate_says_that_every_file_of_pyqom_is_good(pyqom, release):
    answer = pyqom("validate", *map(str, DATA), "--release", release.name)
    assert answer.err == ""
    assert answer.status == 0
    assert len(answer.rows) == len(DATA) > 15
    told = {Path(row[0][:-1]).name: row[1:] for row in answer.rows}
    assert told["levels.json"] == ["good:", "the", "shape", "of", "schema/cpu-levels.json"]
    assert told["intel.json"][2] == "models"
    definitions = library.definitions(release=release.name)
    models = {each["name"] for each in definitions if f"{each['name']}-v1" in str(definitions)}
    own = pyqom("validate", *map(str, DATA), "--release", release.name, "--json").json
    named = {name for each in own for name in each.get("models", ())}
    assert models | {"max", "base", "host"} == named


def test_validate_of_a_copy_and_of_a_changed_copy_of_a_file_of_pyqom(pyqom, tmp_path):
    shipped = next(path for path in DATA if path.name == "hygon.json")
    copy = tmp_path / "copy.json"
    copy.write_bytes(shipped.read_bytes())
    assert pyqom("validate", str(copy)).status == 0
    copy.write_text(shipped.read_text(encoding="utf-8").replace('"stepping": 1', '"stepping": 2'))
    answer = pyqom("validate", str(copy))
    assert answer.status == 2
    assert "models[0].name: there is a CPU model 'Dhyana' already" in answer.err


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"areas": [], "colour": 1}, ["colour: unknown member, known are 'areas'"]),
        ({"words": 1, "features": 1 << 70}, [
            "words: expected array, not 1 (an integer)",
            "features: the number has more than 64 bits",
        ]),
        ({"modles": []}, [
            "member 'models' is missing",
            "modles: unknown member, did you mean 'models'?",
        ]),
        ({"models": [], "words": []}, ["words: unknown member, known are '$schema', 'models'"]),
        ([], ["expected object, not [] (an array)"]),
    ],
    ids=str,
)  # fmt: skip
def test_validate_holds_a_file_against_the_schema_that_it_is_meant_for(
    pyqom, tmp_path, content, told
):
    file = tmp_path / "own.json"
    file.write_text(json.dumps(content))
    answer = pyqom("validate", str(file))
    assert answer.status == 2
    assert answer.err.splitlines() == [f"{file}: {each}" for each in told]


def test_validate_beside_other_models(pyqom, models, tmp_path):
    child = tmp_path / "child.json"
    child.write_text(json.dumps({"models": [{"name": "Child", "parent": "Mine-noX2"}]}))
    answer = pyqom("validate", str(child))
    assert (answer.status, answer.err) == (
        2,
        f"{child}: models[0].parent: unknown parent 'Mine-noX2'\n",
    )
    assert pyqom("validate", str(child), "--models", models).out == f"{child}: good: Child\n"
    child.write_text("{}")
    answer = pyqom("validate", models, "--models", str(child))
    assert (answer.status, answer.out) == (2, "")
    assert answer.err == f"pyqom: {child}: member 'models' is missing\n"


def test_machines_check_models(pyqom, models, tmp_path):
    for argv in (("machines",), ("machines", "q35"), ("machines", "--json")):
        assert pyqom(*argv, "--models", models).out == pyqom(*argv).out
    bad = tmp_path / "bad.json"
    bad.write_text("{}")
    answer = pyqom("machines", "--models", str(bad))
    assert (answer.status, answer.out) == (2, "")
    assert answer.err == f"pyqom: {bad}: member 'models' is missing\n"
