"""The records of everything that is read from a file, one module per kind of file.

What ships with shapelint is read as it is; what anybody may have written is validated, and raises SchemaError.
"""
