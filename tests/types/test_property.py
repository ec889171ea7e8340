"""Property kinds: defaults, checks, texts, the realize rule and introspection."""

from __future__ import annotations

import pytest

from pyqom import errors
from pyqom.types import (
    Bit,
    Bool,
    Computed,
    Enum,
    Int,
    Int8,
    Int16,
    Int32,
    Int64,
    Number,
    Object,
    OnOffAuto,
    OnOffAutoBit,
    Registry,
    Size,
    Size32,
    Str,
    String,
    UInt8,
    UInt16,
    UInt32,
    UInt64,
    attribute_of,
    name_of,
)

TYPES = Registry()
TOP = (1 << 64) - 1


class Device(Object, typename="dev", registry=TYPES):
    words = 0
    on_bits = auto_bits = 0
    id = None

    bit_word = UInt32(0b100)
    flag = Bool(default=True)
    i8 = Int8(-1)
    i16 = Int16(0)
    i32 = Int32(0)
    i64 = Int64(0)
    plain_int = Int(0, qdev=False)
    u8 = UInt8(7, description="a byte")
    u16 = UInt16(0)
    u32 = UInt32(3)
    u64 = UInt64(0)
    masked = UInt64(0, mask=0xF0)
    memory = Size(1 << 20)
    block = Size32(512)
    ratio = Number(0.5)
    serial = Str()
    note = String()
    policy = Enum(("default", "preferred", "bind"), "HostMemPolicy")
    ats = OnOffAuto()
    vmx = Bit("words", 3)
    pair = Bit("words", mask=0b11)
    in_slot = Bit("bit_word", 2)
    lro = OnOffAutoBit("on_bits", "auto_bits", 5)
    late = UInt32(0, after_realize=True)
    three_d_now = Bool(False, name="3dnow")
    secret = Str(readable=False)
    status = Str("ok", writable=False)
    twice = Computed("uint32", lambda obj: obj.u32 * 2, lambda obj, v: setattr(obj, "u32", v // 2))


def error_of(function, *args):
    with pytest.raises(errors.PyqomError) as caught:
        function(*args)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "type_", "default", "description", "shown"),
    [
        ("flag", "bool", True, "on/off", True),
        ("i8", "int8", -1, None, True),
        ("i16", "int16", 0, None, True),
        ("i32", "int32", 0, None, True),
        ("i64", "int64", 0, None, True),
        ("plain-int", "int", 0, None, True),
        ("u8", "uint8", 7, "a byte", True),
        ("u16", "uint16", 0, None, True),
        ("u32", "uint32", 3, None, True),
        ("u64", "uint64", 0, None, True),
        ("memory", "size", 1 << 20, None, True),
        ("block", "size", 512, None, True),
        ("ratio", "number", 0.5, None, True),
        ("serial", "str", None, None, False),
        ("note", "string", None, None, False),
        ("policy", "HostMemPolicy", "default", None, False),
        ("ats", "OnOffAuto", "auto", "on/off/auto", False),
        ("vmx", "bool", False, "on/off", False),
        ("lro", "OnOffAuto", "auto", "on/off/auto", False),
        ("3dnow", "bool", False, "on/off", True),
        ("twice", "uint32", None, None, False),
    ],
)
def test_introspection_without_instance(name, type_, default, description, shown):
    prop = Device.find(name)
    assert prop.type == type_
    assert prop.description == description
    assert prop.has_default is shown
    if shown:
        assert prop.default == default
    if prop.slot and name not in ("vmx", "twice"):
        assert prop.default_of(Device) == default


