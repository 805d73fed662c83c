"""What the classifier tells apart, of which leads, and what it costs."""
