"""Training: the same twice, stopped anywhere, resumed anywhere, and never worse than untrained."""

import io
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from pirn_core.errors import NotFittedError
from pirn_core.nn.codebook import build
from pirn_core.training import Trainer
from pirn_core.training import fit as fitting
from pirn_core.training.fit import Fit, total_steps
from pirn_core.training.validation import HeldOut

FAST = {
    "decoder__prototypes": 8,
    "training__epochs": 2,
    "training__batch": 16,
    "training__check_every": 2,
    "training__learning_rate": 3e-3,
}


@pytest.fixture
def config(settings):
    return settings(**FAST)


def train(pool, config):
    trainer = Trainer(pool, config)
    return trainer, list(trainer.steps())


def through_a_file(state):
    buffer = io.BytesIO()
    torch.save(state, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=True)


def assert_same(one: Trainer, other: Trainer):
    (pirn, records, report), (pirn2, records2, report2) = one.result(), other.result()
    state, state2 = pirn.state_dict(), pirn2.state_dict()
    assert state.keys() == state2.keys()
    assert all(torch.equal(state[name], state2[name]) for name in state)
    assert replace(report, seconds=0.0) == replace(report2, seconds=0.0)
    for a, b in zip(records, records2, strict=True):
        assert a.part == b.part
        for m in a.evidence:
            np.testing.assert_array_equal(a.evidence[m].residual, b.evidence[m].residual)
            np.testing.assert_array_equal(a.evidence[m].weights, b.evidence[m].weights)


def test_two_runs_are_identical(pool, config):
    one, steps = train(pool(), config)
    torch.manual_seed(987)  # nothing depends on the global generator
    torch.rand(5)
    other, steps2 = train(pool(), config)
    assert_same(one, other)
    assert [(s.stage, s.step, dict(s.losses)) for s in steps] == [(s.stage, s.step, dict(s.losses)) for s in steps2]


def test_another_seed_is_another_run(pool, settings):
    one, _ = train(pool(), settings(**FAST))
    other, _ = train(pool(), settings(**FAST, seed=1))
    assert not torch.equal(one.model.codebook("rgb").keys, other.model.codebook("rgb").keys)


def test_the_reported_steps_tell_the_whole_course(pool, config):
    trainer, steps = train(pool(shots=3), config)
    assert list(dict.fromkeys(s.stage for s in steps)) == ["fold 1 of 2", "fold 2 of 2", "all shots"]
    fractions = [s.fraction for s in steps]
    assert fractions == sorted(fractions)
    assert 0.0 <= fractions[0] < 0.1
    assert fractions[-1] == 1.0
    for stage in ("fold 1 of 2", "fold 2 of 2"):
        numbers = [s.step for s in steps if s.stage == stage]
        assert numbers == list(range(len(numbers)))
        looked = [s.step for s in steps if s.stage == stage and s.separation is not None]
        assert looked[:2] == [0, 2]
    assert steps[0].losses == {}
    for step in steps:
        assert step.remaining >= 0.0
        assert math.isfinite(step.seconds)
        if step.step > 0:
            assert set(step.losses) == {"rgb", "sn"}
            assert all(math.isfinite(v) and v > 0 for v in step.losses.values())
            for usage in step.usage.values():
                assert usage.dtype == np.float32
                assert usage.sum() == pytest.approx(1.0, abs=1e-4)
    assert trainer.report.steps == [s.step for s in steps][-1]


def test_training_lowers_its_loss(pool, settings):
    plain = settings(**{**FAST, "training__early_stop": False, "training__epochs": 15})
    _, steps = train(pool(), plain)
    losses = [sum(s.losses.values()) for s in steps if s.stage == "all shots" and s.losses]
    assert np.mean(losses[-6:]) < 0.8 * np.mean(losses[:3])


@pytest.mark.parametrize("shots", [1, 2, 3])
def test_few_shots(pool, settings, shots):
    """Folds never outnumber shots; every shot has a record of residuals from a model without it."""
    trainer, steps = train(pool(shots=shots), settings(**{**FAST, "training__folds": 5}))
    model, records, report = trainer.result()
    assert len(report.folds) == shots
    assert sorted(name for fold in report.folds for name in fold.shots) == [f"good/{k:03d}" for k in range(shots)]
    assert [r.part for r in records] == [f"good/{k:03d}" for k in range(shots)]
    assert all(r.source == "held-out shot" for r in records)
    for record in records:
        assert set(record.evidence) == {"rgb", "sn"}
        for item in record.evidence.values():
            assert item.residual.shape == (16,)
            assert np.isfinite(item.residual).all()
            np.testing.assert_allclose(item.weights.sum(axis=1), 1.0, atol=1e-5)
            assert item.prototypes.max() < model.prototypes
    assert not model.training
    assert {s.stage for s in steps if s.step == 0} >= {"all shots"}


