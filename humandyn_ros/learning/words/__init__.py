"""Words for learning: prompts, labels, reasons of a teacher, scores of text."""
