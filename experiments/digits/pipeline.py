"""The model that tells ten handwritten digits apart: the program to improve."""

from sklearn.decomposition import PCA
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

COMPONENTS = 16
WHITEN = False
GAMMA = 0.05
LANDMARKS = 100
C = 1.0


def build():
    """An estimator with `fit` and `predict_proba`, not yet fitted."""
    return make_pipeline(
        StandardScaler(),
        PCA(n_components=COMPONENTS, whiten=WHITEN, random_state=0),
        Nystroem(kernel="rbf", gamma=GAMMA, n_components=LANDMARKS, random_state=0),
        LogisticRegression(C=C, max_iter=300),
    )
