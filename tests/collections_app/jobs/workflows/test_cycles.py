"""Cycles in a graph."""

import graphlib

from hypothesis import given, settings
from hypothesis import strategies as st

from collections_app.jobs.workflows.cycles import cycles

ids = st.integers(0, 7).map(str)


def test_a_cycle_is_named_node_by_node() -> None:
    assert list(cycles({"a": ["b"], "b": ["c", "d"], "c": ["a"], "d": []})) == [["a", "b", "c"]]


def test_a_node_that_needs_itself_is_a_cycle() -> None:
    assert list(cycles({"a": ["a"]})) == [["a"]]


def test_a_diamond_is_no_cycle() -> None:
    assert list(cycles({"a": ["b", "c"], "b": ["d"], "c": ["d", "b"], "d": []})) == []


def test_a_long_chain_needs_no_recursion() -> None:
    chain = {str(number): [str(number + 1)] for number in range(5000)}
    assert list(cycles(chain)) == []


@settings(deadline=None)
@given(st.dictionaries(ids, st.lists(ids, max_size=4)))
def test_a_graph_has_a_cycle_where_it_has_no_order(needs: dict[str, list[str]]) -> None:
    known = {node: [each for each in given if each in needs] for node, given in needs.items()}
    try:
        graphlib.TopologicalSorter(known).prepare()
        is_cyclic = False
    except graphlib.CycleError:
        is_cyclic = True
    found = list(cycles(needs))
    assert bool(found) is is_cyclic
    for cycle in found:
        for node, needed in zip(cycle, [*cycle[1:], cycle[0]], strict=True):
            assert needed in needs[node]
