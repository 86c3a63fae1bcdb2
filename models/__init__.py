"""The networks: what they are, what they learn from, how they are trained, measured and exported."""
