"""The version of the tool. A leaf: it imports nothing."""

VERSION = "0.2.0"
