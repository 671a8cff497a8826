"""Every kind of damaged file is refused by name, and leaves nothing behind."""

import gzip
import lzma

import pytest

from apical.data import load
from apical.data.sources.cifar_10 import decode_cifar
from apical.data.sources.mnist import decode_idx
from apical.errors import DataError

from .conftest import files_in, real
from .tiny import ONE, RAW, idx, single

GZ, XZ = gzip.compress(RAW["one.bin"], mtime=0), lzma.compress(RAW["one.bin"])


def flipped(raw: bytes, at: int) -> bytes:
    return raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]


@pytest.mark.parametrize(
    ("name", "packed"),
    [("one.bin", RAW["one.bin"]), ("one.bin.gz", GZ), ("one.bin.xz", XZ), ("one.bin.gz", XZ)],
)
def test_any_container_with_the_right_content_will_do(user, name, packed):
    (user / "tiny").mkdir()
    (user / "tiny" / name).write_bytes(packed)
    assert single().read("tiny") == {"one.bin": RAW["one.bin"]}


@pytest.mark.parametrize(
    ("name", "packed", "says"),
    [
        ("one.bin", RAW["one.bin"][:-1], f"expected {ONE.size} bytes of one.bin, found"),
        ("one.bin", RAW["one.bin"] + b"!", "found more"),
        ("one.bin", flipped(RAW["one.bin"], 500), f"md5 {ONE.md5}, found"),
        ("one.bin", b"", "found 0"),
        ("one.bin.gz", GZ[:-20], "found damage"),
        ("one.bin.gz", flipped(GZ, len(GZ) // 2), "found"),
        ("one.bin.gz", gzip.compress(RAW["two.bin"]), f"md5 {ONE.md5}, found"),
        ("one.bin.gz", gzip.compress(bytes(10_000_000)), "found more"),
        ("one.bin.xz", XZ[:-20], "found damage"),
        ("one.bin.xz", flipped(XZ, len(XZ) // 2), "found damage"),
        ("one.bin.xz", b"<html>404</html>", "found 16"),
    ],
)
def test_a_damaged_file_is_named_and_never_passed_over(user, no_network, name, packed, says):
    (user / "tiny").mkdir()
    (user / "tiny" / name).write_bytes(packed)
    with pytest.raises(DataError) as error:
        single("http://mirror/one.bin.gz").read("tiny")
    assert str(user / "tiny" / name) in str(error.value)
    assert says in str(error.value)
    assert "put a good copy there" in str(error.value)
    assert not no_network
    assert files_in(user.parent) == {f"user/tiny/{name}"}


def test_a_missing_file_says_what_where_and_what_to_do(user, cache):
    with pytest.raises(DataError) as error:
        single("http://mirror/one.bin.gz").read("tiny")
    for part in (
        "one.bin",
        str(user / "tiny"),
        str(cache / "tiny"),
        "http://mirror",
        "APICAL_DATA",
    ):
        assert part in str(error.value)
    assert not files_in(cache)


def test_one_damaged_real_file_spoils_the_set(user, cache):
    folder = real("fashion-mnist")
    (user / "fashion-mnist").mkdir()
    for file in folder.glob("*.gz"):
        (user / "fashion-mnist" / file.name).symlink_to(file)
    labels = user / "fashion-mnist" / "t10k-labels-idx1-ubyte.gz"
    good = labels.read_bytes()
    assert load("fashion-mnist").shape == (28, 28)
    labels.unlink()
    with pytest.raises(DataError, match="t10k-labels-idx1-ubyte"):
        load("fashion-mnist")
    labels.write_bytes(good[: len(good) // 2])
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte\.gz"):
        load("fashion-mnist")
    assert not files_in(cache)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (idx(3, 2, 2, magic=b"\0\0\x0d"), "magic 0x000008.., found 0x00000d03"),
        (b"", "magic"),
        (idx(3, 2, 2)[:-1], r"shape \(3, 2, 2\), but 11 bytes"),
        (idx(3, 2, 2) + b"!", r"shape \(3, 2, 2\), but 13 bytes"),
        (idx(3, 2, 2)[:9], "bytes follow"),
    ],
)
def test_idx_with_a_wrong_header_is_refused(raw, says):
    with pytest.raises(DataError, match=says):
        decode_idx(raw, "some-images")


def test_idx_is_read_in_c_order():
    assert decode_idx(idx(3, 2, 2), "images")[1].tolist() == [[4, 5], [6, 7]]


def test_cifar_records_are_whole_and_channels_go_last():
    record = bytes([7]) + bytes([1]) * 1024 + bytes([2]) * 1024 + bytes([3]) * 1023 + bytes([9])
    batch = decode_cifar(record * 2, "batch")
    assert batch.x.shape == (2, 32, 32, 3)
    assert batch.y.tolist() == [7, 7]
    assert batch.x[0, 0, 0].tolist() == [1, 2, 3]
    assert batch.x[1, 31, 31].tolist() == [1, 2, 9]
    with pytest.raises(DataError, match="batch: expected records of 3073"):
        decode_cifar(record[:-1], "batch")
    with pytest.raises(DataError, match="found 10"):
        decode_cifar(bytes([10]) + record[1:], "batch")
