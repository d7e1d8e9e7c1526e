"""Numbers as people read them: three digits or so, in the unit that fits."""

from __future__ import annotations


def scaled(number: float) -> str:
    """Return a number with k, M or G where it is large.

    >>> scaled(0), scaled(9999), scaled(12_345), scaled(3_170_000), scaled(2.5e9)
    ('0', '9,999', '12 k', '3.17 M', '2.50 G')
    """
    if number < 1e4:
        return f"{number:,.0f}"
    if number < 1e6:
        return f"{number / 1e3:.0f} k"
    return f"{number / 1e6:.2f} M" if number < 1e9 else f"{number / 1e9:.2f} G"


def sized(n_bytes: float) -> str:
    """Return bytes in the unit that fits.

    >>> sized(500), sized(3 * 2**20), sized(2**31)
    ('1 KiB', '3 MiB', '2.0 GiB')
    """
    if n_bytes < 2**20:
        return f"{max(1, round(n_bytes / 2**10))} KiB"
    return f"{n_bytes / 2**20:.0f} MiB" if n_bytes < 2**30 else f"{n_bytes / 2**30:.1f} GiB"
