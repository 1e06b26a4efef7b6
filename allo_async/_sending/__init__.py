"""One request, until it is settled."""
