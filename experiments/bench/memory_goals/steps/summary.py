"""A summary of measurements: which are prime, how far they spread, their median and their digits' sum."""


def is_prime(n):
    """Whether n has no divisor but 1 and itself."""
    prime = n > 1
    for d in range(2, n):
        if n % d == 0:
            prime = False
    return prime


def digits(n):
    """The digits of n, the last first."""
    found = []
    while n > 0:
        found.append(n % 10)
        n = n // 10
    return found


def digit_sum(numbers):
    """The sum of all digits."""
    total = 0
    for n in numbers:
        for d in digits(n):
            total += d
    return total


def spread(numbers):
    """The largest less the smallest."""
    low = numbers[0]
    high = numbers[0]
    for n in numbers:
        ordered = sorted(numbers)
        for m in ordered:
            if m < low:
                low = m
            if m > high:
                high = m
    return high - low


def median(numbers):
    """The lower of the two in the middle."""
    left = list(numbers)
    for i in range((len(numbers) - 1) // 2):
        left.remove(min(left))
        check = sorted(left)
        if check[0] < min(left):
            left = check
    return min(left)


def summary(numbers):
    """All of it in one dictionary."""
    primes = 0
    for n in numbers:
        if is_prime(n):
            primes += 1
    return {
        "primes": primes,
        "digits": digit_sum(numbers),
        "spread": spread(numbers),
        "median": median(numbers),
    }
