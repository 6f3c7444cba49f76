"""Judges the predictions against the labels and trusts nothing about them; only the standard library.

python3 score.py                     the cross-validated predictions of the training rows
python3 score.py --split holdout     the predictions of the rows whose labels no attempt can see
"""

import csv
import json
import math
import os
import sys

CLASSES = 10
MAX_BYTES = 2_000_000
SMALLEST_PROBABILITY = 1e-12
LABELS = {"train": "data/train.csv", "holdout": "answers/holdout.csv"}


class Unacceptable(Exception):
    """The predictions cannot be scored; the message says why, for whoever improves the model."""


def read_labels(split):
    with open(LABELS[split], newline="") as file:
        return [int(row[-1]) for row in csv.reader(file)]


def read_predictions(name, count):
    """`count` rows of ten probabilities that sum to one."""
    try:
        with open(os.path.join(os.environ["KAPSO_OUT"], name), "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Unacceptable(f"{name} cannot be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise Unacceptable(f"{name} is larger than {MAX_BYTES} bytes")
    lines = data.decode("ascii", "replace").splitlines()
    if len(lines) != count:
        raise Unacceptable(f"{name} holds {len(lines)} rows instead of {count}")
    return [probabilities(f"{name}:{number}", line) for number, line in enumerate(lines, 1)]


def probabilities(place, line):
    try:
        row = [float(cell) for cell in line.split(",")]
    except ValueError as error:
        raise Unacceptable(f"{place} holds something that is no number") from error
    if len(row) != CLASSES:
        raise Unacceptable(f"{place} holds {len(row)} probabilities instead of {CLASSES}")
    # Written so that NaN fails too.
    if not (all(0 <= value <= 1 for value in row) and abs(math.fsum(row) - 1) < 1e-6):
        raise Unacceptable(f"{place} holds no probabilities that sum to one")
    return row


def score(labels, predictions):
    """Mean log loss, accuracy, and which digits are mistaken for which most often."""
    losses, mistakes = [], {}
    for label, row in zip(labels, predictions, strict=True):
        losses.append(-math.log(max(row[label], SMALLEST_PROBABILITY)))
        guess = row.index(max(row))
        if guess != label:
            mistakes[label, guess] = mistakes.get((label, guess), 0) + 1
    wrong = sum(mistakes.values())
    worst = sorted(mistakes.items(), key=lambda item: (-item[1], item[0]))[:3]
    feedback = f"{wrong} of {len(labels)} wrong"
    if worst:
        feedback += "; most often " + ", ".join(f"{a} taken for {b} ({n}x)" for (a, b), n in worst)
    return {
        "log_loss": math.fsum(losses) / len(losses),
        "accuracy": 1 - wrong / len(labels),
        "feedback": feedback,
    }


def main():
    split = "holdout" if sys.argv[1:] == ["--split", "holdout"] else "train"
    labels = read_labels(split)
    try:
        print(json.dumps(score(labels, read_predictions(f"{split}.csv", len(labels)))))
    except Unacceptable as reason:
        print(json.dumps({"feedback": str(reason)}))


if __name__ == "__main__":
    main()
