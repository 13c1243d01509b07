"""What can go wrong when a model is asked for."""


class ModelError(Exception):
    """A model cannot be used; the message is a sentence for the user."""


class UnknownModelError(ModelError):
    """No model of that name, or none for what it is asked to segment."""


class ModelNotAvailableError(ModelError):
    """The model is known, but its files could not be had."""


class ModelIntegrityError(ModelNotAvailableError):
    """A file of the model is not the one the catalogue describes."""
