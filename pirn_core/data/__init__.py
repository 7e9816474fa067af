"""From files to samples: layouts, reading, surface geometry, preprocessing."""
