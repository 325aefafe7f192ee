"""Models in Python files, by static interpretation: nothing of the file is imported, compiled or executed."""
