"""`amanat disclosure`: hand out records under a court order (article 7), and open what was handed out."""

import typer

app = typer.Typer(no_args_is_help=True, help="Disclose records under a court order; open a bundle.")


@app.callback()
def _disclosure() -> None:
    """Disclose records under a court order; open a bundle."""
