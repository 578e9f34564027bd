"""Runs the whole system on one machine: servers, the Kafka→Lambda poller, the front, demo music. Nothing here goes to AWS."""
