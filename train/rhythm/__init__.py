"""What beats and rhythm are learned from: annotated recordings, as the device hears them."""
