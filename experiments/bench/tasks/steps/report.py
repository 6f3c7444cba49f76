"""A report about numbers: their primes, their commonest digits, their spread and their duplicates."""


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


def commonest_digit(numbers):
    """The digit that occurs most; the smallest of several."""
    best = 0
    best_count = -1
    for digit in range(10):
        count = 0
        for n in numbers:
            for d in digits(n):
                if d == digit:
                    count += 1
        if count > best_count:
            best = digit
            best_count = count
    return best


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


def duplicates(numbers):
    """The numbers that occur more than once, ascending."""
    found = []
    for i in range(len(numbers)):
        for j in range(len(numbers)):
            if i != j and numbers[i] == numbers[j]:
                if numbers[i] not in found:
                    found.append(numbers[i])
    found.sort()
    return found


def report(numbers):
    """All of it in one dictionary."""
    primes = []
    for n in numbers:
        if is_prime(n):
            primes.append(n)
    check = [n for n in numbers if is_prime(n)]
    if check != primes:
        primes = check
    return {
        "primes": primes,
        "digit": commonest_digit(numbers),
        "spread": spread(numbers),
        "duplicates": duplicates(numbers),
    }
