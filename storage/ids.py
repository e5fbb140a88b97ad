"""Ids: short, random, lower case, the same length everywhere."""

import base64
import secrets

ID_LENGTH = 13
ROW_SUFFIX_LENGTH = 8


def new_id() -> str:
    """64 random bits as 13 letters of base32."""
    return base64.b32encode(secrets.token_bytes(8)).decode().lower().rstrip("=")


def row_suffix() -> str:
    """What makes the ids of one import its own: five letters of row number go before it, so that ids lie on disk in the order of the rows."""
    return base64.b32encode(secrets.token_bytes(5)).decode().lower()
