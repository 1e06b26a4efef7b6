"""The `allo-async` command: files of leads into dialing queues; the extra `cli`."""
