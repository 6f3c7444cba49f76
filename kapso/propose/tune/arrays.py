"""numpy, told to compute on one thread: for the small matrices here more threads cost ten times the time.

Only the first import in a process decides; the environment is left as it was, so commands never see it.
"""

from __future__ import annotations

import os
from typing import Any

_NAMES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
_before = {name: os.environ.get(name) for name in _NAMES}
os.environ.update(dict.fromkeys(_NAMES, "1"))
try:
    import numpy as np  # 80 ms
finally:
    for _name, _value in _before.items():
        if _value is None:
            del os.environ[_name]
        else:
            os.environ[_name] = _value

Array = np.ndarray[Any, np.dtype[np.float64]]

__all__ = ["Array", "np"]
