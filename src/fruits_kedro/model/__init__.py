"""The network, the reducer, the classifier and the file for a phone."""
