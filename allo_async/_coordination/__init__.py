"""One key, several loops, threads and processes: the state that they share, and where it is kept."""
