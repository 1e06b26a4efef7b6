"""What the API finds wrong with one field of a request."""

import attrs


@attrs.frozen
class FieldError:
    """One entry of an API error's `errors`.

    Attributes:
        field: The field of the request.
        code: What is wrong with it, as a code.
        message: What is wrong with it, in words.
    """

    field: str | None = None
    code: str | None = None
    message: str | None = None
