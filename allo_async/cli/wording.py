"""Every failure in the command's words: what failed, why, and what to type next."""

from collections.abc import Callable
from typing import Any

from allo_async import errors
from allo_async.cli.unknown_rep import UnknownRepError
from allo_async.cli.unreached import why_unreached
from allo_async.errors import AlloError, ApiError, TransportError

_SHOW_QUEUE = "allo-async queue show"

#: By the API's own code, which stands behind the sentence.
_BY_CODE = {
    "API_KEY_REVOKED": "This API key was revoked. Make a new one in Allo and set ALLO_API_KEY to it",
    "API_KEY_INSUFFICIENT_SCOPE": (
        "This API key lacks a permission that this takes. See what it may do: allo-async whoami"
    ),
    "API_KEY_TRIAL_NOT_ALLOWED": "Allo does not offer this during a trial. See whose key it is: allo-async whoami",
    "ASSIGNEE_NOT_FOUND": "No teammate is known by that address or id. See who is: allo-async users",
    "DIALING_QUEUE_NOT_FOUND": f"There is no queue yet; the first load makes one. See: {_SHOW_QUEUE}",
    "QUEUE_NUMBER_POSITION_NOT_FOUND": f"Nothing stands at that place. See what does: {_SHOW_QUEUE} --numbers",
    "INVALID_PHONE_NUMBER": "Allo cannot read that phone number. Write it with its country code, as in +33612345678",
    "DIALING_QUEUE_DELETE_FILTER_REQUIRED": (
        "Say which entries are to go: --number, --position or --unassigned. See: allo-async queue clear --help"
    ),
    "DIALING_QUEUE_DELETE_FILTER_CONFLICT": (
        "--unassigned goes without --number and --position. See: allo-async queue clear --help"
    ),
}

#: The sentence for a failure that nobody foresaw.
OUR_MISTAKE = (
    "allo-async failed by a mistake of its own, and not of yours. Run the same command again with --verbose, and report"
    " what it prints to the people who gave you allo-async"
)


def _plain(error: AlloError) -> str:
    return str(error).removesuffix(f" [{error.result.summary()}]")


def _api_says(error: ApiError) -> str:
    fields = "; ".join(f"{field.field}: {field.message or field.code}" for field in error.errors)
    # The API quotes phone numbers; no error of the library prints any.
    return str(AlloError(fields or error.message or "it says no more")).rstrip(".")


def _of_limit(error: errors.RateLimitedError) -> str:
    wait = f"in {error.retry_after:,.0f} s" if error.retry_after is not None else "in a minute"
    return f"The rate limit of the API key is used up, maybe by others who use it. Run the same command again {wait}"


def _of_journal(error: errors.JournalError) -> str:
    told = _plain(error).replace("give it another load_id", "load everything again with --fresh")
    head, _, kind = told.rpartition(": ")
    # A parser's name for its trouble says nothing to a user of the command.
    return head if kind.isidentifier() and kind.endswith("Error") else told


#: By the kind of failure; the first that fits in the order of its bases.
_BY_KIND: dict[type[BaseException], str | Callable[[Any], str]] = {
    errors.MissingApiKeyError: (
        "There is no API key. Set ALLO_API_KEY to yours, or try it without one: allo-async load FILE --sandbox"
    ),
    errors.InsecureUrlError: (
        "ALLO_BASE_URL would show the API key to the whole network. Begin it with https://, as in"
        " https://api.withallo.com"
    ),
    errors.InvalidTeammateError: (
        "A teammate's e-mail address, id or name is missing. See who there is: allo-async users"
    ),
    errors.RowSourceError: "The rows could not be read to their end. Look at the file, then run the same command again",
    errors.CallbackError: "The display of the progress failed. Run the same command again to go on",
    errors.ClientClosedError: "The load was ended from outside. Run the same command again to go on",
    errors.DeadlineExceededError: "The time of --deadline is over. Run the same command again to go on",
    errors.CoordinationLostError: (
        "The key's other processes cannot be reached. Check --coordination, then run the same command again"
    ),
    errors.SuppressionError: ("The suppression list cannot be read. Check it, then run the same command again"),
    errors.JournalError: _of_journal,
    errors.ConnectionFailedError: lambda error: f"Allo could not be reached: {why_unreached(error)}",
    errors.ConnectionLostError: (
        "The connection to Allo broke before a reply came. Check the network, then run the same command again"
    ),
    errors.AttemptTimeoutError: "Allo did not reply in time. Run the same command again in some minutes",
    errors.UnreadableReplyError: (
        "The reply was not Allo's, or makes no sense. Check ALLO_BASE_URL, and the proxy or sign-in page in between"
    ),
    errors.TransportError: "Allo could not be asked. Check ALLO_BASE_URL and the API key: allo-async whoami",
    errors.QueueFullError: "The queue is full. See how full: {show_queue}. To wait for room, add --on-full-queue wait",
    errors.BadRequestError: lambda error: (
        f"Allo does not accept this: {_api_says(error)}. Check the file, then run the same command again"
    ),
    errors.AuthenticationError: (
        "Allo does not know this API key. Check ALLO_API_KEY for a copying mistake, then: allo-async whoami"
    ),
    errors.PermissionDeniedError: "Allo does not let this API key do that. See what it may do: allo-async whoami",
    errors.NotFoundError: "Allo has no such thing as the request names. Check ALLO_BASE_URL: allo-async whoami",
    errors.AppendConflictError: (
        "Others kept adding to the same queue at the same moment. Run the same command again; see: {show_queue}"
    ),
    errors.ConflictError: "Allo is busy with another change of the same thing. Run the same command again in a minute",
    errors.RequestTooLargeError: "Allo does not take so much at once. Send fewer rows at a time: --chunk-size 50",
    errors.RateLimitedError: _of_limit,
    errors.ServerError: (
        "Allo has a failure of its own. Run the same command again in some minutes; if it lasts, tell Allo's support"
    ),
    errors.ApiError: lambda error: f"Allo refused: {_api_says(error)}. See what the key may do: allo-async whoami",
}


def sentence(error: BaseException, *, rep: str | None = None) -> str:
    """Return what *error* means and what to do about it, without a word of programming or a number.

    Args:
        error: The failure.
        rep: Whose queue it is about.
    """
    if isinstance(error, UnknownRepError):
        return f"{error.message} ({error.code})"
    if isinstance(error, AlloError):
        show_queue = f"{_SHOW_QUEUE} --of {rep}" if rep else _SHOW_QUEUE
        return _of_allo(error).replace("{show_queue}", show_queue) + _reference(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return OUR_MISTAKE


def _of_allo(error: AlloError) -> str:
    code = error.code if isinstance(error, ApiError) else None
    found = _BY_CODE.get(code or "") or next((_BY_KIND[kind] for kind in type(error).__mro__ if kind in _BY_KIND), None)
    if found is None:
        # Of our own refusals, which say what to do about them.
        return _plain(error)
    return found if isinstance(found, str) else found(error)


def reason(error: BaseException) -> str:
    """Return what *error* means, for where it is tried again; what may be wrong on this side is told all the same."""
    if isinstance(error, errors.ConnectionFailedError):
        return sentence(error)
    told, reference = sentence(error), _reference(error) if isinstance(error, AlloError) else ""
    return told.removesuffix(reference).partition(". ")[0] + reference


def _reference(error: AlloError) -> str:
    if not isinstance(error, ApiError | TransportError):
        return ""
    code = error.code if isinstance(error, ApiError) else None
    parts = (code, f"request {error.request_id}" if error.request_id else None)
    told = ", ".join(filter(None, parts))
    return f" ({told})" if told else ""
