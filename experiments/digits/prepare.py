"""Makes what the experiment needs, once: an environment with scikit-learn, and the digits split in two.

Visible to the program afterwards: data/train.csv (64 pixels and the label) and data/holdout.csv (pixels).
Hidden: answers/holdout.csv (labels). The data set itself is taken out of the environment, so that nobody can
look the labels up.
"""

import csv
import pathlib
import subprocess
import sys
import venv

SCIKIT_LEARN = "scikit-learn==1.9.1"
HOLDOUT_SHARE = 0.25
SPLIT_SEED = 0

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = HERE / ".venv" / "bin" / "python"


def make_environment():
    """A virtual environment with scikit-learn; without ensurepip, the repository's own pip does it."""
    venv.EnvBuilder(clear=True, symlinks=True, with_pip=False).create(HERE / ".venv")
    wheels = sorted(HERE.parents[1].glob("bootstrap/pip-*.whl"))
    if wheels:
        pip = [PYTHON, wheels[-1] / "pip"]
    elif subprocess.call([PYTHON, "-m", "ensurepip"], stdout=subprocess.DEVNULL) == 0:
        pip = [PYTHON, "-m", "pip"]
    else:
        sys.exit("this Python has no ensurepip: install it (Debian, Ubuntu: `apt install python3-venv`)")
    if subprocess.call([*pip, "install", "-q", "--disable-pip-version-check", SCIKIT_LEARN]) != 0:
        sys.exit(f"{SCIKIT_LEARN} could not be installed: this setup needs a package index, once")


def write_data():
    """Splits the digits that scikit-learn ships, then removes them; runs inside the environment."""
    import sklearn
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    split = train_test_split(
        digits.data.astype(int),
        digits.target,
        test_size=HOLDOUT_SHARE,
        random_state=SPLIT_SEED,
        stratify=digits.target,
    )
    train_pixels, holdout_pixels, train_labels, holdout_labels = split
    write("data/train.csv", [[*row, label] for row, label in zip(train_pixels, train_labels, strict=True)])
    write("data/holdout.csv", holdout_pixels)
    write("answers/holdout.csv", [[label] for label in holdout_labels])
    (pathlib.Path(sklearn.__file__).parent / "datasets" / "data" / "digits.csv.gz").unlink()


def write(name, rows):
    path = HERE / name
    path.parent.mkdir(exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)


if __name__ == "__main__":
    if sys.argv[1:] == ["--data"]:
        write_data()
    else:
        make_environment()
        subprocess.run([PYTHON, __file__, "--data"], check=True)
