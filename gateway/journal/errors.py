"""What can go wrong with the journal, named by what the caller does next."""


class JournalError(Exception):
    """Base of everything that can go wrong with the journal."""


class JournalFull(JournalError):
    """The queue before the journal is full, nothing was taken: keep it and offer it again later."""


class JournalClosed(JournalError, RuntimeError):
    """The journal is not open: wait until its writer has started."""


class JournalUnavailable(JournalError, OSError):
    """The file cannot be opened or read at the moment: back off and try again."""


class JournalCorrupt(JournalError):
    """The file is damaged: open the journal again, which sets the file aside."""


class JournalInUse(JournalError):
    """Another gateway has this journal open: refuse to start."""


class JournalTooNew(JournalError):
    """A newer gateway wrote this journal: refuse to start, the file is untouched."""


class NotAJournal(JournalError):
    """The file is another program's database: refuse to start, the file is untouched."""


class InvalidCursor(JournalError, ValueError):
    """The cursor was not made by this journal for this order: ask without one."""
