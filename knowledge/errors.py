"""The exceptions of the bookshelf.

KnowledgeError
 |- UnknownCodeError     the edition in force does not hold the code
 |- EditionError         no edition of the table is in force on the date
 |- TableError           a data file is malformed (file, line, reason)
"""


class KnowledgeError(Exception):
    """Base of everything the knowledge layer raises."""


class UnknownCodeError(KnowledgeError):
    """The code is not in the edition in force."""


class EditionError(KnowledgeError):
    """No edition of the table is loaded for the date of service."""


class TableError(KnowledgeError):
    """A data file can not be read: the message names file, line and reason."""
