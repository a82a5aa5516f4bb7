"""First names, as the memory of people has them."""

from crm.given_names import GIVEN

__all__ = ["GIVEN"]
