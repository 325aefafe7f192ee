"""The pydantic models of everything that is read from a file, one module per kind of file.

A file that does not validate raises pydantic's ValidationError; the caller turns it into a message.
"""
