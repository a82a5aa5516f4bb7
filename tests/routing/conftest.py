"""A client of the API for every test here."""

from tests.api.asking import ask

__all__ = ["ask"]
