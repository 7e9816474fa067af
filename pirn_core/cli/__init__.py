"""The command line `pirn`. Commands are thin: what they do lives in modules that the application uses too."""
