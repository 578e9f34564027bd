"""What runs inside LocalStack's own process when it runs without Docker: it is confined to loopback, and Lambda functions are processes.

LocalStack's package is called `localstack`, as our folder is. So nothing here imports our other modules, modules here import one another
by relative names only, and `start.py` loads the folder under the name `host_localstack`, with our root on no path.
"""
