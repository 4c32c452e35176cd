"""The volume's tools: what they hand the kernel has the kernel's own layout; a bad configuration is told."""

import ctypes
import hashlib
import hmac
import json
import os
import struct

import pytest

from amanat_host.errors import HostError
from amanat_host.volume import fscrypt, loop, probe_marker, search
from amanat_host.volume import key as keys
from amanat_host.volume.layout import Layout

U8, U32, U64 = ctypes.c_uint8, ctypes.c_uint32, ctypes.c_uint64


class LoopInfo(ctypes.Structure):
    """struct loop_info64 of linux/loop.h."""

    _fields_ = (
        *((name, U64) for name in ("device", "inode", "rdevice", "offset", "sizelimit")),
        *((name, U32) for name in ("number", "encrypt_type", "encrypt_key_size", "flags")),
        *(("file_name", U8 * 64), ("crypt_name", U8 * 64), ("encrypt_key", U8 * 32), ("init", U64 * 2)),
    )


class LoopConfig(ctypes.Structure):
    """struct loop_config of linux/loop.h."""

    _fields_ = (("fd", U32), ("block_size", U32), ("info", LoopInfo), ("reserved", U64 * 8))


class Policy(ctypes.Structure):
    """struct fscrypt_policy_v2 of linux/fscrypt.h."""

    _fields_ = (
        *((name, U8) for name in ("version", "contents", "filenames", "flags", "log2_data_unit_size")),
        *(("reserved", U8 * 3), ("identifier", U8 * 16)),
    )


class AddKey(ctypes.Structure):
    """struct fscrypt_add_key_arg of linux/fscrypt.h, without the key behind it."""

    _fields_ = (
        *(("type", U32), ("reserved1", U32), ("identifier", U8 * 32)),
        *(("raw_size", U32), ("key_id", U32), ("reserved2", U32 * 8)),
    )


class KeyStatus(ctypes.Structure):
    """struct fscrypt_get_key_status_arg of linux/fscrypt.h."""

    _fields_ = (
        *(("type", U32), ("reserved1", U32), ("identifier", U8 * 32), ("in", U32 * 6)),
        *(("status", U32), ("flags", U32), ("users", U32), ("out", U32 * 13)),
    )


def ioctl_number(direction, kind, number, size):
    """_IOC of asm-generic/ioctl.h."""
    return direction << 30 | size << 16 | ord(kind) << 8 | number


@pytest.fixture
def kernel(monkeypatch):
    """Requests that were made of the kernel; none reaches it."""
    asked = []

    def ioctl(descriptor, request, argument=0):
        asked.append((request, bytes(argument)))
        return 0

    monkeypatch.setattr("fcntl.ioctl", ioctl)
    return asked


def test_what_attaches_a_loop_device_is_packed_as_the_kernel_reads_it():
    assert (loop._INFO.size, loop._CONFIGURATION.size) == (232, 304)
    assert (ctypes.sizeof(LoopInfo), ctypes.sizeof(LoopConfig)) == (232, 304)
    info = loop._INFO.pack(0, 0, 0, 0, 0, 0, 0, 0, loop._AUTOCLEAR | loop._DIRECT_IO, b"/x", b"", b"", 0, 0)
    seen = LoopConfig.from_buffer_copy(loop._CONFIGURATION.pack(7, 0, info, *[0] * 8))
    assert (seen.fd, seen.info.flags, bytes(seen.info.file_name).rstrip(b"\0")) == (7, 4 | 16, b"/x")


@pytest.mark.parametrize(("major", "minor"), [(8, 1), (259, 3), (253, 300)])
def test_device_numbers_are_encoded_as_the_kernel_does(major, minor):
    found = loop._encoded(os.makedev(major, minor))
    assert found == (minor & 0xFF) | (major << 8) | ((minor & ~0xFF) << 12)
    assert found.bit_length() <= 32


def test_a_key_is_handed_over_as_the_kernel_reads_it(kernel, tmp_path):
    key = bytes(range(32))
    fscrypt.add_key(tmp_path, key)
    ((request, given),) = kernel
    assert request == ioctl_number(3, "f", 23, ctypes.sizeof(AddKey))
    seen = AddKey.from_buffer_copy(given)
    assert (seen.type, seen.raw_size, seen.key_id) == (2, 32, 0)
    assert given[ctypes.sizeof(AddKey) :] == key


