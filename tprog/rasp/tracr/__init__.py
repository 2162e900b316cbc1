"""RASP as Tracr knows it (Lindner et al., arXiv 2301.05062): `language` and `library`."""