@pytest.mark.parametrize("batching", ["tokens", "parts"])
@pytest.mark.parametrize("probes", [True, False])
def test_both_ways_of_batching(pool, settings, batching, probes):
    parts = {"training__batching": "parts", "training__batch": 2, "training__refine_in_training": True}
    trainer, _ = train(pool(probes=probes), settings(**{**FAST, **(parts if batching == "parts" else {})}))
    assert trainer.result()[2].steps >= 0


def test_the_paper_preset_trains(pool, settings):
    from pirn_core.config import changed, preset

    small = {"decoder.prototypes": 8, "training.epochs": 2, "training.batch": 2, "training.folds": 2}
    trainer, steps = train(pool(), changed(preset("paper"), small))
    _, _, report = trainer.result()
    assert report.communication
    assert report.steps == 2 * 3  # all epochs of six views in pairs
    # Without early stopping the held-out shots are looked at before and after, for the record only.
    looked = [(s.stage, s.step in (0, s.of)) for s in steps if s.separation is not None]
    assert looked == [("fold 1 of 2", True)] * 2 + [("fold 2 of 2", True)] * 2


def test_training_switched_off_keeps_the_codebook(pool, settings):
    tokens, off = pool(), settings(**{**FAST, "training__enabled": False})
    trainer, steps = train(tokens, off)
    model, _, report = trainer.result()
    assert report.steps == 0
    assert {s.step for s in steps} == {0}
    untrained = build(tokens.tokens, tokens.foreground, off.decoder, tokens.modalities, off.seed)
    for m in tokens.modalities:
        assert torch.equal(model.codebook(m).keys, untrained.codebook(m).keys)


def test_what_only_harms_is_not_kept(pool, settings):
    """A rate that wrecks everything at once: the untrained codebook is best, and is what comes out."""
    tokens, wild = pool(probes=False), settings(**{**FAST, "training__learning_rate": 3.0})
    trainer, _ = train(tokens, wild)
    model, _, report = trainer.result()
    assert report.steps == 0
    assert all(fold.best_step == 0 and fold.best == fold.untrained for fold in report.folds)
    assert not report.communication
    untrained = build(tokens.tokens, tokens.foreground, wild.decoder, tokens.modalities, wild.seed)
    for m in tokens.modalities:
        assert torch.equal(model.codebook(m).keys, untrained.codebook(m).keys)


def test_what_helps_is_kept(pool, settings):
    """Without probes the residual of the held-out shots decides."""
    trainer, steps = train(pool(shots=4, probes=False), settings(**{**FAST, "training__epochs": 4}))
    _, _, report = trainer.result()
    assert report.steps > 0
    for fold in report.folds:
        assert fold.best.residual < fold.untrained.residual
        assert fold.best.separation == -fold.best.residual
    looked = [s for s in steps if s.stage == "fold 1 of 2" and s.residual is not None]
    assert report.folds[0].best.residual == pytest.approx(min(s.residual for s in looked))


def scripted(monkeypatch, figures):
    remaining = iter(figures)

    def look(model, held, config, **_):
        value = next(remaining)
        return HeldOut(value, 1.0 - value)

    monkeypatch.setattr(fitting, "held_out", look)


def test_early_stopping_keeps_the_best_look(monkeypatch, pool, settings):
    """Looks at steps 0, 2, 4, ...: the best is the third, and three worse ones end it."""
    scripted(monkeypatch, [0.5, 0.6, 0.8, 0.7, 0.8, 0.1, 0.9, 0.9])
    config = settings(**{**FAST, "training__epochs": 50, "training__patience": 3})
    fit = Fit(pool(), pool(), config, 0, 100)
    fit.start()
    states = {}
    while not fit.done:
        fit.advance()
        states[fit.number] = {k: v.clone() for k, v in fit.model.state_dict().items()}
    assert (fit.best_step, fit.number, fit.best) == (4, 10, HeldOut(0.8, 1.0 - 0.8))
    final = fit.finish().state_dict()
    assert all(torch.equal(final[k], v) for k, v in states[4].items())
    assert any(not torch.equal(final[k], v) for k, v in states[10].items())


def test_without_held_out_shots_all_steps_are_made(pool, config):
    fit = Fit(pool(), None, config, 0, 7)
    assert fit.start().held is None
    while not fit.done:
        assert fit.advance().held is None
    assert fit.number == 7


def test_every_epoch_sees_every_foreground_token_once(pool, config):
    tokens = pool(shots=2)
    fit = Fit(tokens, None, config, 0, 100)
    per_epoch = total_steps(tokens, config) // config.training.epochs
    seen = []
    for number in range(2 * per_epoch):
        fit.number = number
        batch, foreground = fit._batch()
        assert bool(foreground.all())
        seen.append(batch["rgb"][0])
    everything = tokens.tokens["rgb"][tokens.foreground]
    for epoch in (seen[:per_epoch], seen[per_epoch:]):
        drawn = torch.cat(epoch)
        assert len(drawn) == len(everything)
        torch.testing.assert_close(drawn.sum(dim=1).sort().values, everything.sum(dim=1).sort().values)
    assert not torch.equal(torch.cat(seen[:per_epoch]), torch.cat(seen[per_epoch:]))


