"""Examples as a model sees them, from a small child (core.inference.showing) that holds tokenizers only: the web process loads none."""
