"""Work on whole sets of rows, as SQL."""
