"""Programs that measure: accuracy on real recordings, speed, latency, memory."""
