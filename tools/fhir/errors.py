"""The one exception of the input side.

InputError     what was given can not be coded at all (exit code 2): one line that says what, where and
what to do

Facts that only the claim lacks are no errors: they are listed as ``MissingFact`` and hold the encounter.
"""


class InputError(ValueError):
    """The input can not be read as one documented encounter.

    The message is one line for the person who gave the input: what is wrong, where, and what to do. It names
    resources and elements by id and path only, never by their clinical or personal content.
    """
