"""The engine explains a part's transport."""

from dataclasses import replace

import numpy as np
import pytest

from pirn_app.engine.registry import REGISTRY
from pirn_app.engine.tasks.transport import explain_transport
from pirn_app.engine.tools import Tools
from pirn_app.messages.transport import ExplainTransport, TransportExplained, TransportFailed
from pirn_core.data.sample import PartRef
from pirn_core.errors import NotFittedError


def run(job: ExplainTransport, tools: Tools) -> list:
    return list(explain_transport(job, tools))


def test_without_a_model_there_is_an_error(tmp_path):
    with pytest.raises(NotFittedError):
        run(ExplainTransport(PartRef("a", rgb=tmp_path / "a.png")), Tools())


def test_a_newer_question_replaces_an_older_one():
    entry = REGISTRY[ExplainTransport]
    assert entry.latest and entry.urgent and entry.lane == "compute"


class _Bench:
    """Holds one prepared part and an inspector."""

    def __init__(self, inspector, kept=None) -> None:
        self.inspector, self._kept, self.stored = inspector, kept, []

    def kept(self, key):
        return self._kept

    def keep(self, *values) -> None:
        self.stored.append(values)


@pytest.fixture(scope="module")
def inspector():
    """A model of two small plates."""
    import importlib.util
    import sys
    from pathlib import Path

    where = Path(__file__).parents[2] / "core" / "support.py"
    spec = importlib.util.spec_from_file_location("core_support_for_transport", where)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    from pirn_core.inspector import Inspector

    trained = module.train_plates()
    return Inspector(trained.model, trained.backbone), module.make_plate


def test_a_part_at_hand_is_not_prepared_again(inspector):
    made, plate = inspector
    prepared = made.prepare(plate(20, defect=True))
    bench = _Bench(made, (prepared, False))
    (event,) = run(ExplainTransport(prepared.ref), Tools(bench=bench))
    assert isinstance(event, TransportExplained) and bench.stored == []
    found = event.explanation
    assert found.ref == prepared.ref and found.model_id == made.model.id and found.anomalous.any()
    assert all(np.isfinite(layer.lengths).all() for layer in found.layers)


def test_a_part_without_files_is_told_by_name(inspector, tmp_path):
    made, _ = inspector
    ref = replace(PartRef("gone/001"), rgb=tmp_path / "gone.png")
    (event,) = run(ExplainTransport(ref), Tools(bench=_Bench(made)))
    assert isinstance(event, TransportFailed) and event.part == "gone/001" and event.message
