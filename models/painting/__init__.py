"""Faces painted anew: read from a photograph (`reading`), given a look (`looks`) and a shape (`painter`).

Under it: the head that is painted (`head`, `creases`), where it lies (`posing`), what it looks like at every
vertex (`surface`, `light`), how that becomes pixels (`rasterize`), and what is behind (`surroundings`).
"""
