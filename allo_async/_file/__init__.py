"""The pace and turns of a key for the processes of one machine, in a file that they share."""
