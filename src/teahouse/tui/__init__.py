"""A person, or a script, at a terminal: the screen and the small commands. They stand on the client library alone."""
