"""The Spark session, and Amazon EMR."""
