"""Turns a trained network into a Program (extract) and trains it (fit). The only package that imports torch."""
