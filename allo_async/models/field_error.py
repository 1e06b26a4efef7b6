"""A fault that the API finds with one field of a request."""

import attrs


@attrs.frozen
class FieldError:
    """One entry of an API error's `errors`.

    Attributes:
        field: The field of the request.
        code: The fault, as a code.
        message: The fault, in words.
    """

    field: str | None = None
    code: str | None = None
    message: str | None = None
