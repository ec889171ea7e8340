"""The declarations of device types, by their schemas."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import pyqom
from pyqom import schema

DATA = sorted((Path(pyqom.__file__).parent / "devices" / "data").glob("*.json"))


@pytest.mark.parametrize("path", DATA, ids=lambda path: path.stem)
def test_shape(path: Path) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    shape = "device-kinds" if path.stem == "kinds" else "device-types"
    assert schema.shape_of(content, "cpu-models") == shape
    assert schema.faults(content, shape) == []


WRONG = [
    ({"type": "x"}, "types[0]"),
    ({"type": "x", "parent": "device", "colour": "red"}, "types[0].colour"),
    ({"type": "x", "parent": "device", "properties": [{"name": "a"}]}, "types[0].properties[0]"),
    ({"type": "x", "parent": "device", "instance": [{"of": "a"}]}, "types[0].instance[0]"),
    ({"type": "x", "parent": "device", "since": "soon"}, "types[0].since"),
]


@pytest.mark.parametrize(("record", "place"), WRONG)
def test_faults_are_found(record: dict[str, object], place: str) -> None:
    found = schema.faults({"family": "Wrong.", "types": [record]}, "device-types")
    assert [path for path, _ in found] == [place]
