"""The errors pdsearch raises on purpose; all derive from :class:`PdsearchError`.

Their messages are one line: what was given, what is needed, what to do. The command line
prints them as they are and leaves with exit code 2.
"""


class PdsearchError(Exception):
    """Base of every error a caller may want to catch.

    Attributes
    ----------
    is_shared : bool
        All ranks of the MPI job raise it together.
    """

    is_shared = False


class UnknownNameError(PdsearchError, LookupError):
    """A registry has no entry of that name."""


class BadInputError(PdsearchError, ValueError):
    """An instance, a limit or an option does not make sense."""


class MissingDependencyError(PdsearchError, ImportError):
    """An optional library is needed and not installed."""


class WrongPlanError(PdsearchError, AssertionError):
    """A plan did not survive its replay: a bug in pdsearch, never in the input."""


class PluginWarning(UserWarning):
    """A plug-in cannot be used; everything else goes on without it."""
