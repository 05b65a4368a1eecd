"""Every row of the workflow is shown by an end-to-end test, and every test shows what is a row."""

from bot.prompt import PARAMETERS
from tests.meta.generated import PART, ROOT
from tests.meta.workflow import rows, shown, workflow_table


def test_every_row_has_a_test() -> None:
    tests = shown()
    assert [row.what for row in rows() if row.what not in tests] == []


def test_nothing_is_shown_that_is_no_row() -> None:
    known = {row.what for row in rows()}
    assert {what: tests for what, tests in shown().items() if what not in known} == {}


def test_no_two_rows_have_one_name() -> None:
    names = [row.what for row in rows()]
    assert len(names) == len(set(names))


def test_marks_are_found_wherever_they_stand() -> None:
    """On a function, on one case of a parametrised one."""
    tests = shown()
    assert "test_fairness.py::test_relaxed_jobs_start_when_no_fast_one_waits" in tests["Fast, relaxed and turbo"]
    assert "test_parameters.py::test_the_painter_paints_another_picture" in tests["--chaos"]


def test_every_parameter_has_a_test_of_its_own() -> None:
    tests = shown()
    alone = {what for what, names in tests.items() if any(name.startswith("test_parameters.py") for name in names)}
    assert [row.name for row in PARAMETERS if f"--{row.name}" not in alone] == []


def test_the_document_has_the_table() -> None:
    document = (ROOT / "docs" / "workflow.md").read_text("utf-8")
    assert [match["name"] for match in PART.finditer(document)] == ["workflow"]
    table = workflow_table("en-US")
    for row in rows():
        assert row.does in table