def test_the_held_out_shots_are_not_trained_on(pool, config):
    """Residuals in a record do not change when the shot's other views change; the final model does."""
    tokens = pool(shots=3, probes=False)
    trainer, _ = train(tokens, config)
    held = trainer._folds[0].shots
    rotated = {m: t.clone() for m, t in tokens.tokens.items()}
    for t in rotated.values():
        t[torch.isin(tokens.shot, torch.tensor(held)) & ~tokens.upright] *= -5.0
    other, _ = train(replace(tokens, tokens=rotated), config)
    for shot in held:
        for m in ("rgb", "sn"):
            one, two = (t.records[shot].evidence[m].residual for t in (trainer, other))
            np.testing.assert_array_equal(one, two)
    assert not torch.equal(trainer.model.codebook("rgb").keys, other.model.codebook("rgb").keys)


def test_stopping_between_steps_leaves_nothing(pool, config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trainer = Trainer(pool(), config)
    steps = trainer.steps()
    for _ in range(3):
        next(steps)
    steps.close()
    assert trainer.model is None
    assert trainer.records == ()
    with pytest.raises(NotFittedError, match="Training has not ended"):
        trainer.result()
    assert not list(tmp_path.iterdir())


def test_nothing_is_there_before_the_first_step(pool, config):
    with pytest.raises(NotFittedError):
        Trainer(pool(), config).result()


@pytest.mark.parametrize("kind", ["tokens", "parts", "no probes"])
def test_it_goes_on_from_anywhere(pool, settings, kind):
    """Interrupted after every single step, through a file each time: the same model as in one go."""
    parts = {"training__batching": "parts", "training__batch": 2, "training__refine_in_training": True}
    changes = {**FAST, "training__check_every": 1, **(parts if kind == "parts" else {})}
    tokens, config = pool(shots=2, probes=kind != "no probes"), settings(**changes)
    whole, steps = train(tokens, config)
    stages = {s.stage for s in steps}
    assert stages == {"fold 1 of 2", "fold 2 of 2", "all shots"}
    for count in range(len(steps) + 1):
        first = Trainer(tokens, config)
        course = first.steps()
        for _ in range(count):
            next(course)
        state = through_a_file(first.state_dict())
        course.close()
        second = Trainer(tokens, config)
        second.load_state_dict(state)
        rest = list(second.steps())
        assert_same(second, whole)
        assert [(s.stage, s.step) for s in steps[:count]] + [(s.stage, s.step) for s in rest] == [
            (s.stage, s.step) for s in steps
        ]


def test_interrupted_after_each_step(pool, config):
    """As above, but one run is handed on again and again."""
    tokens = pool(shots=2)
    whole, steps = train(tokens, config)
    state, made = None, 0
    while True:
        trainer = Trainer(tokens, config)
        if state is not None:
            trainer.load_state_dict(state)
            state = through_a_file(trainer.state_dict())  # saved again before its first step
            trainer = Trainer(tokens, config)
            trainer.load_state_dict(state)
        course = trainer.steps()
        if next(course, None) is None:
            break
        made += 1
        state = through_a_file(trainer.state_dict())
    assert made == len(steps)
    assert_same(trainer, whole)


def test_a_finished_training_can_be_loaded_too(pool, config):
    tokens = pool(shots=2)
    whole, _ = train(tokens, config)
    again = Trainer(tokens, config)
    again.load_state_dict(through_a_file(whole.state_dict()))
    assert list(again.steps()) == []
    assert_same(again, whole)
    assert again.report.seconds >= whole.report.seconds


def test_the_gates_stay_closed_where_they_do_not_help(monkeypatch, pool, settings):
    """Held-out figures with silent gates are the better ones: the final model has no communication."""
    from pirn_core.training import trainer as training

    tokens, config = pool(shots=2), settings(**FAST)
    for gain, kept in ((0.05, True), (-0.05, False)):
        numbers = iter(np.linspace(0.5, 0.9, 50))
        monkeypatch.setattr(fitting, "held_out", lambda *_, n=numbers, **__: HeldOut(next(n), 0.1))
        monkeypatch.setattr(
            training.Trainer,
            "_silent",
            lambda self, *_, g=gain: HeldOut(self._fit.best.separation - g, 0.1),
        )
        trainer, _ = train(tokens, config)
        model, _, report = trainer.result()
        assert report.steps > 0
        assert report.communication is kept
        assert bool(model.gates()) is kept
