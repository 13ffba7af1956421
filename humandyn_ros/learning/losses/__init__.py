"""What each network learns from: named loss terms."""
