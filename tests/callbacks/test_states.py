from callbacks.states import MOVABLE, OPEN, State
from callbacks.tables import callbacks


def test_what_has_ended_is_not_open_and_what_rings_cannot_be_moved() -> None:
    ended = {State.KEPT, State.BROKEN, State.CANCELLED, State.MERGED, State.UNREACHABLE}
    assert set(OPEN) == set(State) - ended
    assert set(MOVABLE) == set(OPEN) - {State.RINGING_AGENT, State.RINGING_CUSTOMER, State.TALKING}


def test_the_unique_indexes_hold_for_exactly_the_open_states() -> None:
    """They are written out in SQL, where nobody would notice a state that was added."""
    for index in callbacks.indexes:
        if index.unique:
            condition = str(index.dialect_options["postgresql"]["where"])
            assert {state for state in State if f"'{state.value}'" in condition} == set(OPEN)
