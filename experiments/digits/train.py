"""Cross-validates the model and applies it to the hold-out rows; attempts cannot change this file.

Writes to $KAPSO_OUT, a line of ten probabilities a row: train.csv (each row predicted by a model that did not
learn from it, five folds) and holdout.csv (predicted by a model that learnt from all training rows).
"""

import os
import pathlib

os.environ["OMP_NUM_THREADS"] = "1"  # evaluations run side by side, and sums stay the same to the last digit

import numpy as np
import pipeline
from sklearn.model_selection import StratifiedKFold, cross_val_predict

FOLDS = 5


def main():
    out = pathlib.Path(os.environ["KAPSO_OUT"])
    train = np.loadtxt("data/train.csv", delimiter=",")
    pixels, labels = train[:, :-1], train[:, -1].astype(int)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    predicted = cross_val_predict(pipeline.build(), pixels, labels, cv=folds, method="predict_proba")
    np.savetxt(out / "train.csv", predicted, delimiter=",")
    holdout = np.loadtxt("data/holdout.csv", delimiter=",")
    predicted = pipeline.build().fit(pixels, labels).predict_proba(holdout)
    np.savetxt(out / "holdout.csv", predicted, delimiter=",")


if __name__ == "__main__":
    main()
