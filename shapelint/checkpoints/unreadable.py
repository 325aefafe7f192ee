"""The reason why a checkpoint could not be read."""


class CheckpointError(ValueError):
    """The file holds no tensors in a known form; the message is the reason."""
