"""`gateway completion`: what a shell needs to complete the command line, made from the parser itself."""

import argparse
from collections.abc import Mapping, Sequence

from gateway.cli.exits import EXIT_STOPPED

NAME = "completion"
HELP = 'print the completion for a shell: eval "$(gateway completion bash)"'

_BASH = """\
_gateway() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} path=gateway i words=
    for ((i = 1; i < COMP_CWORD; i++)); do
        case "$path ${{COMP_WORDS[i]}}" in
            {paths}) path="$path ${{COMP_WORDS[i]}}" ;;
        esac
    done
    case "$path" in
{cases}
    esac
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -o default -F _gateway gateway
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which shell."""
    parser.add_argument("shell", choices=["bash", "zsh"], help="zsh uses bash's completion")


def execute(options: argparse.Namespace) -> int:
    """Print it."""
    words = words_of(options.parser, "gateway")
    paths = "|".join(f'"{path}"' for path in words if path != "gateway")
    cases = "\n".join(
        f'        "{path}") words="{" ".join(found)}" ;;' for path, found in words.items()
    )
    if options.shell == "zsh":
        print("autoload -U +X bashcompinit && bashcompinit")
    print(_BASH.format(paths=paths, cases=cases), end="")
    return EXIT_STOPPED


def words_of(parser: argparse.ArgumentParser, path: str) -> Mapping[str, Sequence[str]]:
    """What may come after each command path: options, commands, choices. Pure."""
    found: dict[str, Sequence[str]] = {}
    here: list[str] = []
    for action in parser._actions:
        here += action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            here += action.choices
            for name, child in action.choices.items():
                found.update(words_of(child, f"{path} {name}"))
        elif action.choices is not None and not action.option_strings:
            here += map(str, action.choices)
    return {path: here, **found}
