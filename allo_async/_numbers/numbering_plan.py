"""The door to phonenumbers' metadata: the rules of the numbering plans."""

import re
from collections.abc import Iterable
from functools import cache

import attrs
import phonenumbers
from phonenumbers.phonemetadata import PhoneMetadata, PhoneNumberDesc

# The longest numbers of closed plans have eleven digits.
_OPEN = 12

# A regular expression that matches no text.
_NOTHING = "(?!)"


@attrs.frozen
class NumberingPlan:
    """The rules of a numbering plan: regular expressions that digits are matched with, and lengths.

    Attributes:
        calling_code: The digits of its calling code.
        exit_code: The digits that are dialed before a calling code.
        trunk: The digits before a national number that are no part of it.
        rewrites: Whether a number changes if the last group of *trunk* is in it.
        national: The national numbers.
        ordinary: Those that are fixed lines or mobiles.
        lengths: How many digits a national number may have.
        beginnings: The first digits by which libphonenumber tells the plan from others with its calling code; empty
            if it does not.
    """

    calling_code: str
    exit_code: str
    trunk: str
    rewrites: bool
    national: str
    ordinary: str
    lengths: frozenset[int]
    beginnings: str = ""


@cache
def numbering_plan(region: str) -> NumberingPlan | None:
    """Return the plan of a region, `None` for no region."""
    metadata = PhoneMetadata.metadata_for_region(region)
    return None if metadata is None else _plan(metadata)


@cache
def main_plan(calling_code: str) -> NumberingPlan | None:
    """Return the plan by which numbers behind *calling_code* are read, `None` for no such code."""
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(calling_code), ())
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(int(calling_code), regions[0]) if regions else None
    if metadata is None:
        return None
    plan = _plan(metadata)
    return attrs.evolve(plan, beginnings=metadata.leading_digits or "") if len(regions) > 1 else plan


def either_length(lengths: Iterable[int]) -> str:
    """Return a regular expression of digits in one of *lengths*."""
    return "|".join(rf"\d{{{length}}}" for length in sorted(lengths, reverse=True)) or _NOTHING


def _plan(metadata: PhoneMetadata) -> NumberingPlan:
    ordinary = [desc for desc in (metadata.fixed_line, metadata.mobile) if desc and desc.national_number_pattern]
    return NumberingPlan(
        calling_code=str(metadata.country_code),
        exit_code=metadata.international_prefix or _NOTHING,
        trunk=metadata.national_prefix_for_parsing or _NOTHING,
        rewrites=bool(metadata.national_prefix_transform_rule),
        national=(metadata.general_desc and metadata.general_desc.national_number_pattern) or _NOTHING,
        ordinary="|".join(map(_with_its_lengths, ordinary)) or _NOTHING,
        lengths=_lengths(metadata.general_desc),
    )


def _with_its_lengths(desc: PhoneNumberDesc) -> str:
    return rf"(?=(?:{either_length(_lengths(desc))})\Z)(?:{desc.national_number_pattern})"


def _lengths(desc: PhoneNumberDesc | None) -> frozenset[int]:
    return frozenset() if desc is None else frozenset(desc.possible_length).difference(desc.possible_length_local_only)


@cache
def is_open(region: str) -> bool:
    """Return whether a plan has numbers of nearly any length, which are written with a trunk zero at home."""
    metadata = PhoneMetadata.metadata_for_region(region)
    if metadata is None or metadata.general_desc is None or metadata.national_prefix != "0":
        return False
    return max(metadata.general_desc.possible_length) >= _OPEN


@cache
def dials_00(region: str) -> bool:
    """Return whether a region's international numbers may begin with 00."""
    metadata = PhoneMetadata.metadata_for_region(region)
    prefix = metadata.international_prefix if metadata is not None else None
    return prefix is not None and re.fullmatch(prefix, "00") is not None
