"""Building blocks of the hot loops, compiled by numba and shared by every search."""
