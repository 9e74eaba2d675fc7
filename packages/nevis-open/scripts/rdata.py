"""Reads a data frame of numbers and factors from an R data file (`save()`, XDR format, version 2)."""

import lzma
import struct

SYMBOL, PAIRLIST, CHARS, INTEGERS, DOUBLES, STRINGS, LIST = 1, 2, 9, 13, 14, 16, 19
NIL, REFERENCE = 254, 255


class Reader:
    def __init__(self, data):
        self.data = data
        self.at = 0
        self.symbols = []

    def take(self, count):
        start, self.at = self.at, self.at + count
        return self.data[start : self.at]

    def integer(self):
        return struct.unpack(">i", self.take(4))[0]

    def item(self):
        """An object as (value, attributes)."""
        flags = self.integer()
        kind, has_attributes, has_tag = flags & 0xFF, flags & 0x200, flags & 0x400
        if kind == NIL:
            return None, {}
        if kind == REFERENCE:
            return self.symbols[(flags >> 8) - 1], {}
        if kind == SYMBOL:
            self.symbols.append(self.item()[0])
            return self.symbols[-1], {}
        if kind == PAIRLIST:
            pairs = {}
            while kind == PAIRLIST:
                tag = self.item()[0] if has_tag else None
                pairs[tag] = self.item()
                flags = self.integer()
                kind, has_tag = flags & 0xFF, flags & 0x400
            return pairs, {}
        length = self.integer()
        if kind == CHARS:
            value = self.take(length).decode("utf-8") if length >= 0 else None
        elif kind == INTEGERS:
            value = list(struct.unpack(f">{length}i", self.take(4 * length)))
        elif kind == DOUBLES:
            value = list(struct.unpack(f">{length}d", self.take(8 * length)))
        elif kind == STRINGS:
            value = [self.item()[0] for _ in range(length)]
        elif kind == LIST:
            value = [self.item() for _ in range(length)]
        else:
            raise ValueError(f"R object of type {kind} at byte {self.at}: not one that a data frame holds")
        return value, self.item()[0] if has_attributes else {}


def read_data_frame(path, name):
    """The columns of the data frame `name`: lists of numbers, factors as (codes from 1, level names)."""
    data = lzma.decompress(path.read_bytes())
    head = b"RDX2\nX\n"
    if not data.startswith(head):
        raise ValueError(f"{path} is not an R data file in XDR format, version 2")
    reader = Reader(data[len(head) :])
    reader.take(12)  # versions of the format, of the writer, and of the oldest reader
    columns, _ = reader.item()[0][name]
    return [
        (values, attributes["levels"][0]) if "levels" in attributes else values
        for values, attributes in columns
    ]
