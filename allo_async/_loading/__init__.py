"""Many contacts to one result."""
