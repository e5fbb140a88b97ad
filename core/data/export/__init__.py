"""Rows on their way out: a version of a dataset as files that others read and that Bottega reads back without a loss."""
