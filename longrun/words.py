"""How commands are described and how mistakes in their options are told: in words of people, not in types of Python."""
from __future__ import annotations

import re

import typer
from typer.core import TyperArgument, TyperCommand

from bundles.programs import why_not
from longrun.failures import UNUSABLE, USAGE, Stop
from longrun.telling import tell_object
from wasm_exec import errors

MISTAKE: type[Exception] = typer.BadParameter.__mro__[1]        # whatever is wrong with the words of a command
SENTENCES = (
    (re.compile(r"Input should be a valid integer.*"), "this is no whole number"),
    (re.compile(r"Input should be a valid number.*"), "this is no number"),
    (re.compile(r"Input should be greater than or equal to (\S+)"), r"it is at least \1"),
    (re.compile(r"Input should be less than or equal to (\S+)"), r"it is at most \1"),
)


class Words(TyperCommand):
    """A command."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]
        for parameter in self.params:
            if isinstance(parameter, TyperArgument):        # its name says enough
                setattr(parameter, "display_type_rich", lambda ctx: None)  # noqa: B010

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as error:
            error.message = in_words(error.message)
            raise

    def invoke(self, ctx: typer.Context) -> object:  # type: ignore[override]
        """What is wrong with a module is said with the name of its file, if it is one."""
        try:
            return super().invoke(ctx)
        except (errors.Malformed, errors.Invalid) as error:
            given = ctx.params.get("program") or ctx.params.get("file")
            if given is None or isinstance(given, list) and len(given) != 1:
                raise
            raise Stop(UNUSABLE, why_not(error, str(given[0] if isinstance(given, list) else given))) from None


class Separated(Words):
    """A command whose arguments of a program stand behind two dashes and nowhere else."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        behind = len(args) - args.index("--") - 1 if "--" in args else 0
        rest = super().parse_args(ctx, args)
        given = list(ctx.params.get("arguments") or ())
        if len(given) > behind and not ctx.resilient_parsing:
            raise Stop(USAGE, f"it is not clear what {given[0]} is", "every program stands behind a --program of its own, the file of the "
                       "proof comes first, and arguments of a run stand behind --")
        return rest


def in_words(message: str) -> str:
    for pattern, words in SENTENCES:
        message = pattern.sub(words, message)
    return message


def complain_of_words(error: Exception, as_json: bool) -> int:
    """How the command is used, on the error stream, and an object on the output where one is asked for. The exit code."""
    if as_json:
        command = getattr(getattr(error, "ctx", None), "command_path", "longrun")
        tell_object(str(getattr(error, "format_message", error.__str__)()), f"{command} --help", USAGE)
    getattr(error, "show", lambda: None)()
    return USAGE
