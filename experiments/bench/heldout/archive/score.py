"""The bytes of a packed table, and the memory that it takes: a block of rows, a window and a hash table."""

import json
import math
import random
import tomllib
import zlib

ROWS, COLUMNS = 1024, 4
STRATEGIES = {"default": 0, "filtered": 1, "huffman": 2, "runs": 3, "fixed": 4}
BLOCKS = (64, 128, 256, 512, 1024)


def table():
    """Temperature, a wheel's counter, a daily wave, and the state of four valves."""
    random.seed(77)
    warm, count, valves, rows = 2000, 0, 0, []
    for at in range(ROWS):
        warm += random.choice((-3, -1, 0, 0, 0, 1, 3))
        count = (count + 37 + random.randrange(3)) % 65536
        wave = round(9000 + 6000 * math.sin(at / 40) + random.gauss(0, 2))
        if random.random() < 0.06:
            valves ^= 1 << random.randrange(4)
        rows.append((warm, count, wave, 256 * valves + valves))
    return rows


def guessed(column, way):
    """What each value differs by from what is guessed of it, modulo 65536."""
    made, one, two = [], 0, 0
    for value in column:
        guess = {"none": 0, "previous": one, "line": 2 * one - two, "last-but-one": two, "xor": 0}[way]
        made.append((value ^ one) if way == "xor" else (value - guess) % 65536)
        one, two = value, one
    return made


def folded(value):
    return 2 * value if value < 32768 else 2 * (65536 - value) - 1


def laid_out(rows, given):
    columns = [guessed(column, given["guess"]) for column in zip(*rows, strict=True)]
    if given["fold_sign"]:
        columns = [[folded(value) for value in column] for column in columns]
    lines = columns if given["layout"] == "columns" else list(zip(*columns, strict=True))
    values = [value for line in lines for value in line]
    low, high = bytes(value % 256 for value in values), bytes(value // 256 for value in values)
    if given["split_bytes"]:
        return low + high
    return bytes(byte for pair in zip(low, high, strict=True) for byte in pair)


def packed(rows, given):
    """The bytes of all blocks, each with its length in front."""
    size, block = 0, given["block"]
    for start in range(0, ROWS, block):
        packer = zlib.compressobj(
            given["level"], zlib.DEFLATED, -given["window"], given["memory"], STRATEGIES[given["strategy"]]
        )
        size += 2 + len(packer.compress(laid_out(rows[start : start + block], given)) + packer.flush())
    return size


def memory(given):
    """As zlib's manual says, and a block of the table beside it."""
    return 2 ** (given["window"] + 2) + 2 ** (given["memory"] + 9) + 2 * 2 * COLUMNS * given["block"]


def check(given):
    whole = {"level": range(1, 10), "window": range(9, 16), "memory": range(1, 10), "block": BLOCKS}
    for name, values in whole.items():
        if type(given[name]) is not int or given[name] not in values:
            raise SystemExit(f"{name} is out of range")
    if given["layout"] not in ("rows", "columns"):
        raise SystemExit("no such layout")


if __name__ == "__main__":
    with open("settings.toml", "rb") as file:
        read = tomllib.load(file)
    settings = {**read["table"], **read["deflate"]}
    check(settings)
    print(json.dumps({"bytes": packed(table(), settings), "memory": memory(settings)}))
