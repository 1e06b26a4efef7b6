"""The version, for the package and for its metadata: a vendored or frozen copy has no metadata to ask."""

__version__ = "0.1.0"
