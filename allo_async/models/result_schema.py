"""The format of `AppendResult.to_dict()`, in JSON Schema, as OpenAPI documents show it."""

from collections.abc import Iterable, Mapping
from typing import Any

_COUNT = {"type": "integer", "minimum": 0}
_TEXT = {"type": ["string", "null"]}


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


_PARTS: Mapping[str, Any] = {
    "totals": _object(dict.fromkeys(("rows", "added", "skipped", "pending", "in_doubt"), _COUNT)),
    "skipped_by_reason": {"type": "object", "additionalProperties": _COUNT},
    "recovered": _COUNT,
    "rows": {
        "type": "array",
        "items": _object(
            {
                "index": _COUNT,
                "number": _TEXT,
                "fate": {"type": "string", "enum": ["added", "skipped", "pending", "in_doubt"]},
                "reason": _TEXT,
                "position": {"type": ["integer", "null"]},
                "queue": _TEXT,
                "detail": _TEXT,
            }
        ),
    },
    "queues": {
        "type": "array",
        "items": _object(
            {"queue": {"type": "string"}, "added": _COUNT, "skipped": _COUNT, "in_doubt": _COUNT, "error": _TEXT}
        ),
    },
}


def json_schema(title: str, keys: Iterable[str]) -> dict[str, Any]:
    """Return the schema of a result that has *keys*."""
    return {"title": title, **_object({key: _PARTS[key] for key in keys})}
