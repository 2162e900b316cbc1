"""Abstract interpretation: what variables may be, without executing each input."""
