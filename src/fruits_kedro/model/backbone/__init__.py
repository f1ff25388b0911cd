"""The pretrained network that turns pixels into features: its identity, conversion and engine."""
