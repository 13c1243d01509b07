"""CSV clouds: separators, names, order of columns, and what is no table."""

import numpy as np
import pytest

from worker.inputs import InputError, InputLimits, read_point_cloud

POINTS = np.array([(1.5, -2.25, 0.5), (10, 20, -30)])


@pytest.mark.parametrize(
    ("text", "intensity"),
    [
        ("1.5,-2.25,0.5\n10,20,-30\n", None),
        ("1.5, -2.25, 0.5, 7\n10, 20, -30, 8", [7, 8]),
        ("1.5 -2.25  0.5 7\n\n10 20 -30 8\n\n", [7, 8]),
        ("x,y,z\n1.5,-2.25,0.5\n10,20,-30\n", None),
        ("\ufefftime;Z;X;Y;Intensity\r\n12:00;0.5;1.5;-2.25;7\r\n12:01;-30;10;20;8\r\n", [7, 8]),
        ('"x"\t"y"\t"z"\t"ring"\n1.5\t-2.25\t0.5\t1\n1e1\t2e1\t-30.\t2\n', None),
        ("# x y z ring\n1.5 -2.25 0.5 7\n10 20 -30 8\n", None),
        ("#x,y,z,intensity\n1.5,-2.25,0.5,7\n10,20,-30,8\n", [7, 8]),
        ("//X Y Z Intensity\n1.5 -2.25 0.5 7\n10 20 -30 8\n", [7, 8]),
        ("# x y z intensity\n1.5,-2.25,0.5,7\n10,20,-30,8\n", [7, 8]),
        ("# sweep of 12:00, metres\n# z, y, x\n0.5,-2.25,1.5\n-30,20,10\n", None),
        ("# exported by a tool\n1.5,-2.25,0.5,7\n10,20,-30,8\n", [7, 8]),
        ("# exported by a tool\ny,x,z\n-2.25,1.5,0.5\n20,10,-30\n", None),
    ],
)
def test_tables_are_read(text, intensity):
    """With names the order is free; without them it is x, y, z, intensity."""
    cloud = read_point_cloud(text.encode(), "cloud.csv")
    np.testing.assert_array_equal(cloud.points, POINTS)
    if intensity is None:
        assert cloud.intensity is None
    else:
        np.testing.assert_array_equal(cloud.intensity, intensity)


def test_missing_returns_are_dropped():
    """The word nan is a number here, also in the first line."""
    cloud = read_point_cloud(b"nan,nan,nan\n1.5,-2.25,0.5\n", "a.csv")
    assert (len(cloud.points), cloud.num_dropped_non_finite) == (1, 1)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "invalid-point-cloud"),
        ("\n\n", "invalid-point-cloud"),
        ("1,2\n3,4\n", "invalid-point-cloud"),
        ("a,b,c\n1,2,3\n", "invalid-point-cloud"),
        ("x,y,z\n", "empty-point-cloud"),
        ("# x y z\n", "empty-point-cloud"),
        ("# nothing else\n", "invalid-point-cloud"),
        ("x,y,z\n1,2\n", "invalid-point-cloud"),
        ("1,2,3\n1,2,three\n", "invalid-point-cloud"),
        ("1,2,3\n4,5,6\n7,8,9\n10,11,12\n", "too-many-points"),
        ("1,2,3\n" + "9" * 10_000, "invalid-point-cloud"),
    ],
)
def test_what_is_no_table(text, code):
    """Each with its code."""
    with pytest.raises(InputError) as caught:
        read_point_cloud(text.encode(), "a.csv", InputLimits(max_points=3))
    assert caught.value.code == code
