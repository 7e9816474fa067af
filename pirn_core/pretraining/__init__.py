"""Makes the embedded backbone: a small network distilled from a teacher on freely licensed pictures.

Nothing here is needed to train or run an inspection model; it stays in the project so that the weights in
`resources/backbones` can be made again: `python -m pirn_core.pretraining.train --data DIR --teacher FILE`.
"""
