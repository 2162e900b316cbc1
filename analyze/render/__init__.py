"""Pure functions from saved results to text, DOT and SVG."""
