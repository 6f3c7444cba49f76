"""Bytes and error of three signals; who decodes has never met the one who encodes."""

import json
import math
import random

LENGTH = 256
with open("codec.py") as file:
    CODE = compile(file.read(), "codec.py", "exec")


def signal(seed):
    random.seed(seed)
    pitch, drift, value, made = 0.02 + 0.02 * seed, 0.0, 0.0, []
    for at in range(LENGTH):
        drift += random.gauss(0, 0.4)
        jump = 14 if (at // 50) % 2 else 0
        value = 12 * math.sin(pitch * at) + 4 * math.sin(7.3 * pitch * at) + drift + jump
        made.append(value + random.gauss(0, 0.3))
    return made


size = 0
square = 0.0
for seed in (1, 2, 3):
    sender, receiver = {}, {}
    exec(CODE, sender)
    exec(CODE, receiver)
    given = signal(seed)
    code = bytes(sender["encode"](list(given)))
    size += len(code)
    heard = [float(value) for value in receiver["decode"](code, LENGTH)]
    if len(heard) != LENGTH:
        raise SystemExit(f"{len(heard)} values instead of {LENGTH}")
    square += sum((a - b) ** 2 for a, b in zip(given, heard))
error = math.sqrt(square / 3 / LENGTH)
print(json.dumps({"bytes": size, "error": round(error, 9)}))
