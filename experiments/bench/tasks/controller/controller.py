"""A controller with a feed-forward part and a limit on how fast it may change its mind."""

GAIN = 1.0  # kapso: 0.1..30 log
INTEGRAL = 0.05  # kapso: 0.001..2 log
DERIVATIVE = 0.1  # kapso: 0.001..10 log
SMOOTHING = 0.5  # kapso: 0..0.95
FORWARD = 0.2  # kapso: 0..3
SLEW = 1.0  # kapso: 0.05..5 log


class Controller:
    def __init__(self):
        self.sum = 0.0
        self.before = 0.0
        self.smooth = 0.0
        self.power = 0.0

    def act(self, wanted, measured, step):
        """The heater's power, 0 to 10."""
        error = wanted - measured
        self.smooth = SMOOTHING * self.smooth + (1 - SMOOTHING) * (error - self.before) / step
        self.before = error
        self.sum += error * step
        power = FORWARD * wanted + GAIN * error + INTEGRAL * self.sum + DERIVATIVE * self.smooth
        power = min(max(power, self.power - SLEW), self.power + SLEW)
        self.power = min(max(power, 0.0), 10.0)
        return self.power