@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [
        ("flag", False, False),
        ("i8", -128, -128),
        ("i16", 32767, 32767),
        ("i32", -(1 << 31), -(1 << 31)),
        ("i64", (1 << 63) - 1, (1 << 63) - 1),
        ("plain-int", -5, -5),
        ("u8", 255, 255),
        ("u16", 65535, 65535),
        ("u32", (1 << 32) - 1, (1 << 32) - 1),
        ("u64", -1, TOP),
        ("masked", 0x30, 0x30),
        ("memory", TOP, TOP),
        ("ratio", 2, 2.0),
        ("serial", "", ""),
        ("policy", "bind", "bind"),
        ("ats", "on", "on"),
        ("vmx", True, True),
        ("lro", "on", "on"),
        ("lro", "off", "off"),
        ("late", 9, 9),
        ("twice", 10, 10),
    ],
)
def test_set_and_get(name, value, stored):
    device = Device()
    device.set(name, value)
    assert device.get(name) == stored
    assert Device().get(name) != stored or name in ("lro", "serial")


RANGE = [
    *(("i8", bad, "int8_t") for bad in (128, -129)),
    *(("i16", bad, "int16_t") for bad in (32768, -32769)),
    *(("i32", bad, "int32_t") for bad in (1 << 31, -(1 << 31) - 1)),
    *(("u8", bad, "uint8_t") for bad in (256, -1)),
    *(("u16", bad, "uint16_t") for bad in (65536, -1)),
    *(("u32", bad, "uint32_t") for bad in (1 << 32, -1, 1 << 63)),
]


@pytest.mark.parametrize(("name", "value", "c_type"), RANGE)
def test_out_of_range_has_the_plain_name(name, value, c_type):
    text = f"Parameter '{name}' expects {c_type}"
    assert error_of(Device().set, name, value, f"model.props.{name}") == text
    assert error_of(Device().parse, name, str(value)) == text


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("flag", 1, "Invalid parameter type for 'props.flag', expected: boolean"),
        ("vmx", "on", "Invalid parameter type for 'props.vmx', expected: boolean"),
        ("i32", "1", "Invalid parameter type for 'props.i32', expected: integer"),
        ("plain-int", 1.0, "Invalid parameter type for 'props.plain-int', expected: integer"),
        ("u32", "1", "Parameter 'props.u32' expects uint64"),
        ("u32", True, "Parameter 'props.u32' expects uint64"),
        ("memory", "1M", "Parameter 'props.memory' expects uint64"),
        ("serial", 3, "Invalid parameter type for 'props.serial', expected: string"),
        ("policy", 3, "Invalid parameter type for 'props.policy', expected: string"),
        ("policy", "x", "Parameter 'policy' does not accept value 'x'"),
        ("ats", "maybe", "Parameter 'ats' does not accept value 'maybe'"),
        ("masked", 0x1F, "Property value for 'masked' has bits outside mask '0xf0'"),
        (
            "block",
            1 << 32,
            "Property dev.block doesn't take value 4294967296 (maximum: 4294967295)",
        ),
        ("twice", 1 << 32, "Parameter 'twice' expects uint32_t"),
        ("nosuch", 1, "Property 'dev.nosuch' not found"),
        ("status", "x", "Property 'dev.status' is not writable"),
        ("type", "x", "Property 'dev.type' is not writable"),
    ],
)
def test_wrong_values(name, value, text):
    assert error_of(Device().set, name, value, f"props.{name}") == text


@pytest.mark.parametrize(
    ("name", "text", "stored"),
    [
        ("flag", "no", False),
        ("i8", "-0x10", -16),
        ("u32", "010", 8),
        ("u64", "-1", TOP),
        ("memory", "1.5k", 1536),
        ("ratio", "1e2", 100.0),
        ("serial", "0x10", "0x10"),
        ("policy", "bind", "bind"),
        ("ats", "off", "off"),
        ("vmx", "y", True),
        ("twice", "4", 4),
    ],
)
def test_parse(name, text, stored):
    device = Device()
    device.parse(name, text)
    assert device.get(name) == stored
    other = Device()
    other.set_keyval(name, text)
    assert other.get(name) == stored


