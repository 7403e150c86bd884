"""What is wrong with a batch as a whole; a single member's fault is in its outcome."""


class BatchError(Exception):
    """The batch can not be begun or go on: what, where, what to do."""


class ManifestError(BatchError):
    """The manifest itself can not be read."""


class WorkerError(BatchError):
    """Worker processes can not be started."""
