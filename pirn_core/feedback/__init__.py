"""The way back from a false positive: what confirming a part or a region changes, and what a threshold can promise."""
