"""Amazon EMR: what a cluster is given, the stack it runs in, and jobs on it (``kedro emr``)."""
