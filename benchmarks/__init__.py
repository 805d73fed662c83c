"""What it costs, how good it is and how it fails, measured."""
