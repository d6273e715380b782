"""Predictions on disk.

`prediction`  class ids and confidences of finished rectangles
"""
