"""Run an experiment: ``python run.py experiment=locomo [system=a,b] [dataset.limit=N] …`` (see README and --help)."""

from eval.command.cli import main

if __name__ == "__main__":
    main()
