"""Windows that ask for something and return a value; they change nothing themselves."""
