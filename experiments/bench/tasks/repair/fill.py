"""Fills paragraphs: greedy lines, and blanks spread over a line so that both margins are straight."""


def lines_of(words, width):
    """Words in lines of at most `width` characters; a longer word has a line to itself."""
    lines = []
    line = []
    length = 0
    for word in words:
        if line and length + 1 + len(word) >= width:
            line = []
            lines.append(line)
            length = 0
        length += len(word) + (1 if line else 0)
        line.append(word)
    if line:
        lines.append(line)
    return lines


def justify(line, width):
    """One line with its blanks spread evenly, the wider gaps on the left."""
    if len(line) == 1:
        return line[0]
    gaps = len(line) - 1
    blanks = width - sum(len(word) for word in line)
    narrow = blanks // gaps
    wider = blanks % gaps
    parts = []
    for number, word in enumerate(line):
        parts.append(word)
        if number < gaps:
            parts.append(" " * narrow)
        if number < wider:
            parts.append(" ")
    return "".join(parts)


def fill(text, width):
    """The paragraph with straight margins; its last line is left as it falls."""
    lines = lines_of(text.split(), width)
    full = [justify(line, width) for line in lines[:-1]]
    last = [" ".join(line) for line in lines[-1:]]
    return full + last
