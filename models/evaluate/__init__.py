"""Measure networks: `python -m models.evaluate MEASURE …`.

Everything runs on ONNX files, by the add-on's own code.
"""
