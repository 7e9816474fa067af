"""What the application knows: parts, shots, results, cursor, look. QtCore only."""
