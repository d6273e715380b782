"""The one exception whose text is meant for the person at the screen."""


class UserError(Exception):
    """Bad input: one sentence that says which file, what is wrong and what to do.

    The command line prints it on one line and leaves with exit code 2; the panel shows it in its
    message line. Everything else that is raised is a bug and surfaces as one.
    """
