"""The x86 CPU data against its schemas, and against itself."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from pyqom import release as releases

ROOT = Path(__file__).parents[2]
X86 = ROOT / "pyqom/devices/cpu/x86/data"
ACCEL = ROOT / "pyqom/accel/data"
HOSTS = ROOT / "pyqom/hosts/data"
RELEASES = tuple(release.name for release in releases.releases())

FILES = {
    X86 / "features.json": "cpu-features.json",
    X86 / "dependencies.json": "cpu-dependencies.json",
    X86 / "levels.json": "cpu-levels.json",
    X86 / "aliases.json": "cpu-aliases.json",
    X86 / "xsave.json": "cpu-xsave.json",
    X86 / "caches.json": "cpu-caches.json",
    X86 / "cpuid.json": "cpuid.json",
    X86 / "cpuid-descriptors.json": "cpuid-descriptors.json",
    X86 / "cpuid-fields.json": "cpuid-fields.json",
    HOSTS / "linux-guest.json": "linux-guest.json",
    ACCEL / "tcg.json": "accel-tcg.json",
    ACCEL / "kvm.json": "accel-kvm.json",
    ACCEL / "hyperv.json": "accel-hyperv.json",
    **dict.fromkeys(sorted((X86 / "models").glob("*.json")), "cpu-models.json"),
}

MODEL: dict[str, Any] = {
    "name": "Own",
    "vendor": "GenuineIntel",
    "family": 6,
    "model": 42,
    "stepping": 1,
    "level": 13,
    "xlevel": "0x80000008",
    "model-id": "An own model",
    "features": {"1.EDX": ["fpu", {"name": "sse2", "since": "11.1"}], "7.0.EBX": ["7.0.EBX:12-13"]},
    "versions": [
        {"version": 1},
        {"version": 2, "alias": "Own-IBRS", "props": {"spec-ctrl": True, "stepping": 2}},
    ],
}


@cache
def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@cache
def schema(name: str) -> Draft202012Validator:
    return Draft202012Validator(read(ROOT / "schema" / name))


def faults(content: Any, name: str = "cpu-models.json") -> list[str]:
    """The places of all faults, from the top of the file."""
    return sorted(map(place_of, schema(name).iter_errors(content)))


def place_of(fault: ValidationError) -> str:
    return "/".join(map(str, fault.absolute_path))


def knows(entry: Any, release: str) -> bool:
    if not isinstance(entry, dict):
        return True
    return releases.get(release).knows(entry.get("since"), entry.get("until"))


def known(entries: Any, release: str) -> Iterator[Any]:
    for entry in entries:
        if knows(entry, release):
            yield entry["name"] if isinstance(entry, dict) and "name" in entry else entry


def words(release: str) -> dict[str, dict[str, Any]]:
    """The feature words that a release has, by name."""
    return {w["word"]: w for w in read(X86 / "features.json")["words"] if knows(w, release)}


def bits(word: dict[str, Any], release: str) -> dict[str, int]:
    """The mask of each property name of a word."""
    masks: dict[str, int] = {}
    for bit, entry in word["bits"].items():
        for name in known([entry], release):
            masks[name] = masks.get(name, 0) | 1 << int(bit)
    return masks


def mask(word: dict[str, Any], names: Any, release: str) -> int:
    """The bits of a word that a feature list means; KeyError for what the release has not."""
    result = 0
    for name in known(names, release):
        place, colon, span = name.partition(":")
        if colon:
            assert place == word["word"]
            low, _, high = span.partition("-")
            result |= (2 << int(high or low)) - (1 << int(low))
        else:
            result |= bits(word, release)[name]
    return result


def properties(release: str) -> dict[str, str]:
    """The word of each feature property of a release."""
    return {name: word for word, w in words(release).items() for name in bits(w, release)}


def models(release: str) -> list[dict[str, Any]]:
    files = sorted((X86 / "models").glob("*.json"))
    return [m for file in files for m in read(file)["models"] if knows(m, release)]


def defined(release: str) -> list[dict[str, Any]]:
    return [model for model in models(release) if "class" not in model]


@pytest.mark.parametrize("name", sorted(set(FILES.values())))
def test_schema_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(read(ROOT / "schema" / name))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_file_satisfies_its_schema(path: Path) -> None:
    assert faults(read(path), FILES[path]) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_schema_refuses_an_unknown_member(path: Path) -> None:
    content = copy.deepcopy(read(path))
    content["colour"] = "red"
    assert faults(content, FILES[path]) == [""]


def test_an_own_model_satisfies_the_schema() -> None:
    assert faults({"models": [MODEL]}) == []


@pytest.mark.parametrize(
    ("member", "value", "place"),
    [
        ("name", "two words", "models/0/name"),
        ("vendor", "Intel", "models/0/vendor"),
        ("family", 271, "models/0/family"),
        ("model", "42", "models/0/model"),
        ("stepping", 16, "models/0/stepping"),
        ("xlevel", 0x80000008, "models/0/xlevel"),
        ("model-id", "x" * 49, "models/0/model-id"),
        ("features", {"1.EDX": ["FPU"]}, "models/0/features/1.EDX/0"),
        ("features", {"1.EDX": [{"since": "7.2"}]}, "models/0/features/1.EDX/0"),
        ("features", ["fpu"], "models/0/features"),
        ("since", "newest", "models/0/since"),
        ("versions", [], "models/0/versions"),
        ("versions", [{"version": 0}], "models/0/versions/0/version"),
        ("versions", [{"version": 1, "prop": {}}], "models/0/versions/0"),
        ("versions", [{"version": 1, "props": {"ss": None}}], "models/0/versions/0/props/ss"),
    ],
)
def test_a_fault_of_a_model_is_found_where_it_is(member: str, value: Any, place: str) -> None:
    assert faults({"models": [MODEL, {**MODEL, "name": "Other"}]}) == []
    assert faults({"models": [{**MODEL, member: value}]}) == [place]


@pytest.mark.parametrize("member", ["name", "vendor", "family", "model-id", "features", "level"])
def test_a_missing_member_is_found(member: str) -> None:
    model = {key: value for key, value in MODEL.items() if key != member}
    (fault,) = schema("cpu-models.json").iter_errors({"models": [model]})
    assert place_of(fault) == "models/0"
    assert fault.message == f"'{member}' is a required property"


def test_all_faults_of_a_file_are_found_at_once() -> None:
    bad = {**MODEL, "stepping": 99, "vendor": "me", "colour": 1, "versions": [{}]}
    assert faults({"models": [bad, 7]}) == [
        "models/0",
        "models/0/stepping",
        "models/0/vendor",
        "models/0/versions/0",
        "models/1",
    ]


def lifetimes(content: Any) -> Iterator[dict[str, Any]]:
    if isinstance(content, dict):
        if content.keys() & {"since", "until"}:
            yield content
        for inner in content.values():
            yield from lifetimes(inner)
    elif isinstance(content, list):
        for inner in content:
            yield from lifetimes(inner)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_lifetimes_name_carried_releases_and_leave_some(path: Path) -> None:
    for entry in lifetimes(read(path)):
        for name in entry.keys() & {"since", "until"}:
            assert entry[name] in RELEASES, entry
        assert any(knows(entry, release) for release in RELEASES), entry


@pytest.mark.parametrize(("release", "count", "properties_"), [("7.2", 36, 319), ("11.1", 48, 407)])
def test_feature_words(release: str, count: int, properties_: int) -> None:
    found = words(release)
    assert len(found) == count
    assert len(properties(release)) == properties_
    assert len({word["symbol"] for word in found.values()}) == count
    for name, word in found.items():
        limit = 1 << (64 if "msr" in word else 32)
        for key in ("unmigratable", "migratable", "no-autoenable"):
            assert mask(word, word.get(key, ()), release) < limit, name
        assert sum(bits(word, release).values()) < limit, name


@pytest.mark.parametrize("release", RELEASES)
def test_a_feature_stands_in_one_word(release: str) -> None:
    seen: dict[str, str] = {}
    for name, word in words(release).items():
        for feature in bits(word, release):
            assert seen.setdefault(feature, name) == name


@pytest.mark.parametrize(
    ("feature", "word", "bits_"),
    [
        ("kvmclock", "KVM", {0, 3}),
        ("vmx-invept-single-context", "vmx.ept-vpid", {25, 41}),
        ("sse4.1", "1.ECX", {19}),
    ],
)
def test_a_name_may_stand_on_several_bits(feature: str, word: str, bits_: set[int]) -> None:
    assert bits(words("11.1")[word], "11.1")[feature] == sum(1 << bit for bit in bits_)


@pytest.mark.parametrize(("release", "names"), [("7.2", 132), ("11.1", 189)])
def test_every_name_that_qemu_lists(release: str, names: int) -> None:
    found = [model["name"] for model in models(release)]
    for model in defined(release):
        for version in known_versions(model, release):
            found.append(f"{model['name']}-v{version['version']}")
            found += [version["alias"]] if "alias" in version else []
    assert len(found) == len(set(found)) == names


def known_versions(model: dict[str, Any], release: str) -> list[dict[str, Any]]:
    return [v for v in model.get("versions", ()) if knows(v, release)] or [{"version": 1}]


@pytest.mark.parametrize("release", RELEASES)
def test_models_name_features_that_the_release_has(release: str) -> None:
    found = words(release)
    for model in defined(release):
        for name, features in model["features"].items():
            assert mask(found[name], features, release), (model["name"], name)


@pytest.mark.parametrize("release", RELEASES)
def test_versions_count_up_and_set_known_properties(release: str) -> None:
    others = {"model-id", "stepping", "model", "avx10-version", "x-force-cpuid-0x1f"}
    settable = properties(release).keys() | others
    for model in defined(release):
        versions = known_versions(model, release)
        assert [v["version"] for v in versions] == list(range(1, len(versions) + 1))
        assert not versions[0].keys() & {"props", "caches"}
        for version in versions:
            assert version.get("props", {}).keys() <= settable, (model["name"], version["version"])
            for name, value in version.get("props", {}).items():
                assert isinstance(value, bool) == (name not in others - {"x-force-cpuid-0x1f"})


@pytest.mark.parametrize("release", RELEASES)
def test_no_model_sets_the_bits_that_amd_repeats(release: str) -> None:
    """QEMU asserts it (x86_register_cpudef_types): the vendor decides, when a CPU is realized."""
    (word,) = (w for w in words(release).values() if "amd-aliases" in w)
    aliases = int(word["amd-aliases"]["mask"], 16)
    assert word["amd-aliases"]["word"] in words(release)
    for model in defined(release):
        assert not mask(word, model["features"].get(word["word"], ()), release) & aliases


def test_every_cache_description_is_used_and_adds_up() -> None:
    caches = {entry["name"]: entry for entry in read(X86 / "caches.json")["caches"]}
    used: set[str | None] = {None, "legacy-intel", "legacy-amd", "legacy-intel-cpuid2"}
    for model in defined("11.1"):
        for holder in (model, *known_versions(model, "11.1")):
            entry = holder.get("caches")
            used.add(entry["value"] if isinstance(entry, dict) else entry)
    assert used == {None, *caches}
    for name, entry in caches.items():
        for level in entry.keys() & {"l1d", "l1i", "l2", "l3"}:
            cache_ = entry[level]
            product = cache_["line-size"] * cache_["associativity"]
            assert cache_["size"] == product * cache_["partitions"] * cache_["sets"], (name, level)
            assert cache_["level"] == int(level[1]), (name, level)


@pytest.mark.parametrize(("release", "count"), [("7.2", 24), ("11.1", 39)])
def test_dependencies_lie_within_one_word(release: str, count: int) -> None:
    content = read(X86 / "dependencies.json")
    place = properties(release)
    entries = [entry for entry in content["dependencies"] if knows(entry, release)]
    assert len(entries) == count
    for entry in entries:
        assert len({place[name] for name in entry["from"]}) == 1
        if isinstance(entry["to"], dict):
            assert entry["to"]["word"] in words(release)
        else:
            assert len({place[name] for name in entry["to"]}) == 1
    for entry in (*content["conflicts"], *content["avx10-versions"]):
        if knows(entry, release):
            for feature in entry["features"]:
                assert (feature["name"] if isinstance(feature, dict) else feature) in place


@pytest.mark.parametrize(
    ("release", "user", "supervisor"), [("7.2", 0x602FF, 0x8000), ("11.1", 0xE02FF, 0x9800)]
)
def test_xsave_components(release: str, user: int, supervisor: int) -> None:
    masks = {"user": 0, "supervisor": 0}
    for area in read(X86 / "xsave.json")["areas"]:
        if knows(area, release):
            masks[area["state"]] |= 1 << area["component"]
            for name in known(area["features"], release):
                assert name in properties(release)
    assert masks == {"user": user, "supervisor": supervisor}


@pytest.mark.parametrize("release", RELEASES)
def test_levels_and_aliases_name_what_the_release_has(release: str) -> None:
    levels = read(X86 / "levels.json")
    for word in known(levels["words"], release):
        assert "cpuid" in words(release)[word]
    for entry in levels["features"]:
        if knows(entry, release):
            assert entry["feature"] in properties(release).keys() | words(release).keys()
    pairs = read(X86 / "aliases.json")["aliases"]
    assert len({alias for alias, _ in pairs}) == len(pairs)
    for alias, _ in pairs:
        assert alias not in properties(release)


@pytest.mark.parametrize(
    ("release", "word", "supported"),
    [
        ("7.2", "1.EDX", 0x0FCBFBFD),
        ("11.1", "1.EDX", 0x1FCBFBFD),
        ("7.2", "80000001.EDX", 0xEDD3FBFD),
        ("11.1", "80000001.EDX", 0xEDD3FBFD),
        ("7.2", "XSAVE.XCR0.LO", 0xFFFFFFFF),
        ("11.1", "XSAVE.XCR0.LO", 0x21F),
        ("7.2", "arch-capabilities", 0),
        ("11.1", "arch-capabilities", 0xFFFFFFFF),
    ],
)
def test_what_tcg_supports(release: str, word: str, supported: int) -> None:
    features = read(ACCEL / "tcg.json")["features"]
    assert mask(words(release)[word], features.get(word, ()), release) == supported


@pytest.mark.parametrize("release", RELEASES)
def test_tcg_names_features_that_the_release_has(release: str) -> None:
    for name, features in read(ACCEL / "tcg.json")["features"].items():
        if name in words(release):
            mask(words(release)[name], features, release)


ORACLE = ROOT.parent / "shared/oracle/cpu"


@pytest.mark.parametrize(("release", "folder"), [("7.2", "qemu-7.2.22"), ("11.1", "qemu-11.1.3")])
def test_feature_properties_are_those_of_the_live_qemu(release: str, folder: str) -> None:
    recording = ORACLE / folder / "cpu-properties.json"
    if not recording.exists():
        pytest.skip("no recordings beside the checkout")
    content = read(recording)
    listed = content["lists"][content["types"]["qemu64-x86_64-cpu"]["qom-list-properties"]]
    names = {entry["name"] for entry in listed if entry["type"] == "bool"}
    assert properties(release).keys() <= names
