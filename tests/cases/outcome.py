"""What a case comes to: it returns one line of detail, or raises Failed or Skipped with the reason."""


class Failed(Exception):
    """The program did something other than it should; the text says what."""


class Skipped(Exception):
    """The case needs something that this version does not have; the text says what."""


def require(condition, text):
    if not condition:
        raise Failed(text)
