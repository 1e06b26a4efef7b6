"""Several processes, one key: its pace, its pause and the turns of its queues, wherever those are kept."""
