"""RASP as its authors wrote it (Weiss, Goldberg, Yahav, arXiv 2106.06981): source files ``.rasp``, and a console.

`reading` turns text into `syntax`, `interpreter` runs it and builds expressions, `files` loads a program from a file,
`console` is what a person types into. A source is data of anybody's: everything that it may do is bounded (`bounds`).
"""
