"""What can go wrong when a model is asked for."""


class ModelError(Exception):
    """A model cannot be used; the message is a sentence for the user."""


class UnknownModelError(ModelError):
    """No model of that name, or none for what it is asked to segment."""


class ModelNotAvailableError(ModelError):
    """The model is known, but its files could not be had."""


class ModelIntegrityError(ModelNotAvailableError):
    """A file of the model is not the one the catalogue describes."""


class TermsNotAcceptedError(ModelNotAvailableError):
    """Fetching the model takes somebody who accepts that its terms rule out commercial use."""


class CardError(ModelError):
    """A card does not say how to run its network."""


class NetworkFailedError(ModelError):
    """A network could not be loaded or run, or gave something else than its card says."""
