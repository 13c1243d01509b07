"""Decompression of LZF, the byte-oriented Lempel-Ziv code inside `binary_compressed` PCD files.

The stream is a chain of runs. A control byte below 32 announces that many literal bytes plus one. Any other holds a
length in its upper 3 bits (7 means: add the next byte) and a distance in its lower 5 bits and the byte after; then
length + 2 bytes are repeated from distance + 1 bytes back, where source and target may overlap. The format is that of
Marc Lehmann's LibLZF.
"""

MAX_EXPANSION = 264 // 3  # the longest repeat, 7 + 255 + 2 bytes, takes 3 bytes to say


class LzfError(ValueError):
    """The bytes are no LZF stream of the stated size."""


def lzf_decompress(data: bytes, size: int) -> bytearray:
    """Unpack an LZF stream into exactly `size` bytes.

    Raises:
        LzfError: the stream is cut, refers to what lies before its start, or unpacks to another size.
    """
    unpacked = bytearray()
    length_unpacked = 0
    position, end = 0, len(data)
    try:
        while position < end:
            control = data[position]
            position += 1
            if control < 32:
                length = control + 1
                unpacked += data[position : position + length]
                position += length
            else:
                length = (control >> 5) + 2
                if length == 9:
                    length += data[position]
                    position += 1
                start = length_unpacked - ((control & 31) << 8) - data[position] - 1
                position += 1
                if start < 0:
                    raise LzfError("a repeat refers to bytes before the start")
                # A repeat that overlaps its own target is a pattern, repeated.
                pattern = unpacked[start : start + length]
                unpacked += pattern if len(pattern) == length else (pattern * (length // len(pattern) + 1))[:length]
            length_unpacked += length
            if length_unpacked > size:
                raise LzfError("it unpacks to more bytes than stated")
    except IndexError:
        raise LzfError("it ends in the middle of a run") from None
    # A literal run cut short leaves fewer bytes than it announced.
    if position > end or length_unpacked != size:
        raise LzfError("it unpacks to fewer bytes than stated")
    return unpacked
