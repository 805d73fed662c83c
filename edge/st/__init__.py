"""What the ST segment, Q, R and T say, read from average beats of the twelve leads."""
