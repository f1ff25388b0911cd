"""The network, the reducer, the classifier and the phone file."""
