"""S3 beyond what fsspec and Spark know by themselves: settings, jars, errors, left-overs."""
