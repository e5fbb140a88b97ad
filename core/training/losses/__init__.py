"""Losses, one file each, found by standing here; a recipe chooses one by `loss` and sets it by `loss_options`.

A file declares a subclass of `core.training.losses.base.Loss`. A loss of your own, for one installation, needs no file here: see own.py.
"""
