"""`pirn info`: the model card."""

from __future__ import annotations

from pirn_core.cli.options import ModelFile
from pirn_core.cli.voice import Voice


def run(voice: Voice, model: ModelFile) -> None:
    """Show what a model was made of, what training was worth, and where its threshold comes from.

    The file is read wholly and checked against its id.
    """
    from pirn_core import checkpoint
    from pirn_core.card import card_of
    from pirn_core.cli.cards import show_card

    checkpoint.load(model)
    card = card_of(checkpoint.read_meta(model))
    show_card(voice, card)
    voice.emit({"model": str(model), **card.to_dict()})
