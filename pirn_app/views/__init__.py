"""The parts of the window. A view reads state, shows it, and asks for jobs; it knows no other view."""
