"""Floor 0: the words and the rules. Pure: no bytes, no socket, no clock, no chance, no await."""