def test_a_policy_is_aes_256_named_by_its_key(kernel, tmp_path):
    fscrypt.set_policy(tmp_path, "ab" * 16)
    ((request, given),) = kernel
    assert request == ioctl_number(2, "f", 19, 12)  # the kernel's number has the size of version 1
    seen = Policy.from_buffer_copy(given)
    assert len(given) == ctypes.sizeof(Policy) == 24
    assert (seen.version, seen.contents, seen.filenames, seen.flags) == (2, 1, 4, 3)
    assert bytes(seen.identifier) == b"\xab" * 16


def test_a_keys_state_is_read_where_the_kernel_puts_it(monkeypatch, tmp_path):
    def ioctl(descriptor, request, argument):
        assert request == ioctl_number(3, "f", 26, ctypes.sizeof(KeyStatus))
        assert len(argument) == ctypes.sizeof(KeyStatus)
        struct.pack_into("=I", argument, KeyStatus.status.offset, 2)

    monkeypatch.setattr("fcntl.ioctl", ioctl)
    assert fscrypt.key_state(tmp_path, "ab" * 16) == "present"


def test_a_key_has_the_name_that_the_kernel_derives():
    """HKDF-SHA512 of RFC 5869 with fscrypt's context 1 (fs/crypto/hkdf.c), computed the long way."""
    key = bytes(range(32))
    extracted = hmac.new(b"\0" * 64, key, hashlib.sha512).digest()
    expanded = hmac.new(extracted, b"fscrypt\0" + b"\x01" + b"\x01", hashlib.sha512).digest()
    name = fscrypt.identifier(key)
    assert name == expanded[:16].hex()
    assert name != fscrypt.identifier(key[::-1])


GOOD = {
    "method": "luks",
    "backing": "/b",
    "mount": "/m",
    "encrypted_dir": "/m/v",
    "key": "/k",
    "bound": "/j",
    "tang_url": "",
    "size_gib": 4,
}


@pytest.mark.parametrize(
    "content", [None, "", "[]", "{", json.dumps({**GOOD, "size_gib": "many"}), '{"method": 1}']
)
def test_a_layout_that_ansible_did_not_write_is_told(tmp_path, content):
    path = tmp_path / "volume.json"
    if content is not None:
        path.write_text(content, "utf-8")
    with pytest.raises(HostError, match="configuration can't be read"):
        Layout.load(path)


@pytest.mark.parametrize(("size", "fits"), [(32, True), (31, False), (33, False), (0, False)])
def test_a_key_of_another_length_is_refused(tmp_path, size, fits):
    (tmp_path / "key").write_bytes(b"k" * size)
    (tmp_path / "volume.json").write_text(json.dumps({**GOOD, "key": str(tmp_path / "key")}), "utf-8")
    layout = Layout.load(tmp_path / "volume.json")
    if fits:
        assert keys.read(layout) == b"k" * 32
    else:
        with pytest.raises(HostError, match=f"has {size} bytes, not 32"):
            keys.read(layout)


@pytest.mark.parametrize("chunk", [1, 7, 16, 64])
def test_a_marker_is_counted_once_though_it_lies_across_reads(tmp_path, monkeypatch, chunk):
    monkeypatch.setattr(search, "CHUNK", chunk)
    markers = (b"MARKER-1", b"a-longer-marker-2", b"nowhere-to-be-found")
    for start in range(40):
        path = tmp_path / str(start)
        path.write_bytes(b"." * start + b"MARKER-1" + b"." * 9 + b"a-longer-marker-2")
        counted = search.Search(markers)
        search.in_file(path, counted)
        assert list(counted.found.values()) == [1, 1, 0]
        assert counted.searched_bytes == start + 34
    assert search.Search([b"+98912", b"+98935"])._common == b"+989"
    counted = search.Search(markers)
    files, where = search.in_files(tmp_path.rglob("*"), counted)
    assert (files, list(counted.found.values())) == (40, [40, 40, 0])
    assert [len(names) for names in where.values()] == [40, 40, 0]


def test_a_marker_is_not_made_of_the_ends_of_two_files(tmp_path):
    counted = search.Search([b"MARKER-1"])
    for name, content in (("a", b"...MARK"), ("b", b"ER-1...")):
        (tmp_path / name).write_bytes(content)
        search.in_file(tmp_path / name, counted)
    assert counted.found == {b"MARKER-1": 0}


def test_a_sparse_image_is_searched_only_where_it_was_written(tmp_path):
    path = tmp_path / "image"
    with path.open("wb") as image:
        image.seek(1 << 24)
        image.write(b"MARKER-1" * 512)
        image.truncate(1 << 25)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        stretches = list(probe_marker.extents(descriptor, 1 << 25))
    finally:
        os.close(descriptor)
    assert sum(end - start for start, end in stretches) < 1 << 20
    assert any(start <= 1 << 24 < end for start, end in stretches)
