"""Tables in markdown: what a reader sees."""

import pytest

from worker.bench.paper.markdown import number, share, table


def test_a_table_is_laid_out():
    """Words to the left, numbers to the right, a row a line."""
    assert table(["", "mean"], [["ours", "1.00"], ["theirs", "0.50"]]) == (
        "|  | mean |\n| --- | ---: |\n| ours | 1.00 |\n| theirs | 0.50 |"
    )


@pytest.mark.parametrize("row", [["ours"], ["ours", "1", "2"]])
def test_a_row_of_another_length_is_refused(row):
    """A number never slips below another heading."""
    with pytest.raises(ValueError, match="2 cells"):
        table(["", "mean"], [row])


def test_what_is_not_known_is_a_dash():
    """No number stands for none."""
    assert [number(0.456), number(0.456, 1), number(None)] == ["0.46", "0.5", "-"]
    assert [share(0.05), share(0.0), share(None)] == ["5%", "0%", "-"]
