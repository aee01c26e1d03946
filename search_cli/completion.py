"""`mailseek completion`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command(
    "completion",
    epilog="""\b
Examples:
  mailseek completion bash >> ~/.bashrc
  mailseek completion zsh > ~/.zfunc/_mailseek
  mailseek completion fish > ~/.config/fish/completions/mailseek.fish""",
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> int:
    """Print the completion script for a shell."""
    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(ctx.find_root().command, {}, "mailseek", "_MAILSEEK_COMPLETE").source())
    return 0
