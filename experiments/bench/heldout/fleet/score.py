"""What a purchase costs: the milliseconds that it waits for five services of all, and the price of these."""

import json
import math
import re

CALLS = 240.0  # purchases in a second
SERVICES = {  # calls a purchase, ms for a batch, ms for each call in it, price of a replica, share that hangs
    "gateway": (1.0, 4.0, 0.5, 2.0, 0.002),
    "basket": (1.5, 12.0, 2.5, 5.0, 0.010),
    "pricing": (3.0, 9.0, 1.2, 3.0, 0.005),
    "stock": (3.0, 6.0, 4.0, 4.0, 0.020),
    "payment": (0.8, 60.0, 5.0, 8.0, 0.004),
}
LIMITS = {"replicas": 200, "batch": 256, "timeout_ms": 60000}
FULL, OVERLOADED = 0.97, 400.0
HEAD, LINE = re.compile(r"  (\w+):"), re.compile(r"    (\w+): (.+)")


def read():
    found, service = {}, None
    with open("services.yaml") as file:
        for line in file:
            if head := HEAD.fullmatch(line.rstrip()):
                service = found.setdefault(head[1], {})
            elif service is not None and (match := LINE.fullmatch(line.rstrip())):
                service[match[1]] = match[2]
    chosen = {name: tuple(int(found[name][key]) for key in LIMITS) for name in SERVICES}
    for numbers in chosen.values():
        for number, limit in zip(numbers, LIMITS.values(), strict=True):
            if not 1 <= number <= limit:
                raise SystemExit(f"{number} is out of range")
    return chosen


def latency(each, base, one, replicas, batch):
    """Milliseconds for a call: the batch fills, waits for its replica, and is worked on."""
    work = base + one * batch
    share = each * work / (1000 * batch * replicas)
    fills = 1000 * (batch - 1) / 2 * replicas / each
    if share < FULL:
        return fills + work + work * share / (1 - share) / 2
    return fills + work + work * FULL / (1 - FULL) / 2 + OVERLOADED * (share - FULL)


def cost_of(service, replicas, batch, timeout):
    calls, base, one, price, hangs = SERVICES[service]
    each = CALLS * calls
    late = math.exp(-timeout / latency(each, base, one, replicas, batch))
    taken = latency(each * (1 + late), base, one, replicas, batch)
    return calls * (taken + (late + hangs) * timeout) + price * replicas


if __name__ == "__main__":
    total = sum(cost_of(name, *numbers) for name, numbers in read().items())
    print(json.dumps({"cost": round(total, 9)}))
