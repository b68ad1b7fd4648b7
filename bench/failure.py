"""What ends the bench: one line that says what is wrong."""


class Failure(Exception):
    pass
