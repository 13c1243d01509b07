"""Tables I to III from jobs whose errors are known by hand."""

from dataclasses import replace

import numpy as np
import pytest

from worker.bench.paper.data_set import KITTI_DETECTION, KITTI_ODOMETRY
from worker.bench.paper.jobs import Case, Variant, cases
from worker.bench.paper.published import TABLE_1, TABLE_2, TABLE_3
from worker.bench.paper.table1 import table1, table1_markdown
from worker.bench.paper.table2 import table2, table2_markdown
from worker.bench.paper.table3 import LossRatio, Table3Row, loss_ratio, table3, table3_markdown
from worker.calibration.config import CalibrationConfig

TEN = Case(KITTI_ODOMETRY, "paper", Variant.COMPLETE, 10.0)


class TestCases:
    """Which calibrations are run."""

    def test_only_the_paper_profile_is_taken_apart(self):
        """Three variants of it, one of any other, each from both sizes of error."""
        found = cases([KITTI_ODOMETRY], ["paper", "robust"])
        assert [(c.profile, c.variant, c.rotation_deg) for c in found] == [
            *(("paper", variant, start) for variant in Variant for start in (10, 20)),
            *(("robust", Variant.COMPLETE, start) for start in (10, 20)),
        ]

    def test_a_variant_takes_one_part_away(self):
        """N = 0 or M = 0, and nothing else changes."""
        config = CalibrationConfig()
        assert Variant.COMPLETE.applied_to(config) == config
        assert Variant.WITHOUT_INITIALIZATION.applied_to(config) == replace(config, num_samples=0)
        assert Variant.WITHOUT_M_RULE.applied_to(config) == replace(config, min_points_in_view=0)


class TestTable1:
    """Mean and median errors, quaternion and Euler."""

    def test_errors_are_summarised(self, record):
        """Of yaw alone the Euler error is a third; ending farther off than one began is counted."""
        (row,) = table1({TEN: [record("a", 1), record("b", 2), record("c", 6)]}, set())
        assert row.errors.quaternion_mean == pytest.approx(3)
        assert row.errors.quaternion_median == pytest.approx(2)
        assert row.errors.euler_mean == pytest.approx(1)
        assert row.errors.euler_median == pytest.approx(2 / 3)
        assert row.share_worse_than_start == pytest.approx(1 / 3)
        assert (row.frames, row.frames_with_all_classes) == (3, 3)

    def test_frames_that_lack_a_class_count_and_are_set_apart(self, record):
        """They stay in the row, and a second line is the paper's way to count."""
        rows = table1({TEN: [record("a", 1), record("bare", 5, outcome="no_common_class")]}, {"bare"})
        assert rows[0].errors.quaternion_mean == pytest.approx(3)
        assert rows[0].errors_with_all_classes.quaternion_mean == pytest.approx(1)
        assert rows[0].outcomes == {"converged": 1, "no_common_class": 1}
        lines = table1_markdown(rows).splitlines()
        assert lines[-2] == "| KITTI odometry, profile `paper` | ±10° | 2 | 3.00 | 3.00 | 1.00 | 1.00 | 0% |"
        assert lines[-1].startswith("| KITTI odometry, profile `paper`, frames with all classes | ±10° | 1 | 1.00 |")

    def test_no_frame_with_all_classes(self, record):
        """Then there is nothing to set apart."""
        (row,) = table1({TEN: [record("bare", 5)]}, {"bare"})
        assert row.errors_with_all_classes is None
        assert "all classes" not in table1_markdown([row])

    def test_the_papers_own_rows_come_first(self):
        """As printed in the paper."""
        assert table1_markdown([]).splitlines()[2:] == [
            "| paper, KITTI odometry | ±10° | 6,741 | 1.14 | 0.46 | 0.62 | 0.23 | 5% |",
            "| paper, KITTI odometry | ±20° | 6,741 | 2.59 | 0.49 | 1.49 | 0.24 | 5% |",
        ]

    def test_variants_are_not_in_it(self, record):
        """They are Table II's."""
        assert table1({replace(TEN, variant=Variant.WITHOUT_M_RULE): [record("a", 1)]}, set()) == []


