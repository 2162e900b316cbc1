MEANINGS: dict[str, str] = {}
