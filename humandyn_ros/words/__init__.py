"""Words from what is measured: facts of a stretch of motion, sentences, and whether they hold."""
