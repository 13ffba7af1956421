"""The nodes themselves, written once against the node handle."""
