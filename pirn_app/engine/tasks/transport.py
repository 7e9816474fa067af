"""How reconstruction moved the patches of the part in view."""

from __future__ import annotations

from collections.abc import Generator

from pirn_app.engine.bench import key_of
from pirn_app.engine.tools import Tools
from pirn_app.messages.events import Event
from pirn_app.messages.transport import ExplainTransport, TransportExplained, TransportFailed
from pirn_core.errors import SampleError


def explain_transport(job: ExplainTransport, tools: Tools) -> Generator[Event, None, str]:
    """One part; prepared anew only where it was not among the last ones."""
    from pirn_core.batch import prepare_part
    from pirn_core.devices import memory_advice
    from pirn_core.explain import transport
    from pirn_core.learn import content_hash

    inspector, key = tools.bench.inspector, key_of(job.ref, job.unit)
    kept = tools.bench.kept(key)
    with memory_advice("Choose the CPU as device."):
        try:
            if kept is None:
                prepared = prepare_part(inspector, job.ref, job.unit)
                kept = (prepared, content_hash(job.ref) in {shot.sha256 for shot in inspector.model.shots})
                tools.bench.keep(key, *kept)
                tools.check()
        except SampleError as error:
            yield TransportFailed(job.ref.id, error.message, error.advice)
            return ""
        yield TransportExplained(transport.explain_transport(inspector, kept[0]))
    return ""
