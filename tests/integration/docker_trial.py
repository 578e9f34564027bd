"""`make run EMULATOR=localstack-docker` with the `docker` of the path, whatever it is, but for one thing: functions are bundled for
processes of this machine and told its addresses, since as such host-mode LocalStack runs them behind `fake_docker.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from localstack.docker_engine import find_docker
from localstack.docker_localstack import DockerLocalStack
from localstack.localstack_emulator import find_function_python
from localstack.run import ROOT, main


def choose(environ: Mapping[str, str]) -> DockerLocalStack:
    return DockerLocalStack(environ, docker=find_docker(environ), python=find_function_python(ROOT), target="local", on_network=False)


if __name__ == "__main__":
    sys.exit(main(choose))
