"""Arrays from what callers have: lists, NumPy arrays and torch tensors of any type, device and gradient state."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch.errors import BadInputError


def as_array(values: Any, what: str, dtype: Any = None) -> npt.NDArray[Any]:
    """Return ``values`` as an array, or say in one line that they are none.

    Parameters
    ----------
    values : array_like or torch.Tensor
        A tensor may require a gradient, lie on another device or be bfloat16, which becomes float32.
    what : str
        What to call them in an error, in the plural.
    dtype : dtype, optional
        Of the result; that of the values unless given.

    Raises
    ------
    BadInputError
        If rows have different lengths, or the values do not convert to the type.

    Examples
    --------
    >>> as_array([[1, 2], [3]], "loads")
    Traceback (most recent call last):
    ...
    pdsearch.errors.BadInputError: loads are no array of numbers; give equally long rows of numbers
    """
    try:
        array = np.asarray(_from_tensor(values) if hasattr(values, "detach") else values)
        if array.dtype.name == "bfloat16":  # of ml_dtypes, which NumPy cannot add up
            array = array.astype(np.float32)
        if dtype is not None:
            if array.dtype.kind == "c":
                raise TypeError("complex")
            array = np.asarray(array, dtype=dtype)
    except (ValueError, TypeError, RuntimeError, OverflowError):
        raise BadInputError(f"{what} are no array of numbers; give equally long rows of numbers") from None
    return array


def _from_tensor(tensor: Any) -> npt.NDArray[Any]:
    plain = tensor.detach().cpu()
    try:
        return np.asarray(plain.numpy())
    except TypeError:  # a type that NumPy lacks, bfloat16 first of all
        return np.asarray(plain.float().numpy())
