"""Personal data in a text: finding it (finders) and putting a mask in its place that keeps the meaning (masking)."""
