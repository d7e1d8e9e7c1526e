"""Planning for programs that know other libraries: engines of their interfaces, which start ``pdsearch``.

Each module needs the library it speaks to, an optional extra of the same name; planning itself is
:mod:`pdsearch.domains.planning`.
"""
