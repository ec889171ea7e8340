"""Flat key=value options against QAPI types, and the order in which QEMU finds what is left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyqom import release as releases
from pyqom.errors import PyqomError
from pyqom.monitor import qapi
from pyqom.monitor.qapi_order import first_left
from pyqom.types.hashtable import HashTable, string_hash
from pyqom.types.keyval import parse_opts

ERRORS = json.loads(
    (Path(__file__).parents[1] / "data/qmp/options-errors.json").read_text(encoding="utf-8")
)
RELEASES = [release.name for release in releases.releases()]
TYPES = {
    "-object": ("ObjectOptions", "qom-type"),
    "-netdev": ("Netdev", "type"),
    "-numa": ("NumaOptions", "type"),
}


def options(option: str, text: str, release: str | None = None) -> dict[str, Any]:
    kind, implied = TYPES[option]
    return qapi.schema(releases.get(release)).check_options(kind, parse_opts(text, implied))


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(("option", "text", "want"), ERRORS)
def test_refused(option: str, text: str, want: str | None, release: str) -> None:
    if want is None:
        assert options(option, text, release)
        return
    with pytest.raises(PyqomError) as caught:
        options(option, text, release)
    assert str(caught.value) == want


@pytest.mark.parametrize(
    ("option", "text", "want"),
    [
        (
            "-object",
            "memory-backend-ram,id=m,size=1.5G,share,prealloc=off,host-nodes=0-2,host-nodes=7",
            {
                "qom-type": "memory-backend-ram",
                "id": "m",
                "host-nodes": [0, 1, 2, 7],
                "prealloc": False,
                "share": True,
                "size": 3 << 29,
            },
        ),
        ("-object", "iothread,id=a,id=b", {"qom-type": "iothread", "id": "b"}),
        (
            "-numa",
            "node,nodeid=0x1,cpus=0-1,cpus=8",
            {"type": "node", "nodeid": 1, "cpus": [0, 1, 8]},
        ),
        ("-numa", "cpu,node-id=-1", {"type": "cpu", "node-id": -1}),
        (
            "-netdev",
            "user,id=n,hostfwd=tcp::1-:2,hostfwd=b,ipv6=n",
            {
                "id": "n",
                "type": "user",
                "ipv6": False,
                "hostfwd": [{"str": "tcp::1-:2"}, {"str": "b"}],
            },
        ),
    ],
)
def test_values(option: str, text: str, want: dict[str, Any]) -> None:
    assert options(option, text) == want


@pytest.mark.parametrize(
    ("key", "want"), [("", 5381), ("a", 177670), ("ü", 5857828), ("unexpected", 1943924410)]
)
def test_string_hash(key: str, want: int) -> None:
    assert string_hash(key) == want


@given(st.lists(st.text(min_size=1), unique=True, max_size=80), st.data())
def test_hash_table_keeps_what_was_not_removed(keys: list[str], data: st.DataObject) -> None:
    gone = data.draw(st.lists(st.sampled_from(keys), unique=True)) if keys else []
    table = HashTable()
    for key in keys:
        table.add(key)
    for key in gone:
        table.remove(key)
    assert set(table) == set(keys) - set(gone)
    if set(keys) - set(gone):
        assert first_left(keys, gone) in set(keys) - set(gone)
