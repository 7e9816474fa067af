"""The worker threads and what they do. Only here the application meets torch."""
