"""The live page: a small web server beside the run, in a thread of its own. What it and the page say is in WIRE.md."""
