"""LZF: unpacked exactly, or refused."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.inputs.lzf import MAX_EXPANSION, LzfError, lzf_decompress


@pytest.mark.parametrize(
    ("stream", "plain"),
    [
        (b"", b""),
        (b"\x02abc", b"abc"),
        (b"\x00a\x20\x00", b"aaaa"),
        (b"\x01ab\x60\x01", b"abababa"),
        (b"\x00a\xe0\xff\x00", b"a" * 265),
        (b"\x02abc\x20\x02\x00d", b"abcabcd"),
    ],
    ids=["empty", "literals", "overlap-1", "overlap-2", "longest", "mixed"],
)
def test_streams_made_by_hand(stream, plain):
    """Literals, repeats and repeats that overlap their own target unpack as the format says."""
    assert lzf_decompress(stream, len(plain)) == plain


def test_distance_reaches_8192_bytes_back():
    """The five upper bits of a distance count."""
    plain = bytes(range(256)) * 32
    stream = b"".join(b"\x1f" + plain[i : i + 32] for i in range(0, 8192, 32)) + b"\x3f\xff"
    assert lzf_decompress(stream, 8195) == plain + plain[:3]


@given(data=st.one_of(st.binary(max_size=3000), st.lists(st.sampled_from([b"ab", b"abc", b"\0\0\0\0"])).map(b"".join)))
def test_what_is_packed_unpacks_to_itself(lzf_compress, data):
    """A compressor written for the test and the decompressor are inverse, and the bound on expansion holds."""
    packed = lzf_compress(data)
    assert lzf_decompress(packed, len(data)) == data
    assert len(data) <= len(packed) * MAX_EXPANSION


@pytest.mark.parametrize(
    ("stream", "size"),
    [
        (b"\x02ab", 3),
        (b"\x00a\x20", 4),
        (b"\x00a\xe0\x01", 11),
        (b"\x20\x00", 3),
        (b"\x00a\x20\x01", 4),
        (b"\x02abc", 2),
        (b"\x02abc", 4),
        (b"", 1),
    ],
    ids=["cut-literal", "cut-distance", "cut-length", "nothing-behind", "too-far", "too-long", "too-short", "empty"],
)
def test_damaged_streams_are_refused(stream, size):
    """A stream that is cut, points before its start or has another size raises."""
    with pytest.raises(LzfError):
        lzf_decompress(stream, size)


@given(stream=st.binary(max_size=400), size=st.integers(0, 2000))
def test_any_bytes_give_the_stated_size_or_an_error(stream, size):
    """Nothing but LzfError comes out, and never more bytes than stated."""
    with contextlib.suppress(LzfError):
        assert len(lzf_decompress(stream, size)) == size
