"""Where to sample a signal that is flat, wavy and steep by turns, and what to say between the samples."""

FLAT = 10
WAVES = 10
STEEP = 10
CROWD = 1.0
PULL = 0.5


def places():
    """Times in 0..3, in order; the last third is sampled more closely towards its end."""
    flat = [n / FLAT for n in range(FLAT)]
    waves = [1 + n / WAVES for n in range(WAVES)]
    steep = [2 + (n / STEEP) ** CROWD for n in range(STEEP + 1)]
    return flat + waves + steep


def between(samples, t):
    """The signal at `t` by the two samples around it, pulled towards the mean of their neighbours."""
    at = 0
    while at < len(samples) - 2 and samples[at + 1][0] <= t:
        at += 1
    (t0, y0), (t1, y1) = samples[at], samples[at + 1]
    share = (t - t0) / (t1 - t0)
    straight = y0 + share * (y1 - y0)
    before = samples[max(0, at - 1)][1]
    after = samples[min(len(samples) - 1, at + 2)][1]
    outside = (before + after) / 2
    return straight + PULL * share * (1 - share) * (outside - straight)
