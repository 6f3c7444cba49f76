"""Finds steps in what an acceleration sensor measured, 25 times a second."""

DRIFT = 0.3  # kapso: 0.003..0.9 log
SMOOTHING = 0.9  # kapso: 0.05..1
THRESHOLD = 0.8  # kapso: 0.1..6 log
RELEASE = 0.3  # kapso: -2..2
PAUSE = 0  # kapso: 0..20 int


def find_steps(samples):
    """The numbers of the samples at which a step is taken."""
    steps = []
    rest = samples[0]
    smooth = 0.0
    last = 0
    armed = True
    for number, sample in enumerate(samples):
        rest += DRIFT * (sample - rest)
        lifted = sample - rest
        smooth += SMOOTHING * (lifted - smooth)
        if smooth > RELEASE:
            armed = True
        if armed and smooth > THRESHOLD and number - last > PAUSE:
            steps.append(number)
            armed = False
        last = number
    return steps