def test_each_visitor_has_its_own_words():
    device = Device()
    assert error_of(device.parse, "i32", "x") == "Parameter 'i32' expects int64"
    assert error_of(device.set_keyval, "i32", "x") == "Parameter 'i32' expects integer"
    assert error_of(device.set_keyval, "memory", "x") == "Parameter 'memory' expects size"
    assert error_of(device.set_keyval, "flag", "x") == "Parameter 'flag' expects 'on' or 'off'"


def test_attribute_access():
    device = Device(u8=5)
    device.u32 = 17
    assert (device.u8, device.u32, device.twice) == (5, 17, 34)
    with pytest.raises(errors.InvalidParameterValue, match=r"^Parameter 'u32' expects uint32_t$"):
        device.u32 = 1 << 32
    with pytest.raises(errors.PropertyNotWritable):
        device.status = "x"
    with pytest.raises(errors.PropertyNotReadable, match=r"'dev.secret' is not readable"):
        device.get("secret")
    assert not hasattr(device, "secret")
    device._status = "owner"
    assert device.get("status") == "owner"
    with pytest.raises(errors.PropertyNotFound):
        Device(nosuch=1)


def test_unset_text_is_none_inside_and_empty_outside():
    assert Device().serial is None
    assert Device().get("serial") == ""


def test_bits_share_a_word():
    device = Device(vmx=True)
    assert device.words == 0b1000
    device.pair = True
    assert device.words == 0b1011
    device.words &= ~1
    assert device.pair is False
    assert device.in_slot is True
    device.in_slot = False
    assert device.get("bit-word") == 0
    assert Device.words == 0


def test_defaults_are_overridden_in_the_body():
    class Child(Device, typename="dev-child"):
        u32 = 44
        vmx = True
        in_slot = False
        ats = "off"
        lro = "on"

    class Grandchild(Child, typename="dev-grandchild"):
        pass

    child = Grandchild()
    assert (child.u32, child.vmx, child.bit_word, child.ats, child.lro) == (
        44, True, 0, "off", "on",
    )  # fmt: skip
    assert (Device().u32, Device().vmx, Device().bit_word, Device().lro) == (3, False, 4, "auto")
    assert Child.find("u32").default_of(Child) == 44
    assert Child.find("u32") is Device.find("u32")
    assert Grandchild.properties() is Child.properties() is Device.properties()


def test_a_wrong_default_is_refused():
    with pytest.raises(errors.InvalidParameterValue):

        class Wrong(Device, typename="dev-wrong"):
            u8 = 256

    assert "dev-wrong" not in TYPES


def test_set_after_realize():
    device = Device()
    device._realized = True
    late = "Attempt to set property 'u8' on anonymous device (type 'dev') after it was realized"
    for value in (1, "x", 256):
        assert error_of(device.set, "u8", value) == late
    assert error_of(device.parse, "u8", "x") == late
    for name, value in (("flag", True), ("vmx", True), ("serial", ""), ("twice", 2)):
        with pytest.raises(errors.SetAfterRealize):
            device.set(name, value)
    device.set("late", 3)
    device.id = "d0"
    assert error_of(setattr, device, "u8", 1) == late.replace("anonymous device", "device 'd0'")


@pytest.mark.parametrize(
    ("name", "attr"),
    [
        ("min-level", "min_level"),
        ("sse4.1", "sse4_1"),
        ("3dnow", "_3dnow"),
        ("x", "x"),
        ("global", "_global"),
    ],
)
def test_attribute_rule(name, attr):
    assert attribute_of(name) == attr
    assert attr.isidentifier()


def test_name_rule():
    assert name_of("min_level") == "min-level"
    assert Device.find("bit-word").attr == "bit_word"


def test_print():
    device = Device(u32=255, serial="s")
    assert device.print("u32") == "255"
    assert device.print("u32", human=True) == "255 (0xff)"
    assert device.print("flag") == "true"
    assert device.print("memory", human=True) == "1048576 (1 MiB)"
    assert device.print("serial", human=True) == '"s"'
    assert device.print("ats") == "auto"
    assert device.print("ratio") == "0.5"
    assert device.print("note") == ""
    assert device.print("twice") == "510"
