"""Published collections in their own layouts, brought into that of the project's photographs.

`python -m models.readers NAME ROOT` makes a folder of pictures with `landmarks.csv`, `boxes.csv` or
`rotation.csv`, which `models.label` and `models.evaluate` read like any other. The collections themselves are
their owners' to give: each has terms of its own.
"""
