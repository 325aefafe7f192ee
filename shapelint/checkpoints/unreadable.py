"""Why a checkpoint could not be read."""


class CheckpointError(ValueError):
    """The file holds no tensors in a form that is known; the message is the reason."""
