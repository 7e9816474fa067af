"""What crosses threads: jobs go to the engine, events come back; frozen values without tensors."""