class TestTable2:
    """What each part contributes."""

    def test_medians_by_variant_and_start(self, record):
        """Quaternion first, then Euler, as the paper has it."""
        jobs = {
            Case(KITTI_ODOMETRY, "paper", variant, start): [record("a", error)]
            for variant, of_starts in zip(Variant, ((1, 2), (3, 4), (5, 6)), strict=True)
            for start, error in zip((10.0, 20.0), of_starts, strict=True)
        }
        lines = table2_markdown(table2(jobs)).splitlines()
        assert lines[3] == "| paper, KITTI odometry: without loss-guided initialization | 0.53 | 0.93 | 0.27 | 0.46 |"
        assert lines[5:] == [
            "| KITTI odometry: SemAlign | 1.00 | 2.00 | 0.33 | 0.67 |",
            "| KITTI odometry: without loss-guided initialization | 3.00 | 4.00 | 1.00 | 1.33 |",
            "| KITTI odometry: without the M rule | 5.00 | 6.00 | 1.67 | 2.00 |",
        ]

    def test_a_profile_without_these_parts_has_no_row(self, record):
        """Only the paper's own algorithm can be taken apart so."""
        assert table2({replace(TEN, profile="robust"): [record("a", 1)]}) == []

    def test_its_first_row_is_that_of_table1(self):
        """The paper's tables agree with each other, and with how they are kept here."""
        for start, errors in TABLE_2[0].items():
            assert errors.quaternion_median == TABLE_1[start].quaternion_median
            assert errors.euler_median == TABLE_1[start].euler_median


class TestTable3:
    """Eq. 1 in relation to the published calibration."""

    def test_the_published_calibration_has_ratio_one(self, street_frame):
        """Nothing differs from itself."""
        frame = street_frame(KITTI_DETECTION)
        ratio = loss_ratio(frame, frame.bench.T_cam_lidar)
        assert (ratio.loss, ratio.points) == (1, 1)
        assert ratio.rotation_deg == pytest.approx(0, abs=1e-5)
        assert ratio.center_m == pytest.approx(0, abs=1e-9)

    def test_a_wrong_estimate_has_a_higher_loss(self, street, street_frame):
        """Exact labels fit best where they are true."""
        ratio = loss_ratio(street_frame(KITTI_ODOMETRY), street.disturbed((1, 2, 1)))
        assert ratio.loss > 10
        assert ratio.rotation_deg == pytest.approx(np.sqrt(6), abs=0.05)

    def test_a_frame_without_common_class_has_no_ratio(self, street, street_frame):
        """It is named, and the mean is that of the others."""
        bare = street_frame(KITTI_DETECTION, "bare", image_labels=np.zeros_like(street.image_labels))
        assert loss_ratio(bare, street.disturbed((1, 0, 0))).loss is None
        row = Table3Row(
            KITTI_DETECTION,
            "paper",
            (LossRatio("a", 0.5, 1, 1, 0), LossRatio("b", 2, 1, 3, 0), loss_ratio(bare, np.eye(4))),
        )
        assert row.geometric_mean == pytest.approx(1)
        assert row.without_ratio == ("bare",)

    def test_no_ratio_at_all(self):
        """Then the mean is a dash."""
        row = Table3Row(KITTI_DETECTION, "paper", (LossRatio("a", None, None, 1, 0),))
        assert row.geometric_mean is None
        assert "| profile `paper` | 1 | - | - | 1.00° | 1.00° |" in table3_markdown([row])

    def test_it_is_made_of_the_complete_jobs_from_ten_degrees(self, street_frame, record):
        """Variants and wider starts are other tables' matter."""
        others = [replace(TEN, rotation_deg=20.0), replace(TEN, variant=Variant.WITHOUT_M_RULE)]
        jobs = {case: [record("street", 1)] for case in (TEN, *others)}
        (row,) = table3(jobs, [street_frame(KITTI_ODOMETRY)])
        assert [ratio.frame for ratio in row.ratios] == ["street"]

    def test_on_kitti_detection_nothing_is_called_an_error(self):
        """It is a difference from the published calibration there; the paper's figures stand there only."""
        ratios = (LossRatio("a", 0.8, 1, 1, 0),)
        detection, odometry = (
            table3_markdown([Table3Row(data_set, "paper", ratios)]) for data_set in (KITTI_DETECTION, KITTI_ODOMETRY)
        )
        assert detection.startswith("### KITTI detection: difference from the published calibration")
        assert "error" not in detection
        assert "rotation error" in odometry
        for who, ratio in TABLE_3.items():
            line = f"| paper: {who} | 3,769 | {ratio:.2f} |"
            assert line in detection
            assert line not in odometry
