"""Faces painted anew: read from a photograph and given another shape (`editor`), looked at vertex by vertex
(`surface`), and drawn (`rasterize`) before what was behind them (`surroundings`).
"""
