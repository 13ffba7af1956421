"""Making and training the networks; needs the extra `train`, which running them does not."""
