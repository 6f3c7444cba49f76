"""How well the steps are found in six walks: F1, a step counting as found within a fifth of a second."""

import json
import math
import random

from pedometer import find_steps

RATE, LENGTH, NEAR = 25, 700, 5
WALKERS = (
    (1.7, 2.6, 0.4),
    (2.1, 4.2, 0.7),
    (1.4, 2.2, 0.3),
    (1.9, 3.2, 0.8),
    (2.4, 5.5, 0.9),
    (1.6, 2.9, 0.5),
)


def walk(seed, pace, strength, noise):
    """Samples and steps: hard heels, a weaker echo of each, a leaning sensor, rests with a shaken hand."""
    random.seed(seed)
    samples = [9.8 + 0.9 * math.sin(at / 90 + seed) + random.gauss(0, noise) for at in range(LENGTH)]
    steps, at = [], 1.0
    while at < LENGTH / RATE - 1:
        if random.random() < 0.06:
            for number in range(int(at * RATE), min(LENGTH, int(at * RATE) + 30)):
                samples[number] += 1.1 * math.sin(number * 2.1)
            at += 1.6
            continue
        steps.append(round(at * RATE))
        force = strength * random.uniform(0.8, 1.2)
        for number in range(max(0, steps[-1] - 6), min(LENGTH, steps[-1] + 12)):
            since = number / RATE - at
            samples[number] += force * math.exp(-((since / 0.06) ** 2))
            samples[number] += 0.45 * force * math.exp(-(((since - 0.22) / 0.05) ** 2))
            samples[number] -= 0.4 * force * math.exp(-(((since - 0.1) / 0.05) ** 2))
        at += random.uniform(0.92, 1.08) / pace
    return samples, steps


def share(found, steps):
    rest, hits = sorted(found), 0
    for step in steps:
        near = [number for number in rest if abs(number - step) <= NEAR]
        if near:
            hits += 1
            rest.remove(min(near, key=lambda number: abs(number - step)))
    return 2 * hits / (len(found) + len(steps))


total = 0.0
for seed, walker in enumerate(WALKERS):
    samples, steps = walk(seed, *walker)
    found = {int(number) for number in find_steps(list(samples))}
    total += share(found, steps)
print(json.dumps({"found": round(total / len(WALKERS), 9)}))
