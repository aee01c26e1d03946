"""mailseek over HTTP: the same searches and the same answers as the command line."""
