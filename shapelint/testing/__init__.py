"""What the tests of others use: the pytest plugin. It imports no torch until a test asks for it."""
